"""How the office writes its letters: letterhead, signatory, texts. Kept in one row of OfficeLetters."""

from dataclasses import dataclass, fields
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, scoped_session

from outreach import codec
from outreach.delivery.words import formats
from outreach.domain import documents
from outreach.domain.documents import Letterhead
from outreach.domain.letters import values as letters
from outreach.domain.letters.values import LetterKind, LetterSettings
from outreach.domain.problems import Problem
from outreach.models import Office, OfficeLetters, User
from outreach.services import audit, office_defaults
from outreach.services.locking import Stale

codec.write_without_defaults(LetterSettings)


class LetterTextMissing(Problem):
    message = "A letter needs a subject, an opening and a closing. Please write what is missing."


@dataclass(frozen=True)
class StoredSettings:
    """values: with the office's name and address where no letterhead is set. version: of the row, 0 if there is none yet."""

    values: LetterSettings
    version: int


def current(session: Session | scoped_session) -> StoredSettings:
    """Return how the office writes its letters now."""
    found = stored(session)
    return StoredSettings(completed(found.values, office_defaults.office(session)), found.version)


def store(session: Session, values: LetterSettings, version: int, *, by: User | None, now: datetime) -> None:
    """Store checked settings in the caller's transaction; raise Stale. Letters that are made already stay as they are.

    edit_settings.py tries them first.
    """
    office_defaults.lock(session)
    row = session.scalar(_ROW.with_for_update())
    if (row.version if row else 0) != version:
        raise Stale
    before = codec.from_json(LetterSettings, row.values) if row else LetterSettings()
    if row is None:
        row = OfficeLetters(values={})
        session.add(row)
    row.values = codec.to_json(values)
    changed = [one.name for one in fields(LetterSettings) if getattr(before, one.name) != getattr(values, one.name)]
    if changed:
        audit.record(session, by, "office_letters.changed", row, now=now, changed=changed)


def stored(session: Session | scoped_session) -> StoredSettings:
    """Return the settings as they were saved, for the page that changes them: what is taken from the office is empty."""
    row = session.scalar(_ROW)
    return StoredSettings(
        codec.from_json(LetterSettings, row.values) if row else LetterSettings(), row.version if row else 0
    )


def check(values: LetterSettings, only: LetterKind | None = None) -> None:
    """Raise LetterTextMissing, UnknownBlockPlaceholder or StrayBlockBrace; the field is "<kind>_<part>"."""
    for kind in (only,) if only else LetterKind:
        blocks = values.blocks_of(kind)
        for part in ("subject", "opening", "closing"):
            text = getattr(blocks, part)
            if not text.strip():
                raise LetterTextMissing(field=f"{kind.value}_{part}")
            documents.check_blocks(text, letters.PLACEHOLDERS, f"{kind.value}_{part}")


def completed(values: LetterSettings, office: Office | None) -> LetterSettings:
    """Return the settings; what is not set is taken from the office."""
    if office is None:
        return values
    head = values.letterhead
    region = office.region.name
    government = f"PEMERINTAH {region.upper()}" if office.region.level == 2 else ""
    contact = ", ".join(
        part
        for part in (office.address, office.phone and f"Telepon {formats.phone(office.phone)}", office.email)
        if part
    )
    return LetterSettings(
        **{one.name: getattr(values, one.name) for one in fields(LetterSettings)}
        | {
            "letterhead": Letterhead(
                head.lines or tuple(line for line in (government, office.name.upper()) if line),
                head.address or ((contact,) if contact else ()),
                head.emblem,
            ),
            "place": values.place or region.removeprefix("Kota ").removeprefix("Kabupaten "),
        }
    )


_ROW = sa.select(OfficeLetters).order_by(OfficeLetters.id).limit(1)
