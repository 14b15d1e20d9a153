"""Frames: what all recipients of a mail share is rendered and encoded once; each recipient's values are filled in.

A frame is composed as usual (mail/compose.py) with marks in place of values, and cut at the marks
(mail/frames/slots.py). It serves only recipients whose mails differ in nothing but those values
(mail/frames/outline.py). It is used only after a test: the mail composed before, filled in again, must be the same byte
for byte. Unusual mails are composed each time: those to representatives and to speakers with topics, and those with a code
for the door.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

import structlog
from sqlalchemy.orm import Session

from outreach.delivery.line_ends import whole
from outreach.delivery.mail import door_code, headers
from outreach.delivery.mail.attached import EnclosedFiles
from outreach.delivery.mail.compose import Composed
from outreach.delivery.mail.frames import slots
from outreach.delivery.mail.frames.outline import Outline, OutlineBatch, ValuePattern, values_of
from outreach.delivery.mail.frames.slots import Filling, Frame
from outreach.delivery.mail.kept import KeptFrame, StoredMail, WrittenMail, kept
from outreach.delivery.rows.batch import LineRow, MessageRow, SharedRows

KEPT = 300  # frames, about 15 KB each
TOKEN_LENGTH = len(slots.TOKEN)
log = structlog.get_logger()


class FramedMail(NamedTuple):
    """A mail that can be handed over. recipient: envelope address. write: composes or fills it; call it once."""

    subject: str
    recipient: str
    write: Callable[[], WrittenMail]


@dataclass(frozen=True, slots=True)
class _Proof:
    """The first mail of a pattern, composed as usual, and the values that must give the same mail from the frame."""

    filling: Filling
    data: bytes


@dataclass(frozen=True, slots=True)
class _Framed:
    """frame: None if none can be made. said: texts of a mail with several activities that no value may equal (outline.py).

    stored: how its mails are kept.
    """

    subject: str
    frame: Frame | None
    stored: KeptFrame | None = None
    said: frozenset[str] = frozenset()


class Frames:
    """The frames built so far, kept for one drain. The least recently used are dropped first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[Any, ...], _Proof | _Framed] = OrderedDict()
        self._batch: OutlineBatch | None = None
        self._files: EnclosedFiles | None = None

    def plan(
        self, session: Session, row: MessageRow, lines: Sequence[LineRow], shared: SharedRows, *, now: datetime
    ) -> FramedMail:
        """Return a message's mail that says `lines`. They must be true and in the order of the mail.

        Signed letters get into it when it is written. Raise ValueError without lines, AddressUnusable if no mail can be
        sent to the address.
        """
        if not lines:
            raise ValueError("A mail without lines has nothing to say.")
        batch = self._batch
        if batch is None or batch.shared is not shared or batch.now != now:
            batch = self._batch = OutlineBatch(session, shared, now)
        planned = self._planned(batch, row, lines)
        if not any(line.letters for line in lines):
            return planned
        return self.with_files(session, planned)

    def with_files(self, session: Session, planned: FramedMail) -> FramedMail:
        """Return a mail that gets the bytes of the files that it names when it is written."""
        self._files = self._files or EnclosedFiles(session.get_bind())
        return planned._replace(write=partial(_with_files, planned.write, self._files))

    def _planned(self, batch: OutlineBatch, row: MessageRow, lines: Sequence[LineRow]) -> FramedMail:
        if row.representative_of_id is not None:
            return ready(batch.represented(row, lines))
        recipient = headers.envelope_address(row.email)
        if not row.link_nonce:
            raise LookupError(f"The reader of message {row.id} has no answer link.")
        outline = batch.outline(row, lines)
        token = batch.token_of(row.link_nonce)
        found = values_of(outline, row, lines)
        name = found[0]
        own = batch.has_topics(row, lines) or any(item.kind in door_code.KINDS for item in outline.items)
        if not name or own or len(token) != TOKEN_LENGTH:
            return ready(batch.ordinary(outline, row, lines, token))
        pattern = tuple([found.index(value) if value else -1 for value in found])
        filling = Filling(
            headers.address_field("To", name, recipient),
            batch.date_field,
            headers.named("Message-ID", row.rfc_message_id),
            batch.stamp,
            name,
            recipient,
            token,
            tuple(found),
        )
        framed = outline.framed.get(pattern) or self._framed(batch, outline, pattern)
        if framed is None:  # first of its pattern; the second will use a frame
            composed = batch.ordinary(outline, row, lines, token)
            self._keep((outline.fingerprint, pattern), _Proof(filling, composed.data))
            return ready(composed)
        if framed.frame is None or framed.stored is None or not framed.said.isdisjoint(found):
            return ready(batch.ordinary(outline, row, lines, token))
        return FramedMail(framed.subject, recipient, partial(_write, framed.frame, framed.stored, filling))

    def _framed(self, batch: OutlineBatch, outline: Outline, pattern: ValuePattern) -> _Framed | None:
        """Return the frame; build it if only its proof exists. Return None if there is no proof either."""
        key = (outline.fingerprint, pattern)
        known = self._kept.get(key)
        if known is None:
            return None
        found = known if isinstance(known, _Framed) else _built(batch, outline, pattern, known)
        self._keep(key, found)
        outline.framed[pattern] = found
        return found

    def _keep(self, key: tuple[Any, ...], known: _Proof | _Framed) -> None:
        self._kept[key] = known
        self._kept.move_to_end(key)
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)


def ready(composed: Composed) -> FramedMail:
    """Return a mail that was composed without a frame."""
    data = composed.data
    return FramedMail(composed.subject, composed.recipient, lambda: WrittenMail(data, partial(kept, data)))


def _with_files(write: Callable[[], WrittenMail], files: EnclosedFiles) -> WrittenMail:
    """Write a mail with the bytes of the files that it names. What is kept of it only names them."""
    mail = write()
    return mail._replace(data=files.enclose(mail.data))


def _write(frame: Frame, stored: KeptFrame, filling: Filling) -> WrittenMail:
    data, hidden = frame.lay_both(filling)
    return WrittenMail(data, lambda: StoredMail(stored.compress(hidden), stored))


def _built(batch: OutlineBatch, outline: Outline, pattern: ValuePattern, proof: _Proof) -> _Framed:
    """Return the frame, or one with `frame=None` if the filled mail differs from the composed one."""
    marks = [slots.mark(number) if number >= 0 else "" for number in pattern]
    composed, said = batch.exemplar(outline, marks)
    frame = slots.cut(composed.data, batch.stamp) if whole(composed.data) == composed.data else None
    if frame is None or frame.lay(proof.filling) != proof.data:
        log.warning("frame not used", kinds=[item.kind.value for item in outline.items], built=frame is not None)
        return _Framed("", None)
    return _Framed(composed.subject, frame, KeptFrame(frame.sample(), batch.now.date()), said)
