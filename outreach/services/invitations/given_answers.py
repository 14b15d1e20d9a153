"""Keep each answer for the history of an invitation: who gave it, when, by which way, and what it made of the invitation.

A kept answer is never changed by a later one; answers/decline.py only adds the reason to it. The invitation itself has the
present answer, and answers/before.py keeps for a day what undoing needs.
"""

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.kinds import AnswerSource, GivenKind
from outreach.domain.states import InvitationState
from outreach.models import ActingPerson, GivenAnswer, IncomingMail, Invitation, User
from outreach.models.invitations import IS_LATEST_GIVEN


def keep(
    session: Session,
    invitations: Iterable[Invitation],
    source: AnswerSource | None,
    now: datetime,
    *,
    recorded_by: int | None = None,
    acting: ActingPerson | None = None,
    said: InvitationState | None = None,
    in_mail: int | None = None,
) -> None:
    """Keep the present answer of these invitations, in the transaction that wrote it.

    recorded_by: the account of whoever recorded it. acting: the acting person, if they gave it. said: what they said, where
    the invitation's state does not say it. in_mail: the id of the mail in which it came.
    """
    session.flush()
    # A mail that is deleted meanwhile is refused at the end, by who marks it as handled: everything falls then.
    letter = session.get(IncomingMail, in_mail) if in_mail else None
    for one in invitations:
        new = _row(one, GivenKind.ANSWERED, now, source, recorded_by)
        new.device, new.note = one.answer_device or "", one.answer_note or ""
        new.incoming_mail_id = letter.id if letter else None
        new.acting_id, new.state = acting.id if acting else None, said or one.state
        session.add(new)
    session.flush()


def note_staff(session: Session, invitations: Iterable[Invitation], staff: User | None, now: datetime) -> None:
    """Note that an account was signed in where these answers, or their undoing, were given just now by a link.

    staff: None if nobody was. Nominees who were named in the same moment were named by it, too.
    """
    if staff is None:
        return
    session.flush()
    every = [one for invitation in invitations for one in (invitation, *invitation.nominees)]
    for one in every:
        if one.answered_at == now:
            one.answer_recorded_by_id = staff.id
    just_now = (GivenAnswer.given_at == now, GivenAnswer.recorded_by_id.is_(None), IS_LATEST_GIVEN)
    its = GivenAnswer.invitation_id.in_([one.id for one in every])
    for given in session.scalars(sa.select(GivenAnswer).where(its, *just_now)):
        given.recorded_by_id = staff.id


def keep_undone(
    session: Session,
    invitations: Iterable[Invitation],
    source: AnswerSource | None,
    now: datetime,
    *,
    recorded_by: int | None = None,
) -> None:
    """Keep that an answer was undone: the invitations have the answer before again, with the reason that was given for it."""
    session.flush()
    for one in invitations:
        new = _row(one, GivenKind.UNDONE, now, source, recorded_by)
        restored = _given_at(session, one)
        if restored is not None:
            new.note, new.reason, new.wished_on = restored.note, restored.reason, restored.wished_on
            new.reason_at = restored.reason_at
        session.add(new)
    session.flush()


def keep_seated(session: Session, invitations: Iterable[Invitation], now: datetime) -> None:
    """Keep that these invitees on the waiting list got a seat."""
    session.flush()
    session.add_all(_row(one, GivenKind.SEATED, now) for one in invitations)
    session.flush()


def _row(
    one: Invitation, kind: GivenKind, now: datetime, source: AnswerSource | None = None, recorded_by: int | None = None
) -> GivenAnswer:
    named = None
    if one.organisation_id is not None and one.state is InvitationState.COMING:
        named = sum(nominee.state is not InvitationState.WITHDRAWN for nominee in one.nominees)
    return GivenAnswer(
        invitation_id=one.id, person_id=one.person_id, given_at=now, kind=kind, state=one.state,
        source=source, recorded_by_id=recorded_by, named=named, device="", note="", reason="",
    )  # fmt: skip


def of_holder(session: Session, one: Invitation) -> GivenAnswer | None:
    """Return the kept answer that an invitation to a post has again, after it came back to the holder who gave it."""
    found = sa.select(GivenAnswer).where(
        GivenAnswer.invitation_id == one.id,
        GivenAnswer.person_id == one.person_id,
        GivenAnswer.given_at == one.answered_at,
        GivenAnswer.kind == GivenKind.ANSWERED,
    )
    return session.scalars(found.order_by(GivenAnswer.id.desc()).limit(1)).first()


def _given_at(session: Session, one: Invitation) -> GivenAnswer | None:
    """Return the kept answer that an invitation has again."""
    found = sa.select(GivenAnswer).where(
        GivenAnswer.invitation_id == one.id, GivenAnswer.given_at == one.answered_at, GivenAnswer.state == one.state
    )
    return session.scalars(found.order_by(GivenAnswer.id.desc()).limit(1)).first()
