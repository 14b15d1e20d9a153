"""Reading the office's mailbox. Each mail's effect and its row are one transaction; only then is the mail marked.

After a crash, at most a mail whose row exists is read again, and that does nothing. inbox/calendar_replies.py applies
answers, inbox/delivery_reports.py applies delivery reports, queries/inbox.py shows mails to coordinators.
"""

import random
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from io import BytesIO

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.orm import Session

from outreach import logs
from outreach.delivery import scanner
from outreach.delivery.documents.returned_pdf import PdfReadersBusy
from outreach.delivery.inbox import mailbox
from outreach.delivery.inbox.connection import MailboxDown
from outreach.delivery.inbox.mailbox import FetchedMail, Folder, PollProgress
from outreach.delivery.inbox.reading import Incoming, read, unreadable, withheld
from outreach.delivery.scanner import NotJudged, ScannerAway
from outreach.domain.kinds import IncomingKind, IncomingOutcome
from outreach.domain.mail.failures import ChannelTrouble, pause_after
from outreach.domain.mail.incoming import IncomingReason
from outreach.domain.sign_in.events import SecurityKind
from outreach.extensions import current_settings, db
from outreach.models import Channel, IncomingMail
from outreach.models.channels import INBOX
from outreach.services.inbox import calendar_replies, delivery_reports, returned_letters, senders
from outreach.services.inbox import retention as inbox_retention
from outreach.services.inbox.waiting import count_again
from outreach.services.letters.returned import RecognisedFile
from outreach.services.sign_in.events import security_event
from outreach.transactions import insert_into, writing

NEW_MAILBOX = timedelta(days=30)  # in a mailbox not seen before, older mails cannot be answers to our mails
OVERLAP = timedelta(days=2)  # a recreated mailbox is read again from this long before its newest known mail
log = structlog.get_logger()


def poll(now: Callable[[], datetime], stop: Callable[[], bool] = lambda: False) -> Mapping[str, int]:
    """Read new mails from the mailbox. Return how many had which outcome; {} without a mailbox or while it is paused.

    now: the clock. stop: asked between two mails. After a mailbox failure, reading pauses, longer each time, and
    coordinators see the failure. A database failure raises, and the current mail is read again later. So is one with a
    PDF while too many others are read; the mails after it wait, too.
    """
    settings = current_settings()
    if not settings.imap_server or _paused(now()):
        return {}
    done: Counter[str] = Counter()

    def take_one(folder: Folder, fetched: FetchedMail) -> None:
        outcome = take(folder, fetched, now=now())
        if outcome is not None:
            done[outcome.value] += 1

    try:
        mailbox.poll(settings, progress=lambda folder: _progress(folder, now()), take=take_one, stop=stop)
    except MailboxDown as down:
        _alarm(down, now())
    except PdfReadersBusy:
        log.info("mail waits for a reader of PDFs")
        _clear()
    else:
        _clear()
    finally:
        db.session.rollback()
    return dict(done)


def take(folder: Folder, fetched: FetchedMail, *, now: datetime) -> IncomingOutcome | None:
    """Apply one mail once. Return its outcome, or None if it was applied before.

    If the parser or the handler fails on a mail, the mail is kept for a coordinator to read. Raise only for a database failure,
    and PdfReadersBusy or MailboxDown: the mail is to be taken later.
    """
    found, why = _scanned(fetched)
    mail = withheld(fetched.data, found, why) if why else read(fetched.data, current_settings(), whole=fetched.whole)
    fault: Exception | None = None
    for _ in range(2):
        try:
            return _apply(folder, fetched, mail, now)
        except (OperationalError, PdfReadersBusy):
            raise
        except IntegrityError as error:
            fault = error
            if _taken(folder, fetched.uid):
                return None
        except Exception as error:
            if isinstance(error, DBAPIError) and error.connection_invalidated:
                raise
            fault = error
            break
    log.error("mail set aside", uid=fetched.uid, **(logs.fault(fault) if fault else {}))
    broken = withheld(b"", found, why) if why else unreadable(fetched.data, IncomingReason.BROKEN)
    return _apply(folder, fetched, broken, now)


def _scanned(fetched: FetchedMail) -> tuple[str, IncomingReason | None]:
    """Return what the virus scanner says, and why the mail is not to be read; None if it may be.

    Raise MailboxDown: without the scanner, mails wait. One that it cannot judge does not hold up the others.
    """
    try:
        found = scanner.found_in(BytesIO(fetched.data), current_settings())
        return found, IncomingReason.INFECTED if found else None
    except NotJudged as error:
        log.error("mail not judged", uid=fetched.uid, reason=str(error))
        return str(error), IncomingReason.NOT_JUDGED
    except ScannerAway as away:
        raise MailboxDown(ChannelTrouble.SCANNER, str(away)) from away


def _apply(folder: Folder, fetched: FetchedMail, mail: Incoming, now: datetime) -> IncomingOutcome:
    letter = returned_letters.recognised(mail, now=now)
    outcome = _stored(folder, fetched, mail, letter, now)
    count_again()
    return outcome


def _stored(
    folder: Folder, fetched: FetchedMail, mail: Incoming, letter: RecognisedFile | None, now: datetime
) -> IncomingOutcome:
    with writing() as session:
        row = IncomingMail(
            mailbox=folder.name,
            uid_validity=folder.uid_validity,
            uid=fetched.uid,
            rfc_message_id=mail.message_id[:250],
            digest=_digest(mail),
            received_at=min(fetched.received_at or now, now),
            created_at=now,
            sender=mail.sender,
            sender_name=mail.sender_name,
            subject=mail.subject,
            text=mail.text,
            kind=mail.kind,
            outcome=IncomingOutcome.TO_READ,
            reason=mail.reason or "",
        )
        session.add(row)
        session.flush()  # a second worker with the same mail fails here
        if mail.reason is IncomingReason.INFECTED:
            security_event(SecurityKind.FILE_INFECTED, now=now, found=mail.text)
        copied = _copy_of(session, row)
        if copied is not None and not copied.rfc_message_id:
            inbox_retention.blank(row)
            row.outcome, row.reason = IncomingOutcome.IGNORED, IncomingReason.DUPLICATE
            return row.outcome
        match mail.kind:
            case IncomingKind.ANSWER:  # also a copy: some programs give all replies about an entry one Message-ID
                calendar_replies.apply(session, row, mail, now=now)
            case IncomingKind.BOUNCE | IncomingKind.DELAY if copied is None:
                delivery_reports.apply(session, row, mail, now=now)
            case IncomingKind.AUTOMATIC:
                row.outcome = IncomingOutcome.IGNORED
        senders.link(session, row, mail, now=now)
        if mail.by_list and row.message_id is None and row.person_id is None and row.organisation_id is None:
            row.kind, row.outcome = IncomingKind.AUTOMATIC, IncomingOutcome.IGNORED
        if copied is None:
            returned_letters.apply(session, row, mail, letter, now=now)
        if copied is not None and row.outcome is not IncomingOutcome.APPLIED:
            row.outcome, row.reason = IncomingOutcome.IGNORED, IncomingReason.DUPLICATE
        if row.outcome is IncomingOutcome.IGNORED:
            _keep_no_words(row)
        return row.outcome


def _digest(mail: Incoming) -> str:
    """Return the hash by which a mail is recognised again; it reveals nothing of the mail.

    Some programs give several mails the same Message-ID, so a copy must also agree in sender, kind and content.
    """
    return sha256("\n".join((mail.message_id, mail.sender, mail.kind, mail.digest)).encode()).hexdigest()


def _copy_of(session: Session, row: IncomingMail) -> IncomingMail | None:
    """Return an earlier copy of the mail: moved back, copied, or in a recreated mailbox. Blanked ones come first."""
    same = sa.select(IncomingMail).where(IncomingMail.digest == row.digest, IncomingMail.id != row.id)
    return session.scalar(same.order_by(IncomingMail.rfc_message_id != "", IncomingMail.id).limit(1))


def _keep_no_words(row: IncomingMail) -> None:
    """Blank the text. Nobody reads it, and a report may be about a person whose data was erased."""
    row.text = ""
    if row.kind in (IncomingKind.BOUNCE, IncomingKind.DELAY):
        row.sender_name = row.subject = ""


def _taken(folder: Folder, uid: int) -> bool:
    found = sa.exists().where(
        IncomingMail.mailbox == folder.name, IncomingMail.uid_validity == folder.uid_validity, IncomingMail.uid == uid
    )
    return bool(db.session.scalar(sa.select(found)))


def _progress(folder: Folder, now: datetime) -> PollProgress:
    mine = sa.and_(IncomingMail.mailbox == folder.name, IncomingMail.uid_validity == folder.uid_validity)
    highest = db.session.scalar(sa.select(sa.func.max(IncomingMail.uid)).where(mine)) or 0
    newest = None
    if not highest:
        newest = db.session.scalar(
            sa.select(sa.func.max(IncomingMail.received_at)).where(IncomingMail.mailbox == folder.name)
        )
    db.session.rollback()  # no transaction stays open during the connection to the server
    since = newest.astimezone(UTC) - OVERLAP if newest else now.astimezone(UTC) - NEW_MAILBOX
    return PollProgress(highest, since.date())


def _paused(now: datetime) -> bool:
    found = db.session.get(Channel, INBOX, populate_existing=True)
    paused = bool(found and found.trouble and found.paused_until and found.paused_until > now)
    db.session.rollback()
    return paused


def _alarm(down: MailboxDown, now: datetime) -> None:
    with writing() as session:
        first = insert_into(session, Channel).values(name=INBOX)  # another worker may do the same now
        session.execute(first.on_conflict_do_nothing())
        found = session.get_one(Channel, INBOX, with_for_update=True, populate_existing=True)
        found.trouble, found.reply = down.trouble, str(down)[:300]
        found.failures = (found.failures or 0) + 1
        found.since_at = found.since_at or now
        found.paused_until = now + pause_after(found.failures, random.random())  # noqa: S311
        failures = found.failures
    log.error("mailbox down", trouble=down.trouble.value, failures=failures)


def _clear() -> None:
    found = db.session.get(Channel, INBOX, populate_existing=True)
    if found is None or found.trouble is None:
        return
    with writing() as session:
        found = session.get(Channel, INBOX, with_for_update=True)
        if found is not None:
            found.trouble, found.reply, found.failures, found.since_at, found.paused_until = None, "", 0, None, None
    log.info("mailbox works again")
