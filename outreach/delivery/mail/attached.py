"""Signed letters as files attached to mails, byte for byte.

A composed mail only names each file, in a header of its part; `enclose` puts the bytes there when the mail is handed over. So
frames, waiting mails and kept mails stay small, and one file is stored once.
"""

import re
from base64 import encodebytes
from collections import OrderedDict
from collections.abc import Collection, Iterable, Sequence
from email.message import EmailMessage

import sqlalchemy as sa
from flask_babel import gettext
from sqlalchemy.orm import Session

from outreach.delivery.line_ends import WholeMail
from outreach.delivery.rows.letters import AttachedLetter
from outreach.delivery.words import formats
from outreach.domain.kinds import LetterKind, MailKind
from outreach.models import StoredFile

# Whose letters a mail carries. An invitation that goes out late also has what was corrected meanwhile.
CARRIES: dict[MailKind, frozenset[LetterKind]] = {
    MailKind.INVITATION: frozenset({LetterKind.INVITATION, LetterKind.SPEAKER_REQUEST, LetterKind.CORRECTION}),
    MailKind.ASSISTANCE: frozenset({LetterKind.INVITATION, LetterKind.SPEAKER_REQUEST, LetterKind.CORRECTION}),
    MailKind.CHANGE: frozenset({LetterKind.CORRECTION}),
    MailKind.POSTPONEMENT: frozenset({LetterKind.CORRECTION}),
    MailKind.CANCELLATION: frozenset({LetterKind.CANCELLATION}),
    MailKind.WITHDRAWAL: frozenset({LetterKind.CANCELLATION}),
}
MOST_KEPT = 24 * 1024 * 1024  # bytes of encoded files in memory
NAMES_FILE = "X-File"  # so short that the field is never folded
# A boundary of ours begins with "=_", which never occurs in the text of a mail: it is no quoted-printable (RFC 2045, 6.7).
_NAMED = re.compile(rb"%s: ([0-9a-f]{64})\r\n\r\n(?:\r\n)*(?=--=_)" % NAMES_FILE.encode())
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9.]+")


def of_mail(kind: MailKind, letters: Iterable[AttachedLetter]) -> tuple[AttachedLetter, ...]:
    """Return those of an invitation's signed letters that a mail of this kind carries."""
    carried = CARRIES.get(kind, frozenset())
    return tuple(letter for letter in letters if letter.kind in carried)


def sentence(letter: AttachedLetter) -> str:
    """Return what a mail says of an attached letter, in the current language."""
    day = formats.day(letter.dated_on, weekday=False) if letter.dated_on else ""
    match letter.kind:
        case LetterKind.SPEAKER_REQUEST:
            return gettext(
                "Attached is our letter of request no. %(number)s of %(day)s.", number=letter.number, day=day
            )
        case LetterKind.CORRECTION:
            return gettext("Attached is our correction no. %(number)s of %(day)s.", number=letter.number, day=day)
        case LetterKind.CANCELLATION:
            return gettext(
                "Attached is our notice of cancellation no. %(number)s of %(day)s.", number=letter.number, day=day
            )
    return gettext("Attached is our letter of invitation no. %(number)s of %(day)s.", number=letter.number, day=day)


def name_files(mail: EmailMessage, letters: Collection[AttachedLetter]) -> None:
    """Add a part for each letter, with the file's name and without its bytes."""
    for letter in letters:
        mail.add_attachment(b"", maintype="application", subtype="pdf", cte="base64", filename=filename(letter))
        part = mail.get_payload(-1)
        assert isinstance(part, EmailMessage)
        part[NAMES_FILE] = letter.sha256


def filename(letter: AttachedLetter) -> str:
    """Return the name of a letter's file in a mail: "Surat-400.2-7-2027.pdf". Every mail program can keep it."""
    if letter.name:
        return letter.name
    number = _NOT_PLAIN.sub("-", letter.number).strip("-.")
    return f"Surat-{number or letter.sha256[:8]}.pdf"


class EnclosedFiles:
    """The bytes of attached files, encoded for mails; the last ones are kept in memory. bind: of the database."""

    def __init__(self, bind: sa.Engine | sa.Connection) -> None:
        self._bind = bind
        self._kept: OrderedDict[str, bytes] = OrderedDict()

    def enclose(self, data: bytes) -> bytes:
        """Return the mail with the bytes of the files that it names. Raise LookupError if one is not stored."""
        made = _NAMED.sub(lambda found: b"\r\n" + self._encoded(found[1].decode()), data)
        return WholeMail(made) if isinstance(data, WholeMail) else made

    def _encoded(self, sha256: str) -> bytes:
        known = self._kept.get(sha256)
        if known is None:
            known = self._kept[sha256] = encodebytes(stored(self._bind, sha256)).replace(b"\n", b"\r\n")
            while len(self._kept) > 1 and sum(map(len, self._kept.values())) > MOST_KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(sha256)
        return known


def stored(bind: sa.Engine | sa.Connection, sha256: str) -> bytes:
    """Return a file's bytes. Raise LookupError if it is not stored."""
    with Session(bind) as session:
        data = session.scalar(sa.select(StoredFile.data).where(StoredFile.sha256 == sha256).limit(1))
    if data is None:
        raise LookupError(f"The file {sha256} is not stored.")
    return data


def named_in(mail: EmailMessage) -> Sequence[tuple[str, str]]:
    """Return name and SHA-256 of the files that a kept mail names."""
    return [(part.get_filename() or "", part[NAMES_FILE]) for part in mail.walk() if part[NAMES_FILE]]
