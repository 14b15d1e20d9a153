"""An activity whose cadres have no e-mail: a list of six people to call, of whom some were called already.

And a ladder for the speakers: when the demo begins, its first rungs are climbed and the call is still ahead.
"""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta

import sqlalchemy as sa

from outreach.cli.demo.programme import JAKARTA, Cast, local
from outreach.domain.activities.values import ActivityValues
from outreach.domain.calls import CallOutcome
from outreach.domain.kinds import ActivityKind, CadreKind, Role
from outreach.domain.ladder.rungs import LadderName, RungKind, RungRule, RungTiming
from outreach.domain.planning.working_days import working_days
from outreach.extensions import db
from outreach.models import Cadre, Invitation, Person
from outreach.services.activities import edit as planning
from outreach.services.activities import publish as publishing
from outreach.services.calls import record as recording
from outreach.services.calls.callee import CalleeKey
from outreach.services.calls.record import CallResult
from outreach.services.invitations import invite as inviting
from outreach.services.ladder import edit

TITLE = "Pertemuan kader Posyandu"
PEOPLE = 6
QUESTION = "Apakah boleh membawa anak balita?"


SPEAKERS = (
    RungRule(RungKind.MAIL, RungTiming.AFTER_INVITATION, 1, time(9, 0)),
    RungRule(RungKind.ASSISTANT, RungTiming.AFTER_INVITATION, 2, time(9, 0)),
    RungRule(RungKind.LAST_CALL, RungTiming.BEFORE_START, 6, time(9, 0)),
    RungRule(RungKind.CALL, RungTiming.BEFORE_START, 5, time(9, 0)),
    RungRule(RungKind.SUBSTITUTES, RungTiming.BEFORE_START, 4, time(9, 0)),
)


def set_up_ladder(cast: Cast, *, now: datetime) -> None:
    """Switch the speakers' ladder on."""
    edit.save(LadderName.SPEAKERS, SPEAKERS, by=cast.coordinator, now=now)


def plan_calls(cast: Cast, today: date, holidays: Mapping[date, str], *, now: datetime) -> int:
    """Publish the meeting, with six cadres whom no mail reaches. Return its id."""
    day = working_days(today + timedelta(days=5), 1, holidays)[0]
    activity = planning.create_activity(
        ActivityValues(
            kind=ActivityKind.GUIDANCE, title=TITLE, public_title=TITLE, starts_at=local(day, time(15, 30)),
            ends_at=local(day, time(17, 0)), zone=JAKARTA, respond_by_at=local(day, time(9, 0)),
        ),
        by=cast.coordinator,
        now=now,
    )  # fmt: skip
    cadres = (
        sa.select(Person.id)
        .where(Person.id.in_(sa.select(Cadre.person_id).where(Cadre.kind == CadreKind.POSYANDU, Cadre.active)))
        .where(Person.email == "", Person.phone != "")
        .order_by(Person.id)
        .limit(PEOPLE)
    )
    chosen = list(db.session.scalars(cadres))
    inviting.invite_people([activity.id], chosen, Role.CADRE, by=cast.coordinator, now=now)
    publishing.publish([activity.id], by=cast.coordinator, now=now)
    return activity.id


def make_calls(cast: Cast, activity_id: int, *, now: datetime) -> None:
    """Call four of the six within the last hour: one did not pick up, one wants another time, one asks, one has a text."""
    invitations = db.session.scalars(
        sa.select(Invitation).where(Invitation.activity_id == activity_id).order_by(Invitation.id)
    ).all()
    people = [(CalleeKey("person", one.person_id), one.id) for one in invitations if one.person_id]
    by = cast.coordinator
    results = (
        (CallOutcome.NO_ANSWER, "", None),
        (CallOutcome.AGAIN, "", now + timedelta(hours=1)),
        (CallOutcome.QUESTION, QUESTION, None),
    )
    for number, ((callee, invitation_id), (outcome, note, again_at)) in enumerate(zip(people, results, strict=False)):
        at = now - timedelta(minutes=40 - 10 * number)
        recording.record(callee, CallResult(outcome, [invitation_id], note, again_at), by=by, now=at)
    if len(people) > len(results):
        callee, invitation_id = people[len(results)]
        recording.whatsapp_opened(callee, [invitation_id], by=by, now=now - timedelta(minutes=5))
