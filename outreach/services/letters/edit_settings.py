"""Change how letters are written. Everything is tried first: a sample letter is typeset, and what fails is not saved."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256

from outreach.delivery.documents import parts
from outreach.delivery.documents.typeset import TemplateTooSlow, TemplateWrong, press
from outreach.domain.letters import values as letters
from outreach.domain.letters.values import (
    ActivityOnLetter,
    Addressee,
    AgendaLine,
    EarlierLetter,
    LetterKind,
    LetterSettings,
)
from outreach.domain.problems import Problem
from outreach.extensions import db
from outreach.models import Office, User, the_office
from outreach.services import files, office_defaults
from outreach.services.letters import document, make, settings
from outreach.services.letters.facts import LetterFacts
from outreach.services.letters.make import FOLLOWS_ANOTHER
from outreach.transactions import writing

MOST_EMBLEM = 2 * 1024 * 1024  # bytes; it is in every letter
MOST_FORM = 60_000  # characters
SAMPLE_CODE = "CNTH" * 3
TRIED_PPI = 20.0
_PICTURES = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}


class EmblemNoPicture(Problem):
    message = "“%(filename)s” is neither a PNG nor a JPEG picture. Please choose such a file."
    field = "emblem"


class EmblemTooLarge(Problem):
    message = "“%(filename)s” is too large for an emblem. A picture of at most 2 MB is enough."
    field = "emblem"


class TemplateTooLong(Problem):
    message = "The template has more than %(most)s characters. Please shorten it."
    field = "form"


@dataclass(frozen=True)
class Emblem:
    """A picture that was sent. media_type: by its content."""

    data: bytes
    filename: str
    media_type: str

    @property
    def sha256(self) -> str:
        return sha256(self.data).hexdigest()


def emblem_of(data: bytes, filename: str) -> Emblem:
    """Return the picture; raise EmblemNoPicture or EmblemTooLarge. Its name says nothing about what it is."""
    name = files.plain_name(filename)
    if len(data) > MOST_EMBLEM:
        raise EmblemTooLarge(filename=name)
    media_type = next((kind for start, kind in _PICTURES.items() if data.startswith(start)), "")
    if not media_type:
        raise EmblemNoPicture(filename=name)
    return Emblem(data, name, media_type)


def save(values: LetterSettings, version: int, emblem: Emblem | None = None, *, by: User | None, now: datetime) -> None:
    """Store the settings, and the emblem if a new one is given, after a sample of each kind of letter was typeset.

    Raise what settings.check raises, TemplateTooLong, TemplateWrong, TemplateTooSlow, EmblemNoPicture or Stale. Nothing
    is changed then: the last good settings stay in use.
    """
    values = with_emblem(values, emblem)
    settings.check(values)
    if emblem is not None:
        _check_picture(emblem, now)
    for kind in LetterKind if values.form else ():
        preview(values, kind, emblem, ppi=TRIED_PPI, now=now)
    with writing() as session:
        if emblem is not None:
            files.keep(session, emblem.data, emblem.filename, emblem.media_type, by=by, now=now)
        settings.store(session, values, version, by=by, now=now)


def preview(
    values: LetterSettings, kind: LetterKind, emblem: Emblem | None = None, *, ppi: float, now: datetime
) -> list[bytes]:
    """Return a sample letter's pages as PNG, in the office's words. Raise as `save`, but for Stale."""
    settings.check(values, kind)
    if len(values.form) > MOST_FORM:
        raise TemplateTooLong(most=MOST_FORM)
    values = settings.completed(with_emblem(values, emblem), office_defaults.office(db.session))
    maker = document.DocumentMaker(db.session, values.form, emblem.data if emblem else b"")
    return document.pictures(_sample(values, kind, now), draft=True, ppi=ppi, now=now, maker=maker)


def with_emblem(values: LetterSettings, emblem: Emblem | None) -> LetterSettings:
    """Return the settings with a new emblem; the same for None."""
    if emblem is None:
        return values
    return replace(values, letterhead=replace(values.letterhead, emblem=emblem.sha256))


def _check_picture(emblem: Emblem, now: datetime) -> None:
    with press() as own:
        try:
            own.pdf(parts.picture_check(emblem.data), at=now)
        except (TemplateWrong, TemplateTooSlow):
            raise EmblemNoPicture(filename=emblem.filename) from None


def _sample(written: LetterSettings, kind: LetterKind, now: datetime) -> letters.LetterValues:
    zone = office_defaults.zone(db.session)
    day = (now + timedelta(days=14)).astimezone(zone)
    begins = day.replace(hour=8, minute=0, second=0, microsecond=0)
    activity = ActivityOnLetter(
        "Rapat koordinasi pencegahan kekerasan", begins, begins + timedelta(hours=4), zone, "Aula Kantor, Jl. Contoh 1",
        ("Rujukan korban kekerasan",) if kind is LetterKind.SPEAKER_REQUEST else (),
    )  # fmt: skip
    said = LetterFacts(
        (activity,),
        (Addressee(("Kepala Instansi Contoh",)), Addressee(("Ibu Nama Contoh, S.H.", "Lurah Contoh"))),
        (
            AgendaLine("08.00 – 08.30", "Pembukaan", "Kepala Dinas"),
            AgendaLine("08.30 – 12.00", "Paparan dan diskusi", ""),
        ),
    )
    unit = db.session.scalar(the_office(Office.short_name)) or ""
    values = make.values_of(said, kind, SAMPLE_CODE, written, unit=unit)
    if kind in FOLLOWS_ANOTHER:
        first = EarlierLetter(
            "005/123/2027", now.astimezone(zone).date(), written.blocks_of(LetterKind.INVITATION).subject
        )
        earlier = replace(activity, starts_at=begins - timedelta(days=1), ends_at=activity.ends_at - timedelta(days=1))
        before = make.values_of(replace(said, activities=(earlier,)), kind, SAMPLE_CODE, written, unit=unit)
        values = make.following(values, said, written, before, first, unit=unit, reason="Aula dipakai acara lain.")
    return values
