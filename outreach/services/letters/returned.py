"""A letter comes back signed: its file is kept byte for byte with what was found in it, and a coordinator accepts it.

Nothing is mailed before that. The file is read before the transaction, in a process of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from outreach import codec
from outreach.delivery.documents import returned_pdf
from outreach.delivery.documents.returned_pdf import PdfRefused
from outreach.domain.letters import values as letters
from outreach.domain.letters.signatures import (
    ReadPdf,
    ReturnReport,
    SignatureVerdict,
    codes_in,
    expected_of,
    report_on,
)
from outreach.domain.letters.values import CHANGEABLE, STANDS, LetterKind, LetterState
from outreach.domain.problems import Problem
from outreach.extensions import db
from outreach.models import Invitation, Letter, LetterVersion, ReturnedFile, StoredFile, TrustedRoot, User
from outreach.services import audit, files
from outreach.services.letters import follow_up, waiting
from outreach.services.letters.versions import LetterMissing, last_values, letter_for_change
from outreach.services.locking import present_for_change
from outreach.transactions import writing

PDF = "application/pdf"
TAKES_A_FILE = CHANGEABLE | STANDS
TO_BE_LOOKED_AT = frozenset({SignatureVerdict.BROKEN, SignatureVerdict.CHANGED, SignatureVerdict.STAMP_ONLY})
MOST_CODES = 5  # of letters that one file is looked up by
ENDS = {LetterKind.CORRECTION: LetterState.CORRECTED, LetterKind.CANCELLATION: LetterState.CANCELLED}
log = structlog.get_logger()


class LetterEnded(Problem):
    message = "This letter was withdrawn, corrected or cancelled, so it takes no file any more."
    field = "file"


class ReturnedFileMissing(Problem):
    message = "Another file has come back meanwhile. Look at what was found in it, then decide."


class LetterNumberMissing(Problem):
    message = "Please write the letter’s number as it stands on the signed letter."
    field = "number"


class LetterNumberTooLong(Problem):
    message = "A letter’s number has at most %(most)s characters."
    field = "number"


class LetterDateMissing(Problem):
    message = "Please write the letter’s date as it stands on the signed letter."
    field = "dated_on"


class NotLookedAt(Problem):
    message = "Please look at the file first, and say that it is right all the same."
    field = "sure"


@dataclass(frozen=True)
class RecognisedFile:
    """A file of a mail whose text has the code of one of our letters."""

    letter_id: int
    data: bytes
    filename: str
    read: ReadPdf


def needs_a_look(report: ReturnReport) -> bool:
    """Return whether a coordinator must say that the file is right, because something in it speaks against it."""
    return report.verdict in TO_BE_LOOKED_AT or (report.can_be_read and not report.is_ours)


def receive(letter_id: int, data: bytes, filename: str, *, by: User | None, now: datetime) -> ReturnedFile:
    """Keep an uploaded file with what was found in it. Those before stay on record.

    Raise LetterMissing, LetterEnded, or a PdfRefused, which is logged; nothing is kept then.
    """
    letter = db.session.get(Letter, letter_id)
    if letter is None:
        raise LetterMissing
    if letter.state not in TAKES_A_FILE:
        raise LetterEnded
    roots = trusted(db.session())
    db.session.rollback()  # no transaction stays open while the file is read
    try:
        read = returned_pdf.read(data, roots, now=now)
    except PdfRefused as refused:
        log.warning("letter refused", letter=letter_id, reason=type(refused).__name__, size=len(data))
        raise
    with writing() as session:
        return store(session, RecognisedFile(letter_id, data, filename, read), by=by, now=now)


def store(session: Session, found: RecognisedFile, *, by: User | None, now: datetime, sender: str = "") -> ReturnedFile:
    """Keep a file that was read, in the caller's transaction. The same file again replaces its own report.

    sender: of the mail with which it came. Raise LetterMissing, LetterEnded.
    """
    letter = letter_for_change(session, found.letter_id)
    if letter.state not in TAKES_A_FILE:
        raise LetterEnded
    report = codec.to_json(report_on(found.read, expected_of(last_values(letter))))
    same = sa.select(ReturnedFile).join(ReturnedFile.file)
    digest = sha256(found.data).hexdigest()
    row = session.scalar(same.where(ReturnedFile.letter_id == letter.id, StoredFile.sha256 == digest))
    if row is None:
        kept = files.keep(session, found.data, found.filename, PDF, by=by, now=now)
        row = ReturnedFile(letter=letter, file=kept)
        session.add(row)
    row.report, row.returned_at, row.checked_at, row.sender = report, now, now, sender
    audit.record(session, by, "letter.returned", letter, now=now, file=row.file.name, sha256=digest)
    return row


def check_again(letter_id: int, *, by: User | None, now: datetime) -> ReturnedFile:
    """Read the newest file again, with the roots that the office has now. Raise LetterMissing, ReturnedFileMissing."""
    row = newest(db.session(), letter_id)
    if row is None:
        raise ReturnedFileMissing
    row_id, data, roots = row.id, row.file.data, trusted(db.session())
    db.session.rollback()
    read = returned_pdf.read(data, roots, now=now)
    with writing() as session:
        letter = letter_for_change(session, letter_id)
        row = session.get_one(ReturnedFile, row_id)
        row.report = codec.to_json(report_on(read, expected_of(last_values(letter))))
        row.checked_at = now
        audit.record(session, by, "letter.checked", letter, now=now, file=row.file.name)
        return row


def accept(
    letter_id: int, returned_id: int, number: str, dated_on: date | None, version: int, *, sure: bool = False,
    by: User | None, now: datetime,
) -> Letter:  # fmt: skip
    """Accept the newest file as the signed letter, with its number and date. From now on it is attached to mails.

    Invitations that waited for it go out. A signed correction or cancellation ends the letter that it follows. If the plan
    has changed since the letter was written, the letter that says so is drafted.
    sure: the coordinator has looked at a file that speaks against itself.
    Raise LetterMissing, Stale, LetterEnded, ReturnedFileMissing, LetterNumberMissing, LetterNumberTooLong,
    LetterDateMissing, NotLookedAt; nothing is changed then.
    """
    number = " ".join(number.split())
    most = Letter.number.type.length  # type: ignore[attr-defined]
    if not number:
        raise LetterNumberMissing
    if len(number) > most:
        raise LetterNumberTooLong(most=most)
    if dated_on is None:
        raise LetterDateMissing
    with writing() as session:
        activities = present_for_change(session, _activity_ids(session, letter_id))
        letter = letter_for_change(session, letter_id, version)
        if letter.state not in TAKES_A_FILE:
            raise LetterEnded
        row = newest(session, letter_id)
        if row is None or row.id != returned_id:
            raise ReturnedFileMissing
        if needs_a_look(report_of(row)) and not sure:
            raise NotLookedAt
        _number(session, letter, number, dated_on, by, now)
        replaced = letter.signed_file_id not in (None, row.file_id)
        letter.signed_file, letter.number, letter.dated_on = row.file, number, dated_on
        letter.state = LetterState.SIGNED
        if letter.corrects is not None and letter.corrects.state in STANDS:
            letter.corrects.state = ENDS[letter.kind]
        audit.record(
            session, by, "letter.signed", letter, now=now, number=number, dated_on=dated_on.isoformat(),
            file=row.file.name, sha256=row.file.sha256, replaced=replaced,
        )  # fmt: skip
        follow_up.draft_if_outdated(session, letter, by=by, now=now)
        waiting.send_waiting(session, activities.values(), now=now)
        return letter


def newest(session: Session, letter_id: int) -> ReturnedFile | None:
    """Return the file that came back last."""
    wanted = sa.select(ReturnedFile).where(ReturnedFile.letter_id == letter_id)
    return session.scalar(wanted.order_by(ReturnedFile.returned_at.desc(), ReturnedFile.id.desc()).limit(1))


def report_of(row: ReturnedFile) -> ReturnReport:
    return codec.from_json(ReturnReport, row.report)


def trusted(session: Session) -> list[bytes]:
    """Return the office's root certificates, each as DER."""
    return list(session.scalars(sa.select(TrustedRoot.der).order_by(TrustedRoot.id)))


def recognise(attached: Sequence[tuple[str, bytes]], *, now: datetime) -> RecognisedFile | None:
    """Return the first of a mail's files whose text has the code of a letter that takes a file; None if there is none.

    It reads each file in a process of its own, so call it outside of transactions. Raise PdfReadersBusy: try again later.
    """
    roots = trusted(db.session())
    db.session.rollback()
    for filename, data in attached:
        try:
            read = returned_pdf.read(data, roots, now=now)
        except PdfRefused as refused:
            log.info("file of a mail not read", reason=type(refused).__name__, size=len(data))
            continue
        codes = codes_in(read.text)[:MOST_CODES]
        if not codes:
            continue
        letter_id = db.session.scalar(
            sa.select(Letter.id)
            .where(Letter.code.in_(codes), Letter.state.in_(TAKES_A_FILE))
            .order_by(Letter.id)
            .limit(1)
        )
        db.session.rollback()
        if letter_id is not None:
            return RecognisedFile(letter_id, data, filename, read)
    return None


def _number(session: Session, letter: Letter, number: str, dated_on: date, by: User | None, now: datetime) -> None:
    """Add a version with number and date, if the letter's last version has others."""
    before = last_values(letter)
    after = letters.written(before, number=number, dated_on=dated_on)
    changed = letters.what_changed(before, after)
    if changed:
        letter.versions.append(
            LetterVersion(
                number=letter.versions[-1].number + 1, values=codec.to_json(after), changed=list(changed), made_at=now,
                made_by_id=by.id if by else None,
            )
        )  # fmt: skip


def _activity_ids(session: Session, letter_id: int) -> set[int]:
    return set(session.scalars(sa.select(Invitation.activity_id).where(waiting.is_on(letter_id))))
