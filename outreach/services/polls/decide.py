"""Turn a slot of a date poll into an activity. One transaction creates it, invites the poll's invitees and publishes it."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime

from sqlalchemy.orm import Session

from outreach.domain.activities.values import ActivityValues
from outreach.domain.kinds import Role
from outreach.domain.polls import Proposed
from outreach.domain.problems import Problem
from outreach.domain.states import PollState
from outreach.models import Activity, DatePoll, PollInvitee, PollSlot, User
from outreach.services import audit, locking
from outreach.services.activities import edit as planning
from outreach.services.activities import publish as publishing
from outreach.services.invitations import add as new_invitations
from outreach.services.planning import checks as plan_checks
from outreach.services.planning import clashes as clashing
from outreach.services.planning.clashes import FoundClashes
from outreach.services.polls.edit import poll_for_change
from outreach.services.polls.projected import as_planned
from outreach.transactions import writing


class AlreadyDecided(Problem):
    message = "A date has been chosen in this poll already, and the activity made. Nothing was made twice."


class NotDecidable(Problem):
    message = "Nobody has been asked yet. Open the poll first, or make the activity without it."


class SlotMissing(Problem):
    message = "This proposed time does not exist any more. Look at the poll again."


class SlotOver(Problem):
    message = "This proposed time has passed. Choose a later one."


def preview(
    poll: DatePoll, slot: PollSlot, at: Proposed, invitee_ids: Collection[int] | None = None, *, now: datetime
) -> FoundClashes:
    """Return the clashes if a slot became the activity, at this time and place. Nothing is written.

    invitee_ids: which of the poll's invitees would be invited; None: all.
    """
    return clashing.preview_new([as_planned(poll, slot, at, _among(poll, invitee_ids))], now=now)


def decide(
    poll_id: int,
    slot_id: int,
    *,
    at: Proposed | None = None,
    invitee_ids: Collection[int] | None = None,
    publish: bool,
    by: User | None,
    now: datetime,
) -> Activity:
    """Make the activity of a slot, invite the poll's invitees in their roles, and publish it at once if `publish`.

    at: time and place, if they differ from the slot's. invitee_ids: the invitees of the poll to invite; None: all. All
    or nothing, and only once. Raise AlreadyDecided on a second call, SlotMissing, SlotOver, NotDecidable, or what
    making, inviting and publishing raise (VenueTaken, SpeakerTaken, OutsideProgramme, PlanBlocked, …).
    """
    with writing() as session:
        poll = poll_for_change(session, poll_id)
        if poll.state is PollState.DECIDED:
            raise AlreadyDecided
        if poll.state is PollState.DRAFT:
            raise NotDecidable
        slot = next((slot for slot in poll.slots if slot.id == slot_id), None)
        if slot is None:
            raise SlotMissing
        at = at or proposed(slot)
        if min(slot.starts_at, at.starts_at) <= now:
            raise SlotOver
        if poll.programme_id is not None:
            locking.lock_programme(session, poll.programme_id)
        [activity] = planning.add_activities(session, [values_of(poll, at)], poll.programme, by, now)
        session.flush()
        wanted = _among(poll, invitee_ids)
        _invite(session, activity, wanted, by, now)
        slot.chosen = True
        poll.state, poll.activity_id = PollState.DECIDED, activity.id  # before the check, which counts poll answers
        plan_checks.refuse_blocking(session, [activity.id], now=now)
        if publish:
            publishing.publish_in(session, [activity.id], by=by, now=now)
        audit.record(
            session, by, "date_poll.decided", poll, now=now, activity=activity.title,
            starts_at=at.starts_at.isoformat(), invited=len(wanted),
        )  # fmt: skip
    return activity


def proposed(slot: PollSlot) -> Proposed:
    """Return the time and place that a slot proposes."""
    return Proposed(slot.starts_at, slot.ends_at, slot.venue_id)


def values_of(poll: DatePoll, at: Proposed) -> ActivityValues:
    """Return the values of the activity that the poll would make at this time and place."""
    return ActivityValues(
        kind=poll.kind,
        title=poll.title,
        public_title=poll.public_title,
        starts_at=at.starts_at,
        ends_at=at.ends_at,
        zone=poll.zone,
        venue_id=at.venue_id,
        region_code=poll.region_code,
    )


def _among(poll: DatePoll, invitee_ids: Collection[int] | None) -> list[PollInvitee]:
    return [invitee for invitee in poll.invitees if invitee_ids is None or invitee.id in invitee_ids]


def _invite(
    session: Session, activity: Activity, wanted: Collection[PollInvitee], by: User | None, now: datetime
) -> None:
    people: dict[Role, list[int]] = defaultdict(list)
    quotas: dict[int, int] = {}
    for invitee in wanted:
        if invitee.person_id is not None:
            people[invitee.role].append(invitee.person_id)
        elif invitee.organisation_id is not None:
            quotas[invitee.organisation_id] = invitee.quota or 1
    for role, person_ids in people.items():
        added = new_invitations.add_people(session, [activity], person_ids, role, now=now)
        new_invitations.audited(session, [activity], added, role, by, now)
    if quotas:
        added = new_invitations.add_organisations(session, [activity], quotas, now=now)
        new_invitations.audited(session, [activity], added, Role.PARTICIPANT, by, now)
