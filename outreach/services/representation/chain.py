"""Store who acts for an invitee: at most one person at a time, and those before stay on record.

Called inside a transaction that has locked the activity. domain/representation.py has the rules, notices.py the mails;
answers/answer.py and answers/acting.py decide what an answer does.
"""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from outreach.delivery import tokens
from outreach.domain.answers import Representative
from outreach.domain.directory import names
from outreach.domain.directory.names import tidy
from outreach.domain.kinds import AnswerSource, NamedBy, NoLongerActing
from outreach.domain.representation import is_same
from outreach.models import ActingPerson, Invitation
from outreach.services.representation import notices

MOST_OF_A_NAME = 160  # letters
TOLD = frozenset({NoLongerActing.REPLACED, NoLongerActing.UNDONE})  # who did not end it themselves hears of it by mail


def name(
    session: Session,
    invitation: Invitation,
    who: Representative,
    source: AnswerSource | None,
    *,
    now: datetime,
    by: NamedBy = NamedBy.INVITEE,
    recorded_by: int | None = None,
) -> ActingPerson:
    """Let somebody act for the invitee. If they act already, only their post, phone and address are corrected.

    An acting person who passes it on (`by`) stays in the chain; one whom the invitee replaces does not.
    """
    acting = invitation.acting
    if acting is not None and is_same(said_of(acting), who):
        _correct(acting, who)
        return acting
    passes_on = acting is not None and by is NamedBy.ACTING
    end(session, invitation, NoLongerActing.PASSED_ON if passes_on else NoLongerActing.REPLACED, now=now)
    new = ActingPerson(
        invitation_id=invitation.id,
        position=acting.position + 1 if acting is not None and passes_on else 1,
        acting=True,
        named_by=NamedBy.STAFF if recorded_by else by,
        named_by_user_id=recorded_by,
        source=source,
        named_at=now,
        nonce=tokens.new_nonce(),
        **_values(who),
    )
    session.add(new)
    session.flush()
    set_committed_value(invitation, "acting", new)
    return new


def end(session: Session, invitation: Invitation, because: NoLongerActing, *, now: datetime) -> ActingPerson | None:
    """Let nobody act for the invitee any more. Return who did."""
    acting = invitation.acting
    if acting is None:
        return None
    acting.acting, acting.ended_at, acting.ended_because = False, now, because
    session.flush()
    set_committed_value(invitation, "acting", None)
    if because in TOLD:
        notices.tell_no_longer_acting(session, invitation, acting, now=now)
    return acting


def act_again(
    session: Session, invitation: Invitation, who: ActingPerson | None, *, now: datetime, by_staff: bool
) -> None:
    """Let somebody act who did before; None: nobody. Who acted since is undone. by_staff: as notices.tell_acting has it."""
    if who is invitation.acting:
        return
    end(session, invitation, NoLongerActing.UNDONE, now=now)
    if who is not None:
        ended = who.ended_because
        who.acting, who.ended_at, who.ended_because = True, None, None
        session.flush()
        set_committed_value(invitation, "acting", who)
        notices.tell_acting_again(session, invitation, ended, now=now, by_staff=by_staff)


def before(session: Session, acting: ActingPerson) -> ActingPerson | None:
    """Return who passed it on to this acting person; None for the first one."""
    if acting.position == 1:
        return None
    earlier = sa.select(ActingPerson).where(
        ActingPerson.invitation_id == acting.invitation_id,
        ActingPerson.position == acting.position - 1,
        ActingPerson.ended_because == NoLongerActing.PASSED_ON,
        ActingPerson.id < acting.id,
    )
    return session.scalars(earlier.order_by(ActingPerson.id.desc()).limit(1)).first()


def copy(session: Session, invitation: Invitation, other: Invitation | None, *, now: datetime) -> None:
    """Let the same person act as for another invitation of the same invitee, at the same place in the chain; None: nobody."""
    acting = other.acting if other is not None else None
    if acting is None:
        end(session, invitation, NoLongerActing.REPLACED, now=now)
        return
    if invitation.acting is not None and not is_same(said_of(invitation.acting), said_of(acting)):
        end(session, invitation, NoLongerActing.REPLACED, now=now)
    copied = name(
        session, invitation, said_of(acting), acting.source, now=now, recorded_by=acting.named_by_user_id,
        by=acting.named_by,
    )  # fmt: skip
    copied.position, copied.confirmed_at = acting.position, acting.confirmed_at


def begin_again(session: Session, invitation: Invitation, *, now: datetime) -> None:
    """Let nobody act for an invitee who is invited again after a withdrawal, of which everybody was told. Who did stays on
    record, as what they sent does.
    """
    acting = invitation.acting
    if acting is not None:
        acting.acting, acting.ended_at, acting.ended_because = False, now, NoLongerActing.REPLACED
        session.flush()
        set_committed_value(invitation, "acting", None)


def said_of(acting: ActingPerson) -> Representative:
    return Representative(acting.name, acting.post, acting.phone, acting.email, acting.rank)


def same_for(mine: Sequence[Invitation], acting: ActingPerson) -> list[Invitation]:
    """Return those of an invitee's invitations for which this person acts: one person with several roles has several."""
    who = said_of(acting)
    return [one for one in mine if one.acting is not None and is_same(said_of(one.acting), who)]


def _correct(acting: ActingPerson, who: Representative) -> None:
    values = _values(who, acting.rank)
    if values["email"].lower() != acting.email.lower():
        acting.nonce = tokens.new_nonce()  # who reads the former address must not answer any more
        acting.confirmed_at = None
    for column, value in values.items():
        setattr(acting, column, value)


def _values(who: Representative, rank_before: str = "") -> dict[str, str]:
    """Return the columns of an acting person. The rank said on its own counts, unless only the name has a new one."""
    in_name, rank = names.rank_of(who.name), tidy(who.rank)
    if in_name and rank in ("", rank_before):
        rank = in_name
    rank = names.rank_of(f"{rank} X") or rank or rank_before
    named = names.with_rank(tidy(who.name), rank)
    return {
        "name": named if len(named) <= MOST_OF_A_NAME else tidy(who.name),
        "post": tidy(who.post),
        "rank": rank,
        "phone": who.phone.strip(),
        "email": who.email.strip(),
    }
