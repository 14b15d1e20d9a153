"""Why an invitee does not come, and which day would suit: said by their link after they declined.

The answer itself is recorded before, by answer.py, so that nobody has to give a reason to be heard. A later answer makes
the reason void: `of` returns only what was said about the present one.
"""

from collections.abc import Collection
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.directory.names import tidy
from outreach.domain.kinds import ON_STAGE
from outreach.domain.problems import Problem
from outreach.domain.states import ActivityState, InvitationState
from outreach.models import GivenAnswer, Invitation, User
from outreach.services.answers.answer import NothingToAnswer, tell_log
from outreach.services.invitations import links
from outreach.services.locking import present_for_change
from outreach.transactions import writing

MOST_LETTERS = 300
LATEST = timedelta(days=730)


class NotDeclined(Problem):
    message = "You have not answered that you do not come, so there is nothing to explain."


class ReasonTooLong(Problem):
    message = "This is longer than %(longest)d characters. Please shorten it."
    field = "reason"


class WishedDayUnusable(Problem):
    message = "Please choose a day from today on, within two years."
    field = "wished_on"


class DayNotAsked(Problem):
    message = "Only speakers and organisations can wish another day."
    field = "wished_on"


def may_wish(mine: Collection[Invitation]) -> bool:
    """Return whether another day is asked of this invitee: those whom the activity may wait for."""
    return any(one.organisation_id is not None or one.role in ON_STAGE for one in mine)


def explain(
    token: str,
    activity_id: int,
    reason: str,
    wished_on: date | None = None,
    *,
    now: datetime,
    staff: User | None = None,
) -> None:
    """Store why the link's invitee does not come, and the day that they wish; both empty takes it back.

    staff: the account that is signed in where the link was used. Raise a link's problem, NothingToAnswer, NotDeclined,
    ReasonTooLong, WishedDayUnusable or DayNotAsked.
    """
    reason = tidy(reason)
    if len(reason) > MOST_LETTERS:
        raise ReasonTooLong(longest=MOST_LETTERS)
    with writing() as session:
        activity = present_for_change(session, [activity_id]).get(activity_id)
        link = links.use_link(token, now=now)
        mine = declined(session, link.person_id, link.organisation_id, activity_id)
        if activity is None or not mine:
            raise NothingToAnswer
        over = activity.state is not ActivityState.POSTPONED and now >= activity.ends_at
        if over or any(one.state is not InvitationState.NOT_COMING for one in mine):
            raise NotDeclined
        if wished_on is not None:
            if not may_wish(mine):
                raise DayNotAsked
            today = now.astimezone(activity.zone).date()
            if not today <= wished_on <= today + LATEST:
                raise WishedDayUnusable
        said = bool(reason or wished_on)
        changes = {"reason": reason, "wished_on": wished_on, "reason_at": now if said else None}
        latest = sa.select(sa.func.max(GivenAnswer.id)).where(GivenAnswer.invitation_id.in_([one.id for one in mine]))
        session.execute(
            sa.update(GivenAnswer)
            .where(GivenAnswer.id.in_(latest.group_by(GivenAnswer.invitation_id)))
            .values(changes)
            .execution_options(synchronize_session="fetch")
        )
        if staff is not None:
            tell_log(session, mine[0], staff, "declined_because_by_link", now)


def declined(
    session: Session, person_id: int | None, organisation_id: int | None, activity_id: int
) -> list[Invitation]:
    """Return an invitee's invitations to an activity that still stand."""
    whose = Invitation.person_id == person_id if person_id else Invitation.organisation_id == organisation_id
    return list(
        session.scalars(
            sa.select(Invitation)
            .where(
                whose,
                Invitation.activity_id == activity_id,
                Invitation.state.not_in((InvitationState.PREPARED, InvitationState.WITHDRAWN)),
            )
            .order_by(Invitation.id)
        )
    )


def of(session: Session, invitation_ids: Collection[int]) -> dict[int, GivenAnswer]:
    """Return the present answers for which a reason was given, by invitation."""
    found = session.scalars(
        sa.select(GivenAnswer)
        .select_from(Invitation)
        .join(Invitation.declined)
        .where(Invitation.id.in_(invitation_ids))
    )
    return {one.invitation_id: one for one in found}
