"""Ask the chair to agree to minutes, and take what they say: by a link without login, or as staff recorded it.

Opening the link changes nothing. Who agreed, when and by which link stays, also after later versions.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.delivery import tokens
from outreach.delivery.mail.kinds.minutes import link_ends_at
from outreach.domain.kinds import LinkPurpose, MailKind
from outreach.domain.minutes.content import MinutesPurpose, MinutesValues
from outreach.domain.problems import Problem
from outreach.domain.states import MinutesState
from outreach.extensions import db
from outreach.models import Message, Minutes, MinutesMail, MinutesReply, MinutesVersion, User
from outreach.services import addresses, audit, office_defaults
from outreach.services.locking import activity_for_change
from outreach.services.minutes import reading, versions
from outreach.transactions import writing

ASK_USEFUL_FOR = timedelta(days=14)
TOLD_WITHIN = timedelta(days=3)
NOTE_LENGTH = 1000


class MinutesNotDraft(Problem):
    message = "These minutes have been sent for approval already."


class MinutesNotAsked(Problem):
    message = "These minutes do not wait for an approval. Send them for approval first."


class MinutesLinkUnknown(Problem):
    message = "This link is not complete, or it has been replaced. Please open the link in our latest message."


class MinutesLinkEnded(Problem):
    message = "This link ended on %(day)s. Please ask the office for a new one."


class MinutesClosed(Problem):
    message = "These minutes were changed meanwhile, or you have answered already. Nothing was changed."


class ChangesUnnamed(Problem):
    message = "Please write what should be changed."
    field = "note"


def ask_useful_until(minutes: Minutes, now: datetime) -> datetime:
    """Return until when a mail with the chair's link helps."""
    return min(now + ASK_USEFUL_FOR, link_ends_at(minutes))


@dataclass(frozen=True)
class OpenedMinutes:
    """What the chair's page shows. values: of the version that they were asked about.

    reply: what was said by this link, if anything was.
    """

    minutes: Minutes
    values: MinutesValues
    reply: MinutesReply | None

    @property
    def takes_reply(self) -> bool:
        return self.minutes.state is MinutesState.ASKED and self.reply is None


def ask(activity_id: int, version: int, *, by: User | None, now: datetime) -> bool:
    """Ask the chair to agree to the minutes as they are now; return whether a mail goes to them.

    Who was there is read once more. Without an address, staff hand the link over. Raise MinutesMissing, Stale or
    MinutesNotDraft.
    """
    with writing() as session:
        minutes = versions.minutes_for_change(session, activity_id, version)
        if minutes.state is not MinutesState.DRAFT:
            raise MinutesNotDraft
        before = versions.last_values(minutes)
        said = reading.values(session, minutes.activity, before.text, minutes.follow_ups)
        if said != before:
            versions.add(session, minutes, said, by=by, now=now)
        minutes.state = MinutesState.ASKED
        mails = _give_link(session, minutes, by, now)
        audit.record(session, by, "minutes.asked", minutes, now=now, number=versions.last(minutes).number)
    return mails


def ask_again(activity_id: int, version: int, *, by: User | None, now: datetime) -> bool:
    """Give the chair, who has not answered, a new link to the same version; return whether a mail goes to them.

    The former link ends. Raise MinutesMissing, Stale or MinutesNotAsked.
    """
    with writing() as session:
        minutes = versions.minutes_for_change(session, activity_id, version)
        if minutes.state is not MinutesState.ASKED:
            raise MinutesNotAsked
        mails = _give_link(session, minutes, by, now)
        audit.record(session, by, "minutes.link_renewed", minutes, now=now, number=versions.last(minutes).number)
    return mails


def opened(token: str, *, now: datetime) -> OpenedMinutes:
    """Return the minutes that a link opens; raise MinutesLinkUnknown or MinutesLinkEnded. Nothing is changed."""
    return _opened(db.session(), token, now)


def reply(token: str, agrees: bool, note: str, *, now: datetime) -> Minutes:
    """Record what the chair says by the link. Raise MinutesLinkUnknown, MinutesLinkEnded, MinutesClosed or ChangesUnnamed."""
    with writing() as session:
        found = _opened(session, token, now)
        activity_for_change(session, found.minutes.activity_id)
        session.refresh(found.minutes, with_for_update={"of": Minutes})
        if not _opened(session, token, now).takes_reply:
            raise MinutesClosed
        _take(session, found.minutes, agrees, note, found.minutes.nonce, by=None, now=now)
        return found.minutes


def record(activity_id: int, agrees: bool, note: str, version: int, *, by: User | None, now: datetime) -> Minutes:
    """Record what the chair said to staff, or signed on paper. Raise MinutesMissing, Stale, MinutesNotAsked, ChangesUnnamed."""
    with writing() as session:
        minutes = versions.minutes_for_change(session, activity_id, version)
        if minutes.state is not MinutesState.ASKED:
            raise MinutesNotAsked
        _take(session, minutes, agrees, note, "", by=by, now=now)
        audit.record(session, by, "minutes.reply_recorded", minutes, now=now, agrees=agrees)
    return minutes


def handed_over(activity_id: int, *, by: User | None, now: datetime) -> None:
    """Record that staff hand the link over to the chair by WhatsApp. Raise MinutesMissing."""
    with writing() as session:
        minutes = versions.minutes_for_change(session, activity_id)
        audit.record(session, by, "minutes.handed_over", minutes, now=now)


def write_mail(
    session: Session, message: Message, minutes: Minutes, purpose: MinutesPurpose, invitation_id: int | None = None
) -> None:
    """Add a message about the last version of the minutes to the caller's transaction."""
    session.add(message)
    session.flush()
    session.add(
        MinutesMail(
            message_id=message.id, minutes_id=minutes.id, number=versions.last(minutes).number, purpose=purpose,
            invitation_id=invitation_id,
        )
    )  # fmt: skip


def _give_link(session: Session, minutes: Minutes, by: User | None, now: datetime) -> bool:
    """Make the chair's link, and write the mail with it if mail reaches them. Return whether it does."""
    minutes.nonce, minutes.changed_at = tokens.new_nonce(), now
    minutes.asked_at, minutes.asked_by_id = now, by.id if by else None
    chair = minutes.chair
    if chair is None or not chair.email or chair.erased_at is not None or addresses.among([chair.email]):
        return False
    times = _times(session, now, ask_useful_until(minutes, now) - now)
    write_mail(session, Message(person_id=chair.id, **times), minutes, MinutesPurpose.ASK)
    return True


def _opened(session: Session, token: str, now: datetime) -> OpenedMinutes:
    nonce = tokens.nonce_of(token, LinkPurpose.MINUTES)
    if nonce is None:
        raise MinutesLinkUnknown
    minutes = session.scalar(sa.select(Minutes).where(Minutes.nonce == nonce))
    if minutes is None:
        raise MinutesLinkUnknown
    if now >= link_ends_at(minutes):
        raise MinutesLinkEnded(day=link_ends_at(minutes).astimezone(minutes.activity.zone).date())
    said = session.scalar(sa.select(MinutesReply).where(MinutesReply.nonce == nonce).limit(1))
    return OpenedMinutes(minutes, versions.values_of(_asked_about(minutes)), said)


def _asked_about(minutes: Minutes) -> MinutesVersion:
    """Return the version that the chair was asked about. A later one is a draft, in which somebody else may be the chair."""
    asked_at = minutes.asked_at
    if minutes.state is MinutesState.ASKED or asked_at is None:
        return versions.last(minutes)
    return next((one for one in reversed(minutes.versions) if one.made_at <= asked_at), minutes.versions[0])


def _take(
    session: Session, minutes: Minutes, agrees: bool, note: str, nonce: str, *, by: User | None, now: datetime
) -> None:
    note = note.strip()[:NOTE_LENGTH]
    if not agrees and not note:
        raise ChangesUnnamed
    said = versions.last_values(minutes).text
    minutes.replies.append(
        MinutesReply(
            number=versions.last(minutes).number, agrees=agrees, note=note, name=said.chair, said_at=now,
            nonce=nonce, recorded_by_id=by.id if by else None,
        )
    )  # fmt: skip
    minutes.state, minutes.changed_at = MinutesState.APPROVED if agrees else MinutesState.DRAFT, now
    if agrees:
        minutes.approved_at = now
    asked_by = minutes.asked_by
    if by is None and asked_by is not None and asked_by.active:
        message = Message(user_id=asked_by.id, **_times(session, now, TOLD_WITHIN))
        write_mail(session, message, minutes, MinutesPurpose.REPLIED)
    session.flush()


def _times(session: Session, now: datetime, useful_for: timedelta) -> dict[str, object]:
    day = now.astimezone(office_defaults.zone(session)).date()
    return {"kind": MailKind.MINUTES, "local_day": day, "due_at": now, "expires_at": now + useful_for}
