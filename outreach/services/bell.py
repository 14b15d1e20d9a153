"""The bell of coordinators: which news each account has seen, and which clashes are new.

queries/bell.py reads the news. Answers and mails are stored with their times. Clashes are computed, so the time at
which each was first found is stored here.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta

import sqlalchemy as sa
from flask_babel import force_locale
from sqlalchemy.orm import Session

from outreach.delivery.words import bell as words
from outreach.domain import bell
from outreach.domain.bell import KEPT_FOR, News
from outreach.domain.clashes import Clash
from outreach.domain.kinds import MailKind, StaffRole
from outreach.domain.planning.rules import ClashKind, Severity
from outreach.domain.states import ActivityState
from outreach.models import AccountRole, BellDigest, BellSeen, Message, NoticedClash, User, the_office
from outreach.services import office_defaults
from outreach.services.office import access
from outreach.services.planning import clashes as clashing
from outreach.transactions import writing

MOST_AT_ONCE = 1000
DIGEST_FROM = time(7, 0)  # in the office's zone
DIGEST_USEFUL_FOR = timedelta(hours=12)
TOLD = (StaffRole.ADMINISTRATOR, StaffRole.COORDINATOR)
Noticed = tuple[ClashKind, int, int | None]


def see(keys: Collection[str], *, by: User, now: datetime) -> None:
    """Note that an account has seen these pieces of news; those seen already keep their moment."""
    wanted = set(list(keys)[:MOST_AT_ONCE])
    with writing() as session:
        session.scalar(sa.select(User.id).where(User.id == by.id).with_for_update())  # the same account may press twice
        seen = set(session.scalars(sa.select(BellSeen.key).where(BellSeen.user_id == by.id, BellSeen.key.in_(wanted))))
        session.add_all(BellSeen(user_id=by.id, key=key, at=now) for key in sorted(wanted - seen))


def want_digest(wanted: bool, *, by: User, now: datetime) -> None:
    """Switch the daily summary by mail on or off for this account."""
    with writing() as session:
        user = session.get_one(User, by.id)
        if user.wants_digest != wanted:
            user.wants_digest, user.digested_at = wanted, now if wanted else None


def write_digests(
    news_for: Callable[[User], Sequence[News]], seen: Mapping[int, Collection[str]], *, now: datetime
) -> int:
    """Write the day's summary for each account that wants it into the outbox, once a day. Return how many.

    The first is written at DIGEST_FROM, or when the office's hours for mail open, if that is later. It contains the
    news since the last one that the account has neither seen nor caused. Without such news, none is written.

    news_for: the news within an account's reach.
    """
    with writing() as session:
        zone = office_defaults.zone(session)
        local = now.astimezone(zone)
        hours = office_defaults.mail_hours(session)
        if local.time() < DIGEST_FROM or (hours and hours.opening(now)):
            return 0
        today = local.replace(hour=0, minute=0, second=0, microsecond=0)
        wanting = (
            sa.select(User)
            .where(User.active, User.wants_digest, User.roles.any(AccountRole.name.in_(TOLD)))
            .where(sa.or_(User.digested_at.is_(None), User.digested_at < today.astimezone(UTC)))
            .order_by(User.id)
            .with_for_update(of=User)
        )
        written = 0
        for user in session.scalars(wanting).unique().all():
            if access.has_ended(user, now=now):
                continue
            since = user.digested_at or now - timedelta(days=1)
            fresh = [piece for piece in bell.unseen(news_for(user), seen.get(user.id, ()), user.id) if piece.at > since]
            user.digested_at = now
            if fresh:
                _write_digest(session, user, fresh, local.date(), now)
                written += 1
    return written


def _write_digest(session: Session, user: User, fresh: Sequence[News], day: date, now: datetime) -> None:
    message = Message(
        user_id=user.id, kind=MailKind.DIGEST, local_day=day, due_at=now, expires_at=now + DIGEST_USEFUL_FOR
    )
    session.add(message)
    session.flush()
    with force_locale(user.locale):
        lines = [[words.sentence(piece), words.about(piece)] for piece in fresh]
    session.add(BellDigest(message_id=message.id, lines=lines))


def notice_clashes(*, now: datetime) -> int:
    """Store when each clash was first found, and delete clashes that are gone. Return how many are new.

    Clashes that the very first run finds are not new. A clash that comes back is new again.
    """
    present = {_noticed(clash) for clash in clashing.everything(now=now).clashes if _is_news(clash)}
    with writing() as session:
        office = session.scalar(the_office().with_for_update())
        if office is None:
            return 0
        first_look = office.clashes_noticed_at is None
        stored = {
            (row.kind, row.activity_id, row.other_activity_id): row for row in session.scalars(sa.select(NoticedClash))
        }
        for key in stored.keys() - present:
            session.delete(stored[key])
        new = sorted(present - stored.keys(), key=lambda key: (key[1], key[2] or 0, key[0]))
        session.add_all(
            NoticedClash(kind=kind, activity_id=id_, other_activity_id=other, first_at=None if first_look else now)
            for kind, id_, other in new
        )
        office.clashes_noticed_at = now
        _forget_old(session, now)
    return 0 if first_look else len(new)


def _is_news(clash: Clash) -> bool:
    """Return whether a clash blocks, or is about an activity that people were told of. Other clashes are normal in a draft."""
    told = any(activity.state is ActivityState.PUBLISHED for activity in clash.activities)
    return clash.severity is Severity.BLOCK or told


def _noticed(clash: Clash) -> Noticed:
    one, *others = clash.ids
    return clash.kind, one, others[0] if others else None


def _forget_old(session: Session, now: datetime) -> None:
    session.execute(sa.delete(BellSeen).where(BellSeen.at < now - 2 * KEPT_FOR))
