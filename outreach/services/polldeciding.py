"""Turning a slot of a date poll into the activity: in one transaction it is made, those asked are invited, and told."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime

from sqlalchemy.orm import Session

from outreach.domain.kinds import Role
from outreach.domain.problems import Problem
from outreach.domain.states import PollState
from outreach.extensions import writing
from outreach.models import Activity, DatePoll, PollInvitee, PollSlot, User
from outreach.services import audit, newinvitations, planchecks, planning, publishing
from outreach.services.planning import ActivityValues
from outreach.services.polls import poll_for_change


class AlreadyDecided(Problem):
    message = "A date has been chosen in this poll already, and the activity made. Nothing was made twice."


class NotDecidable(Problem):
    message = "Nobody has been asked yet. Open the poll first, or make the activity without it."


class SlotMissing(Problem):
    message = "This proposed time does not exist any more. Look at the poll again."


class SlotOver(Problem):
    message = "This proposed time has passed. Choose a later one."


def decide(
    poll_id: int,
    slot_id: int,
    *,
    invitee_ids: Collection[int] | None = None,
    publish: bool,
    by: User | None,
    now: datetime,
) -> Activity:
    """Make the activity of a slot, invite those asked in their roles, and publish it at once if `publish`.

    invitee_ids: which of those asked are invited; None: all. All or nothing, and once: raise AlreadyDecided to whoever
    comes second, else SlotMissing, SlotOver, NotDecidable, or what making, inviting and publishing raise (VenueTaken,
    SpeakerTaken, OutsideProgramme, PlanBlocked, …).
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
        if slot.starts_at <= now:
            raise SlotOver
        activity = planning.add_activity(session, values_of(poll, slot), poll.programme, by, now)
        session.flush()
        wanted = [one for one in poll.invitees if invitee_ids is None or one.id in invitee_ids]
        _invite(session, activity, wanted, by, now)
        planchecks.refuse_blocking(session, [activity.id], now=now)
        if publish:
            publishing.publish_in(session, [activity.id], by=by, now=now)
        slot.chosen = True
        poll.state, poll.activity_id = PollState.DECIDED, activity.id
        audit.record(
            session, by, "date_poll.decided", poll, now=now, activity=activity.title,
            starts_at=slot.starts_at.isoformat(), invited=len(wanted),
        )  # fmt: skip
    return activity


def values_of(poll: DatePoll, slot: PollSlot) -> ActivityValues:
    """Return the activity that a slot would become."""
    return ActivityValues(
        kind=poll.kind,
        title=poll.title,
        public_title=poll.public_title,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        zone=poll.zone,
        venue_id=slot.venue_id,
        region_code=poll.region_code,
    )


def _invite(
    session: Session, activity: Activity, wanted: Collection[PollInvitee], by: User | None, now: datetime
) -> None:
    people: dict[Role, list[int]] = defaultdict(list)
    quotas: dict[int, int] = {}
    for one in wanted:
        if one.person_id is not None:
            people[one.role].append(one.person_id)
        elif one.organisation_id is not None:
            quotas[one.organisation_id] = one.quota or 1
    for role, person_ids in people.items():
        added = newinvitations.add_people(session, [activity], person_ids, role, now=now)
        newinvitations.audited(session, [activity], added, role, by, now)
    if quotas:
        added = newinvitations.add_organisations(session, [activity], quotas, now=now)
        newinvitations.audited(session, [activity], added, Role.PARTICIPANT, by, now)
