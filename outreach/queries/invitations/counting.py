"""How invitees are counted everywhere: each person once, with any number of roles, nominees included. An organisation
whose state takes a seat is not counted itself, because its nominees are.

Use it as `count(condition, …)` in a select over Invitation.
"""

from typing import Any

import sqlalchemy as sa

from outreach.domain.kinds import AnswerSource
from outreach.domain.states import ANSWERED, TAKES_A_SEAT, UNANSWERED, ActivityState, InvitationState
from outreach.models import Activity, AgendaItem, Invitation, agenda_speaker
from outreach.services.reminders.audiences import LETTER_MISSING, PRESENT

# The key by which invitees are counted: a person's id, or an organisation's id as a negative number.
PARTY = sa.func.coalesce(Invitation.person_id, -Invitation.organisation_id)
CAME_UNINVITED = sa.func.coalesce(Invitation.answer_source, "") == AnswerSource.WALK_IN.value
# An organisation takes seats only through its nominees, so it is not counted itself. People who came uninvited are no invitees.
COUNTED = sa.and_(
    sa.or_(Invitation.person_id.is_not(None), Invitation.state.not_in(sorted(TAKES_A_SEAT))), ~CAME_UNINVITED
)
NEVER_ANSWERED = UNANSWERED | {InvitationState.PREPARED}
IS_SILENT = sa.and_(Invitation.state.in_(sorted(UNANSWERED)), ~PRESENT)  # people who have come are not asked any more
CAME_SILENTLY = sa.and_(Invitation.state.in_(sorted(NEVER_ANSWERED)), PRESENT)
# The invitation waits for its signed letter: it has none, and the activity's mails go out only with one.
AWAITS_LETTER = sa.and_(
    Activity.letter_first, Invitation.state == InvitationState.PREPARED, ~CAME_SILENTLY, LETTER_MISSING
)


def is_outdated(activity: Any = Activity) -> sa.ColumnElement[bool]:
    """Return the condition that an answer is to a day before a move, so that it has to be confirmed.

    activity: the invitation's, which the select joins.
    """
    return sa.and_(
        activity.state == ActivityState.PUBLISHED,
        Invitation.state.in_(sorted(ANSWERED - {InvitationState.NOT_COMING})),
        sa.func.coalesce(Invitation.answered_sequence, 0) < activity.sequence,
        ~PRESENT,
    )


def count(*conditions: Any) -> Any:
    """Return the SQL count of invitees that meet the conditions, each counted once per activity."""
    return sa.func.count(sa.distinct(PARTY)).filter(COUNTED, *conditions)


def missed() -> Any:
    """Return the condition that an invitation's person is still needed on stage: they are on the activity's agenda, or
    it has no agenda. A speaker who declined and was removed from the agenda is not missed any more."""
    lines = sa.select(AgendaItem.id).where(AgendaItem.activity_id == Invitation.activity_id).correlate(Invitation)
    stands = (
        sa.select(agenda_speaker.c.person_id)
        .join(AgendaItem, AgendaItem.id == agenda_speaker.c.agenda_item_id)
        .where(AgendaItem.activity_id == Invitation.activity_id, agenda_speaker.c.person_id == Invitation.person_id)
        .correlate(Invitation)
    )
    return sa.or_(sa.exists(stands), ~sa.exists(lines))
