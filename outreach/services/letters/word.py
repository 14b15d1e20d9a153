"""A letter as .docx, for Word or for Srikandi, and the office's own template for it.

A file without the mark KONSEP leaves the office, so the audit log records who took it. The pages of this are web/letters/word.py.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import structlog
from sqlalchemy.orm import Session, scoped_session

from outreach import codec
from outreach.delivery.documents.word import form as shipped_form
from outreach.delivery.documents.word import letters as word_letters
from outreach.delivery.documents.word.render import WordDocument
from outreach.domain.documents import Letterhead, Signatory
from outreach.domain.kinds import LetterKind
from outreach.domain.letters.values import (
    CHANGEABLE,
    Addressee,
    AgendaLine,
    LetterState,
    LetterValues,
    SrikandiTexts,
)
from outreach.domain.problems import Problem
from outreach.domain.zones import zone_name
from outreach.extensions import db
from outreach.models import Letter, LetterVersion, Office, User, the_office
from outreach.services import audit, files, office_defaults
from outreach.services.letters import settings
from outreach.services.letters.compose import LetterSigned
from outreach.services.letters.versions import letter_for_change
from outreach.transactions import writing

log = structlog.get_logger()
MOST_FORM = 5 * 1024 * 1024  # bytes; it is read for each letter


class LetterNotRead(Problem):
    message = "Please read the letter and save it first. Then it can be finished in Word or in Srikandi."


@dataclass(frozen=True)
class OwnForm:
    """A template that an office uploads."""

    data: bytes
    filename: str


def word(version: LetterVersion, *, by: User | None, now: datetime) -> bytes:
    """Return a letter's last version as .docx for Word, and record that it was taken.

    Raise LetterMissing, Stale if there is a later version, LetterNotRead, LetterSigned, or a Problem of the office's template.
    """
    return _taken(version, word_letters.word, "letter.taken_to_word", by=by, now=now)


def konsep(version: LetterVersion, *, by: User | None, now: datetime) -> bytes:
    """The same with Srikandi's variables."""
    return _taken(version, word_letters.konsep, "letter.taken_to_srikandi", by=by, now=now)


def form_in_use(session: Session | scoped_session) -> bytes:
    """Return the template that letters are made from now."""
    own = settings.current(session).values.word_form
    return (own and files.data_of(session, own)) or shipped_form.shipped()


def save(
    own: OwnForm | None, texts: SrikandiTexts, version: int, *, shipped: bool = False, by: User | None, now: datetime
) -> None:
    """Store what is typed into Srikandi and, if one is given, the office's template; shipped: use the shipped one again.

    The template is tried first, in both ways and with all parts. Raise UploadTooLarge, a Problem of render.py, VariableNotOnce,
    LetterCodeMissing, or Stale. Nothing is changed then: the last good template stays in use.
    """
    if own is not None:
        try:
            if len(own.data) > MOST_FORM:
                name = files.plain_name(own.filename)
                raise files.UploadTooLarge(field="form", filename=name, megabytes=MOST_FORM // 1024 // 1024)
            word_letters.check_form(own.data, full=SAMPLE, bare=BARE, at=now)
        except Problem as problem:
            log.warning("word template refused", why=type(problem).__name__, user_id=by.id if by else None)
            raise
    with writing() as session:
        values = replace(settings.stored(session).values, srikandi=texts)
        if own is not None:
            kept = files.keep(session, own.data, own.filename, word_letters.MEDIA_TYPE, by=by, now=now)
            values = replace(values, word_form=kept.sha256)
        elif shipped:
            values = replace(values, word_form="")
        settings.store(session, values, version, by=by, now=now)


def _taken(
    version: LetterVersion, compose: Callable[..., WordDocument], action: str, *, by: User | None, now: datetime
) -> bytes:
    """Make the document before the transaction: nobody waits to write meanwhile."""
    letter_id, seen, session = version.letter_id, version.letter.version, db.session
    _check(version.letter)
    values = codec.from_json(LetterValues, version.values)
    own = settings.current(session).values.word_form
    made = compose(
        values,
        office=session.scalar(the_office(Office.short_name)) or "",
        zone=zone_name(office_defaults.zone(session)),
        at=now,
        emblem=files.data_of(session, values.letterhead.emblem) if values.letterhead.emblem else b"",
        form=files.data_of(session, own) if own else b"",
    )
    number = version.number
    with writing() as transaction:
        letter = letter_for_change(transaction, letter_id, seen)
        _check(letter)
        audit.record(transaction, by, action, letter, now=now, version=number)
    return made.data


def _check(letter: Letter) -> None:
    if letter.state is LetterState.DRAFT:
        raise LetterNotRead
    if letter.state not in CHANGEABLE:
        raise LetterSigned


# With everything that a letter can have, and with little of it, so that a trial meets each part and each gap of a template.
SAMPLE = LetterValues(
    kind=LetterKind.INVITATION,
    subject="Undangan",
    addressees=tuple(Addressee((f"Kepala Instansi Contoh {number}", "Kota Contoh")) for number in range(1, 6)),
    opening="Kami mengundang Bapak/Ibu pada:",
    facts=(("hari/tanggal", "Senin, 18 Januari 2027"), ("waktu", "pukul 08.00 WIB s.d. selesai"), ("tempat", "Aula")),
    closing="Terima kasih.",
    code="CNTH" * 3,
    check_url="https://example.com/l/CNTH-CNTH-CNTH",
    place="Kota Contoh",
    number="005/123/2027",
    nature="Biasa",
    attachments="dua berkas",
    destination="di Tempat",
    signatory=Signatory("Kepala Dinas", "Nama Contoh", "Pembina", "NIP", "19700101 199001 1 001"),
    copies=("Arsip",),
    agenda=(AgendaLine("08.00 – 09.00", "Pembukaan", "Nama Contoh", "Senin, 18 Januari 2027"),),
    letterhead=Letterhead(("PEMERINTAH KOTA CONTOH", "DINAS CONTOH"), ("Jl. Contoh 1",)),
)
BARE = replace(
    SAMPLE, addressees=SAMPLE.addressees[:1], facts=(), copies=(), agenda=(), attachments="", number="", destination="",
    signatory=Signatory(), letterhead=Letterhead(),
)  # fmt: skip
