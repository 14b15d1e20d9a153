"""What people do in tests: the office invites, publishes and moves, invitees answer. Each action is one call of a service.

`by` is the coordinator who does it; None is the product itself. `now` is the instant at which it is done.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Barrier

import sqlalchemy as sa

from outreach import clock
from outreach.delivery.tokens import link_for
from outreach.domain.activities.values import Move
from outreach.domain.answers import Choice, Representative
from outreach.domain.kinds import AnswerSource, Role
from outreach.domain.planning.rules import ClashKind, Severity
from outreach.domain.states import InvitationState
from outreach.extensions import db
from outreach.models import Activity, Invitation, Organisation, Person, User
from outreach.services.activities import move as moves
from outreach.services.activities import publish as publishing
from outreach.services.answers import record as recording
from outreach.services.invitations import invite as inviting
from outreach.services.office import planning_rules as office_planning_rules
from outreach.services.planning import rules as planning_rules
from outreach.services.reminders import rules
from outreach.services.reminders import tick as reminding
from tests.world.days import NOW, at
from tests.world.records import draft_activity
from tests.world.stored import invitation_of

Activities = Activity | Sequence[Activity]


def _ids(activities: Activities) -> list[int]:
    return [activities.id] if isinstance(activities, Activity) else [activity.id for activity in activities]


def invite(
    activities: Activities, *people: Person, role: Role = Role.CADRE, by: User | None = None, now: datetime = NOW
) -> None:
    """Invite people to an activity, or to several."""
    inviting.invite_people(_ids(activities), [person.id for person in people], role, by=by, now=now)


def invite_organisation(
    activities: Activities, organisation: Organisation, *, seats: int = 2, by: User | None = None, now: datetime = NOW
) -> None:
    """Invite an organisation to an activity, or to several."""
    inviting.invite_organisations(_ids(activities), {organisation.id: seats}, by=by, now=now)


def publish(*activities: Activity, by: User | None = None, now: datetime = NOW, tick: bool = True) -> None:
    """Publish activities, and let what is due at once become due. tick: False leaves that to a later tick."""
    publishing.publish(_ids(activities), by=by, now=now)
    if tick:
        reminding.tick(now)


def invite_and_publish(
    activity: Activity, *people: Person, role: Role = Role.CADRE, by: User | None = None, now: datetime = NOW
) -> Activity:
    """Invite people to an activity and publish it: their mails are due. Return the activity."""
    invite(activity, *people, role=role, by=by, now=now)
    publish(activity, by=by, now=now)
    return activity


def invite_many(count: int, *, now: datetime | None = None, tick: bool = True) -> list[str]:
    """Invite people to an activity next month; return their addresses. Their mails are due after a tick.

    now: by default, what Outreach's clock shows.
    """
    now = now or clock.now()
    rules.install_defaults(now=now)
    starts_at = now.replace(microsecond=0) + timedelta(days=30)
    activity = draft_activity(
        None, None, starts_at=starts_at, ends_at=starts_at + timedelta(hours=2), registration_at=None,
        respond_by_at=starts_at - timedelta(days=2),
    )  # fmt: skip
    people = [Person(name=f"Warga{number}", email=f"warga{number}@example.com") for number in range(count)]
    db.session.add_all(people)
    db.session.commit()
    addresses = sorted(person.email for person in people)
    invite(activity, *people, now=now)
    publish(activity, now=now, tick=tick)
    db.session.remove()
    return addresses


def give_link(*invitees: Person | Organisation) -> None:
    """Give answer links, until 28 January 2027, to people or organisations that nobody has invited."""
    for invitee in invitees:
        link_for(db.session(), invitee, expires_at=at(28))
    db.session.commit()


def mark_as_invited(*conditions: sa.ColumnExpressionArgument[bool], now: datetime = NOW) -> None:
    """Mark invitations as received, as sending their mails does. conditions: of which invitations; without one, of all."""
    received = {"state": InvitationState.INVITED, "invited_at": now}
    db.session.execute(sa.update(Invitation).where(*conditions).values(received))
    db.session.commit()


def set_state(activity: Activity, state: InvitationState, *invitees: Person | Organisation) -> None:
    """Give invitations a state, as a service would, without what else it does."""
    for invitee in invitees:
        invitation_of(activity, invitee).state = state
        db.session.commit()


def answer(
    activity: Activity,
    invitee: Person | Organisation,
    choice: Choice,
    now: datetime = NOW,
    representative: Representative | None = None,
) -> None:
    """Record an answer given by phone."""
    recording.record_answer(
        invitation_of(activity, invitee).id, choice, AnswerSource.PHONE, representative, by=None, now=now
    )


def move(
    activity: Activity,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    *,
    venue_id: int | None = None,
    now: datetime = NOW,
) -> None:
    """Give an activity another time or place, with a reason. None keeps what it has."""
    to = Move(
        starts_at or activity.starts_at, ends_at or activity.ends_at, activity.zone, venue_id or activity.venue_id
    )
    moves.move(activity.id, to, "alasan", None, by=None, now=now)


def set_severities(**severities: Severity) -> None:
    """Set the severity of these kinds of clashes; all others get the severity of a new office."""
    chosen = {ClashKind(name): severity for name, severity in severities.items()}
    office_planning_rules.save(replace(planning_rules.values(), severities=chosen), by=None, now=NOW)


def set_severity(kind: ClashKind, severity: Severity) -> None:
    """Set the severity of one kind of clashes; all others keep theirs."""
    values = planning_rules.values()
    chosen = {**values.severities, kind: severity}
    office_planning_rules.save(replace(values, severities=chosen), by=None, now=NOW)


def at_once(app, actions: list[Callable[[], object]]) -> list[str]:
    """Run the actions at the same moment, each in its own thread and context; return each outcome by name."""
    barrier = Barrier(len(actions))

    def run(action: Callable[[], object]) -> str:
        with app.app_context():
            barrier.wait()
            try:
                action()
            except Exception as error:
                return type(error).__name__
            finally:
                db.session.remove()
            return "done"

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(run, actions))


def somebody_writes() -> None:
    """Let somebody else write at this moment, without waiting. It fails if a writing transaction is open on SQLite."""
    with db.engine.connect() as other:
        if other.dialect.name == "sqlite":
            other.exec_driver_sql("PRAGMA busy_timeout = 0")
        other.execute(sa.text("UPDATE office SET phone = '0725-41234'"))
        other.commit()
        other.invalidate()  # so that no later test waits as little
