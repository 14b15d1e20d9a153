"""What an invitee's last answer by link replaced, and what the last answer replaced that staff recorded. It is kept for a day,
so that the answer can be undone.

services/answers/undo.py restores it; services/polls/answer.py does the same for a date poll. Only the last answer is kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach import codec
from outreach.domain.answers import BY_LINK, Representative
from outreach.domain.kinds import AnswerSource, PollChoice
from outreach.domain.states import InvitationState
from outreach.models import ActingPerson, AnswerBefore, Invitation, Link, RecordedBefore
from outreach.services.representation import chain
from outreach.transactions import insert_into, writing

OFFERED_FOR = timedelta(days=1)


@dataclass(frozen=True)
class PersonBefore:
    """A nominee's data, which an organisation may correct together with its answer."""

    name: str
    post: str
    phone: str
    email: str
    title_before: str | None = None  # with a rank; None where it was not kept yet


@dataclass(frozen=True)
class InvitationBefore:
    id: int
    state: InvitationState
    answered_at: datetime | None
    answered_sequence: int | None
    answer_source: AnswerSource | None
    answer_recorded_by_id: int | None
    answer_note: str
    waitlisted_at: datetime | None
    representative_name: str
    representative_post: str
    representative_phone: str
    representative_email: str
    person: PersonBefore | None = None
    acting_id: int | None = None  # who acted
    answer_device: str = ""
    representative_rank: str = ""

    def restore(self, session: Session, invitation: Invitation, now: datetime, *, by_staff: bool) -> None:
        for column in ANSWER_COLUMNS:
            setattr(invitation, column, getattr(self, column))
        invitation.answer_replaced = None
        chain.act_again(session, invitation, session.get(ActingPerson, self.acting_id or 0), now=now, by_staff=by_staff)
        if self.representative_name:
            who = Representative(**{part: getattr(self, f"representative_{part}") for part in REPRESENTATIVE})
            recorded_by = None if self.answer_source in BY_LINK else self.answer_recorded_by_id
            chain.name(session, invitation, who, self.answer_source, now=now, recorded_by=recorded_by)


REPRESENTATIVE = ("name", "post", "phone", "email", "rank")
OF_THE_CHAIN = tuple(f"representative_{part}" for part in REPRESENTATIVE)
ANSWER_COLUMNS = tuple(
    name for name in InvitationBefore.__dataclass_fields__ if name not in ("id", "person", "acting_id", *OF_THE_CHAIN)
)


@dataclass(frozen=True)
class ActivityBefore:
    """An invitee's invitations to one activity, with an organisation's nominees. since: when the new answer was given.

    stayed: the ids of the nominees on the new list. If one of them is withdrawn, somebody else has done that since.
    """

    activity_id: int
    since: datetime
    mine: tuple[InvitationBefore, ...]
    nominees: tuple[InvitationBefore, ...] = ()
    stayed: tuple[int, ...] = ()

    @property
    def said(self) -> tuple[object, ...]:
        """Return what the invitee said, without when and how."""
        mine = [
            (one.state, one.representative_name, one.representative_post, one.representative_rank) for one in self.mine
        ]
        reached = [(invitation.representative_phone, invitation.representative_email) for invitation in self.mine]
        return (*mine, *reached, *((nominee.id, nominee.person) for nominee in self.nominees))


@dataclass(frozen=True)
class PollBefore:
    """An invitee's answer to a date poll. since: when the new answer was given. choices: by slot id."""

    poll_id: int
    since: datetime
    answered_at: datetime | None
    answer_source: AnswerSource | None
    answer_recorded_by_id: int | None
    answered_by: str
    note: str
    choices: tuple[tuple[int, PollChoice], ...]

    @property
    def said(self) -> tuple[object, ...]:
        """Return what the invitee said, without when and how."""
        return sorted(self.choices), self.answered_by, self.note


@dataclass(frozen=True)
class Before:
    activities: tuple[ActivityBefore, ...] = ()
    poll: PollBefore | None = None


@dataclass(frozen=True)
class KeptAnswers:
    """What is kept for undoing. made_at: when the answer was given that undoing would replace."""

    made_at: datetime
    before: Before


def state_of(mine: Sequence[Invitation], now: datetime) -> ActivityBefore:
    """Return the present answer. mine: all invitations of one invitee to one activity."""
    lists = [invitation.nominees for invitation in mine if invitation.organisation_id is not None]
    nominees = [n for named in lists for n in named if n.state is not InvitationState.WITHDRAWN]
    nominees.sort(key=lambda one: (one.list_position, one.id))
    return ActivityBefore(
        mine[0].activity_id,
        now,
        tuple(map(_kept, mine)),
        tuple(_kept(nominee, with_person=True) for nominee in nominees),
    )


def remember(session: Session, link: Link, replaced: Sequence[tuple[ActivityBefore, ActivityBefore]]) -> None:
    """Keep what an answer replaced, at the end of the caller's transaction. replaced: (before, after) for each
    activity.

    If the same answer comes twice, as by a double tap, what the first one replaced stays kept.
    """
    changed = [
        replace(before, stayed=tuple(nominee.id for nominee in after.nominees))
        for before, after in replaced
        if before.said != after.said
    ]
    if changed:
        keep(session, link, Before(activities=tuple(changed)), changed[0].since)
        return
    row = session.execute(sa.select(AnswerBefore.before).where(AnswerBefore.link_id == link.id)).first()
    if row is None:
        return
    since = {before.activity_id: before.since for before, _after in replaced}
    first = codec.from_json(Before, row.before)
    again = tuple(
        replace(answered, since=since.get(answered.activity_id, answered.since)) for answered in first.activities
    )
    changes = {"before": codec.to_json(replace(first, activities=again))}
    session.execute(sa.update(AnswerBefore).where(AnswerBefore.link_id == link.id).values(changes))


def remember_poll(session: Session, link: Link, before: PollBefore, after: PollBefore) -> None:
    """Keep what an answer to a poll replaced, as `remember` does."""
    if before.said != after.said:
        keep(session, link, Before(poll=before), before.since)
        return
    row = session.execute(sa.select(AnswerBefore.before).where(AnswerBefore.link_id == link.id)).first()
    first = codec.from_json(Before, row.before).poll if row else None
    if first is not None and first.poll_id == before.poll_id:
        changes = {"before": codec.to_json(Before(poll=replace(first, since=before.since)))}
        session.execute(sa.update(AnswerBefore).where(AnswerBefore.link_id == link.id).values(changes))


def keep(session: Session, link: Link, before: Before, now: datetime) -> None:
    """Keep what an answer replaced, in place of what was kept, at the end of the caller's transaction."""
    new = {"made_at": now, "before": codec.to_json(before)}
    statement = insert_into(session, AnswerBefore).values(link_id=link.id, **new)
    session.execute(statement.on_conflict_do_update(index_elements=["link_id"], set_=new))


def kept(session: Session, link_id: int, *, now: datetime) -> KeptAnswers | None:
    """Return what can be restored; None if nothing was answered for a day."""
    row = session.execute(
        sa.select(AnswerBefore.made_at, AnswerBefore.before).where(
            AnswerBefore.link_id == link_id, AnswerBefore.made_at > now - OFFERED_FOR
        )
    ).first()
    return KeptAnswers(row.made_at, codec.from_json(Before, row.before)) if row else None


def remember_recorded(session: Session, invitation: Invitation, before: ActivityBefore, after: ActivityBefore) -> None:
    """Keep what an answer replaced that staff recorded, at the end of the caller's transaction.

    If the same answer is recorded twice, as by a double tap, what the first one replaced stays kept.
    """
    since = before.since
    first = recorded(session, before.mine, now=since)
    if first is not None and before.said == after.said and first.since == before.mine[0].answered_at:
        kept_now = replace(first, since=since)
    else:
        kept_now = replace(before, stayed=tuple(nominee.id for nominee in after.nominees))
    forget_recorded(session, before.mine)
    row = {"made_at": since, "before": codec.to_json(kept_now)}
    session.execute(insert_into(session, RecordedBefore).values(invitation_id=invitation.id, **row))


def recorded(
    session: Session, mine: Sequence[Invitation | InvitationBefore], *, now: datetime
) -> ActivityBefore | None:
    """Return what the last recorded answer replaced; None if staff recorded none for a day. mine: of one invitee."""
    found = session.scalar(
        sa.select(RecordedBefore.before)
        .where(RecordedBefore.invitation_id.in_([one.id for one in mine]), RecordedBefore.made_at > now - OFFERED_FOR)
        .order_by(RecordedBefore.made_at.desc())
        .limit(1)
    )
    return codec.from_json(ActivityBefore, found) if found else None


def forget_recorded(session: Session, mine: Sequence[Invitation | InvitationBefore]) -> None:
    ids = [one.id for one in mine]
    session.execute(sa.delete(RecordedBefore).where(RecordedBefore.invitation_id.in_(ids)))


def claim(session: Session, link_id: int, one: KeptAnswers) -> bool:
    """Delete what is about to be restored, so that it is restored only once.

    Return False if it is gone, or if another answer came.
    """
    mine = sa.delete(AnswerBefore).where(AnswerBefore.link_id == link_id, AnswerBefore.made_at == one.made_at)
    return int(getattr(session.execute(mine), "rowcount", 0)) == 1


def delete_old(now: datetime) -> int:
    """Delete what can no longer be undone. Return how many."""
    deleted = 0
    with writing() as session:
        for kind in (AnswerBefore, RecordedBefore):
            done = session.execute(sa.delete(kind).where(kind.made_at <= now - OFFERED_FOR))
            deleted += int(getattr(done, "rowcount", 0))
    return deleted


def _kept(one: Invitation, *, with_person: bool = False) -> InvitationBefore:
    who = one.person if with_person else None
    person = PersonBefore(who.name, who.post, who.phone, who.email, who.title_before) if who else None
    said = {column: getattr(one, column) for column in (*ANSWER_COLUMNS, *OF_THE_CHAIN)}
    return InvitationBefore(one.id, **said, person=person, acting_id=one.acting.id if one.acting else None)
