"""The bell of coordinators: news of the last days, the newest first, and how many an account has not seen.

Reads only. Every page shows the number, so the news is read with a fixed number of statements and kept for READ_EVERY.
Answers and failed mails are read from where they are stored; only new clashes have a table, which services/bell.py
keeps.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased, joinedload

from outreach import reach
from outreach.domain import bell
from outreach.domain.bell import News, NewsKind, key_of
from outreach.domain.kinds import ON_STAGE, NoLongerActing
from outreach.domain.ladder.rungs import RungKind, RungState
from outreach.domain.planning.rules import ClashKind
from outreach.domain.states import UNANSWERED, ActivityState, CertificateState, InvitationState
from outreach.extensions import db
from outreach.models import (
    ActingPerson,
    Activity,
    AddressFailure,
    Attendance,
    AuditEntry,
    BellSeen,
    Certificate,
    DataRequest,
    GivenAnswer,
    Invitation,
    Message,
    Minutes,
    MinutesReply,
    NoticedClash,
    Rung,
    User,
)
from outreach.models.base import UTCDateTime
from outreach.queries import posts
from outreach.queries.calls import questions
from outreach.queries.messages.log import STILL_LOST
from outreach.recent import Life, Recent
from outreach.services import office_defaults
from outreach.services.invitations import post_holders
from outreach.services.ladder.substitutes import SUBSTITUTED
from outreach.services.office import access

READ_EVERY = timedelta(seconds=10)
MOST = 200  # pieces of news about answers and clashes, of each kind
MOST_MAILS = 2000


@dataclass(frozen=True)
class Bell:
    """news: the newest first. seen: the keys that each account has seen, by its id."""

    news: tuple[News, ...]
    seen: Mapping[int, Collection[str]]

    def unseen(self, user_id: int) -> list[News]:
        return bell.unseen(self.news, self.seen.get(user_id, ()), user_id)


_recent: Recent[Bell] = Recent(Life(READ_EVERY))

# The statements are built once: that takes longer than running them, and every page waits for the bell.
SINCE = sa.bindparam("since", type_=UTCDateTime())
AT = sa.bindparam("now", type_=UTCDateTime())


def current(*, now: datetime) -> Bell:
    """Return the bell at `now`. Runs thirteen statements, two more for questions, and a few for each invitation left behind."""
    since = now - bell.KEPT_FOR
    news = [*_answers(since, now), *_names(since, now), *_substitutes(since, now), *_questions(since), *_clashes(since)]
    news += [*_holders(since, now), *_certificates(since), *_minutes(since), *_mails(since), *_data_requests(since)]
    seen: dict[int, set[str]] = {}
    for user_id, key in db.session.execute(sa.select(BellSeen.user_id, BellSeen.key).where(BellSeen.at >= since)):
        seen.setdefault(user_id, set()).add(key)
    return Bell(tuple(sorted(news, key=lambda piece: (piece.at, piece.key), reverse=True)), seen)


def within_reach(user: User, *, now: datetime) -> tuple[News, ...]:
    """Return the news that an account sees, for its summary by mail."""
    with reach.keeping_to(access.reach_of(user, now=now)):
        return _recent.value(lambda: current(now=now), now=now).news


def count_unseen(user_id: int, *, now: datetime) -> int:
    """Return how many pieces of news an account has not seen, at most READ_EVERY old. For every page."""
    return len(_recent.value(lambda: current(now=now), now=now).unseen(user_id))


def read_again() -> None:
    """Make the next page read the news again, because something was seen. Call it after the commit."""
    _recent.forget()


def _ahead() -> sa.Select[Any]:
    """Select published activities that are not over, and postponed ones: these need their speakers for the new date."""
    ahead = sa.and_(Activity.state == ActivityState.PUBLISHED, Activity.ends_at > AT)
    return sa.select(Activity.id).where(sa.or_(ahead, Activity.state == ActivityState.POSTPONED))


@cache
def _select_answers() -> sa.Select[Invitation, GivenAnswer]:
    on_stage = sa.and_(Invitation.role.in_(sorted(ON_STAGE)), Invitation.person_id.is_not(None))
    answered = sa.and_(
        Invitation.state.in_((InvitationState.NOT_COMING, InvitationState.REPRESENTED)), Invitation.answered_at >= SINCE
    )
    declined = sa.exists().where(
        ActingPerson.invitation_id == Invitation.id,
        ActingPerson.ended_because == NoLongerActing.DECLINED,
        ActingPerson.ended_at >= SINCE,
    )
    opened_again = sa.and_(Invitation.state.in_(sorted(UNANSWERED)), declined)
    return (
        sa.select(Invitation, GivenAnswer)
        .outerjoin(Invitation.declined)
        .where(
            Invitation.activity_id.in_(_ahead()),
            sa.or_(answered, opened_again),
            sa.or_(on_stage, sa.and_(Invitation.organisation_id.is_not(None), GivenAnswer.wished_on.is_not(None))),
        )
        .options(joinedload(Invitation.person), joinedload(Invitation.organisation), joinedload(Invitation.activity))
        .order_by(Invitation.answered_at.desc())
        .limit(MOST)
    )


def _answers(since: datetime, now: datetime) -> list[News]:
    """Return refusals and representatives of those on stage at activities ahead, and organisations that wish another day."""
    found = db.session.execute(_select_answers(), {"since": since, "now": now})
    news = []
    for invitation, why in found.all():
        if invitation.state in UNANSWERED:
            news.append(_opened_again(invitation))
            continue
        at = (why.reason_at if why else None) or invitation.answered_at  # a reason that comes later is news again
        assert at is not None
        kind = NewsKind.SWAP if invitation.state is InvitationState.REPRESENTED else NewsKind.REFUSAL
        news.append(
            News(
                kind, key_of(kind, invitation.id, at), at, invitation.id, invitation.activity.title,
                invitation.invitee.display_name, invitation.representative_name,
                by_id=invitation.answer_recorded_by_id, reason=why.reason if why else "",
                wished_on=why.wished_on if why else None,
            )
        )  # fmt: skip
    return news


def _opened_again(invitation: Invitation) -> News:
    """Return that whoever was to come in the invitee's place cannot."""
    ended = [link for link in invitation.chain if link.ended_because is NoLongerActing.DECLINED]
    last = max(ended, key=lambda link: (link.ended_at, link.id))
    assert last.ended_at is not None
    return News(
        NewsKind.OPEN_AGAIN, key_of(NewsKind.OPEN_AGAIN, invitation.id, last.ended_at), last.ended_at, invitation.id,
        invitation.activity.title, invitation.invitee.display_name, last.name,
    )  # fmt: skip


@cache
def _select_names() -> sa.Select[Invitation]:
    host = aliased(Invitation)
    return (
        sa.select(host)
        .where(
            host.activity_id.in_(_ahead()),
            host.state == InvitationState.COMING,
            host.answered_at >= SINCE,
            sa.exists().where(
                Invitation.nominated_under_id == host.id,
                Invitation.state == InvitationState.WITHDRAWN,
                Invitation.answered_at < host.answered_at,
            ),
        )
        .options(joinedload(host.organisation), joinedload(host.activity))
        .order_by(host.answered_at.desc())
        .limit(MOST)
    )


def _names(since: datetime, now: datetime) -> list[News]:
    """Return organisations that sent other names: somebody named before is withdrawn, and the organisation still comes."""
    found = db.session.scalars(_select_names(), {"since": since, "now": now})
    return [
        News(
            NewsKind.NAMES, key_of(NewsKind.NAMES, invitation.id, invitation.answered_at), invitation.answered_at,
            invitation.id, invitation.activity.title, invitation.invitee.display_name, by_id=invitation.answer_recorded_by_id,
        )
        for invitation in found
        if invitation.answered_at is not None
    ]  # fmt: skip


@cache
def _select_proposed() -> sa.Select[Rung]:
    return (
        sa.select(Rung)
        .join(Invitation, Invitation.id == Rung.invitation_id)
        .where(
            Rung.kind == RungKind.SUBSTITUTES,
            Rung.state == RungState.DONE,
            Rung.done_at >= SINCE,
            Invitation.state.in_(sorted(UNANSWERED)),
            Invitation.activity_id.in_(_ahead()),
        )
        .options(
            joinedload(Rung.invitation).joinedload(Invitation.person),
            joinedload(Rung.invitation).joinedload(Invitation.activity),
        )
        .order_by(Rung.done_at.desc())
        .limit(MOST)
    )


@cache
def _select_swapped() -> sa.Select[AuditEntry, Invitation, Invitation]:
    former, substitute = aliased(Invitation), aliased(Invitation)
    return (
        sa.select(AuditEntry, former, substitute)
        .join(former, former.id == AuditEntry.subject_id)
        .join(substitute, substitute.id == AuditEntry.detail["substitute"].as_integer())
        .where(
            AuditEntry.action == SUBSTITUTED,
            AuditEntry.at >= SINCE,
            substitute.state != InvitationState.WITHDRAWN,
            substitute.activity_id.in_(_ahead()),
        )
        .options(joinedload(former.person), joinedload(substitute.person), joinedload(substitute.activity))
        .order_by(AuditEntry.at.desc())
        .limit(MOST)
    )


def _substitutes(since: datetime, now: datetime) -> list[News]:
    """Return whose ladder has come to its proposal of substitutes, and who was swapped."""
    proposed = db.session.scalars(_select_proposed(), {"since": since, "now": now}).all()
    kind = NewsKind.SUBSTITUTES
    news = [
        News(
            kind, key_of(kind, rung.invitation_id, rung.done_at), rung.done_at, rung.invitation_id,
            rung.invitation.activity.title, rung.invitation.invitee.display_name,
        )
        for rung in proposed
        if rung.done_at is not None
    ]  # fmt: skip
    kind = NewsKind.SUBSTITUTED
    for entry, before, new in db.session.execute(_select_swapped(), {"since": since, "now": now}):
        news.append(
            News(
                kind, key_of(kind, new.id, entry.at), entry.at, new.id, new.activity.title, before.invitee.display_name,
                new.invitee.display_name, by_id=entry.user_id,
            )
        )  # fmt: skip
    return news


@cache
def _select_holders() -> sa.Select[AuditEntry, Invitation]:
    return (
        sa.select(AuditEntry, Invitation)
        .join(Invitation, Invitation.id == AuditEntry.subject_id)
        .where(
            AuditEntry.action.in_((post_holders.CHANGED, post_holders.KEPT)),
            AuditEntry.at >= SINCE,
            Invitation.state != InvitationState.WITHDRAWN,
            Invitation.activity_id.in_(_ahead()),
        )
        .options(joinedload(Invitation.person), joinedload(Invitation.activity))
        .order_by(AuditEntry.at.desc(), AuditEntry.id.desc())
        .limit(MOST)
    )


def _holders(since: datetime, now: datetime) -> list[News]:
    """Return which invitations to posts go to another holder, and which could not go there and still do not."""
    found = db.session.execute(_select_holders(), {"since": since, "now": now})
    news: dict[int, News] = {}
    for entry, invitation in found:
        kind = NewsKind.OTHER_HOLDER if entry.action == post_holders.CHANGED else NewsKind.LEFT_BEHIND
        if invitation.id in news:
            continue
        if kind is NewsKind.OTHER_HOLDER or posts.left_behind(invitation) is not None:
            news[invitation.id] = News(
                kind, key_of(kind, invitation.id, entry.at), entry.at, invitation.id, invitation.activity.title,
                entry.subject_name, invitation.invitee.display_name, by_id=entry.user_id,
            )  # fmt: skip
    return list(news.values())


def _questions(since: datetime) -> list[News]:
    """Return the questions from calls that nobody has settled."""
    return [
        News(
            NewsKind.QUESTION, key_of(NewsKind.QUESTION, call.id, call.ended_at), call.ended_at, call.id,
            call.about[0].activity.title if call.about else "", call.callee.display_name, call.note, by_id=call.caller_id,
        )
        for call in questions.waiting()
        if call.ended_at >= since
    ]  # fmt: skip


def _certificates(since: datetime) -> list[News]:
    """Return the certificates that stand although the attendance was undone after they were made."""
    kind = NewsKind.CERTIFICATE
    found = db.session.execute(
        sa.select(Certificate, Activity.title, Attendance.recorded_at, Attendance.recorded_by_id)
        .join(Activity, Activity.id == Certificate.activity_id)
        .join(Attendance, Attendance.invitation_id == Certificate.invitation_id)
        .where(Certificate.state == CertificateState.STANDS, ~Attendance.present, Attendance.recorded_at >= since)
        .order_by(Attendance.recorded_at.desc())
        .limit(MOST)
    )
    return [
        News(kind, key_of(kind, one.id, at), at, one.id, title, one.name, one.number, by_id=by_id)
        for one, title, at, by_id in found
    ]


def _minutes(since: datetime) -> list[News]:
    """Return what chairs said about minutes."""
    found = db.session.execute(
        sa.select(MinutesReply, Activity.id, Activity.title)
        .join(Minutes, Minutes.id == MinutesReply.minutes_id)
        .join(Activity, Activity.id == Minutes.activity_id)
        .where(MinutesReply.said_at >= since)
        .order_by(MinutesReply.said_at.desc())
        .limit(MOST)
    )
    news = []
    for said, activity_id, title in found:
        kind = NewsKind.MINUTES_APPROVED if said.agrees else NewsKind.MINUTES_RETURNED
        news.append(
            News(
                kind, key_of(kind, said.id, said.said_at), said.said_at, activity_id, title, said.name, said.note,
                by_id=said.recorded_by_id,
            )
        )  # fmt: skip
    return news


def _data_requests(since: datetime) -> list[News]:
    """Return open requests about personal data."""
    found = db.session.scalars(
        sa.select(DataRequest)
        .where(DataRequest.done_at.is_(None), DataRequest.received_at >= since)
        .options(joinedload(DataRequest.person))
        .order_by(DataRequest.received_at.desc())
        .limit(MOST)
    )
    kind = NewsKind.DATA_REQUEST
    return [
        News(
            kind, key_of(kind, one.id, one.received_at), one.received_at, one.id,
            name=one.person.display_name if one.person else one.name, other=one.kind.value, by_id=one.entered_by_id,
        )
        for one in found
    ]  # fmt: skip


@cache
def _select_clashes() -> sa.Select[int, ClashKind, datetime | None, int, str, str]:
    one, other = aliased(Activity), aliased(Activity)
    return (
        sa.select(NoticedClash.id, NoticedClash.kind, NoticedClash.first_at, one.id, one.title, other.title)
        .join(one, one.id == NoticedClash.activity_id)
        .outerjoin(other, other.id == NoticedClash.other_activity_id)
        .where(NoticedClash.first_at >= SINCE)
        .order_by(NoticedClash.first_at.desc())
        .limit(MOST)
    )


def _clashes(since: datetime) -> list[News]:
    found = db.session.execute(_select_clashes(), {"since": since})
    return [
        News(NewsKind.CLASH, key_of(NewsKind.CLASH, id, at), at, activity_id, title, kind.value, beside or "")
        for id, kind, at, activity_id, title, beside in found
        if at is not None
    ]


def _mails(since: datetime) -> list[News]:
    """Return failed mails and blocked addresses, by day in the office's zone."""
    zone = office_defaults.zone(db.session)
    failed = db.session.scalars(
        sa.select(Message.due_at)
        .where(STILL_LOST, Message.due_at >= since)
        .order_by(Message.due_at.desc())
        .limit(MOST_MAILS)
    ).all()
    blocked = db.session.scalars(sa.select(AddressFailure.blocked_at).where(AddressFailure.blocked_at >= since)).all()
    addresses = [at for at in blocked if at is not None]
    return bell.by_day(NewsKind.MAILS_FAILED, failed, zone) + bell.by_day(NewsKind.ADDRESSES, addresses, zone)
