"""The office's texts on privacy: the privacy page and what a parent consents to. Each change makes a version, which stays."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

import sqlalchemy as sa

from outreach.domain.privacy.requests import TextKind
from outreach.domain.problems import Problem
from outreach.extensions import db
from outreach.models import PrivacyText, User
from outreach.services import audit
from outreach.settings import PACKAGE
from outreach.transactions import writing

SHIPPED = 0  # the number of the shipped text
MOST_LETTERS = 8000  # so that the page stays within its 14 KB


class PrivacyTextMissing(Problem):
    message = "Please write the text in both languages."


class PrivacyTextTooLong(Problem):
    message = "The text may have at most %(most)s letters."


class VersionUnknown(Problem):
    message = "There is no such version of this text."


@dataclass(frozen=True)
class TextVersion:
    """number: SHIPPED for the text that came with the program; it has no day."""

    number: int
    texts: dict[str, str]  # by language
    made_at: datetime | None


def versions(kind: TextKind) -> Sequence[TextVersion]:
    """Return all versions of a text, the present one first, the shipped one last."""
    rows = db.session.scalars(
        sa.select(PrivacyText).where(PrivacyText.kind == kind).order_by(PrivacyText.number.desc())
    )
    return [
        *(TextVersion(row.number, {"id": row.text_id, "en": row.text_en}, row.made_at) for row in rows),
        _shipped(kind),
    ]


def current(kind: TextKind) -> TextVersion:
    return versions(kind)[0]


def version(kind: TextKind, number: int) -> TextVersion:
    """Return one version. Raise VersionUnknown."""
    found = next((one for one in versions(kind) if one.number == number), None)
    if found is None:
        raise VersionUnknown
    return found


def save(kind: TextKind, texts: dict[str, str], *, by: User | None, now: datetime) -> bool:
    """Keep a new version; return whether it differs from the present one. Raise PrivacyTextMissing or PrivacyTextTooLong."""
    tidy = {language: texts.get(language, "").replace("\r\n", "\n").strip() for language in ("id", "en")}
    if not all(tidy.values()):
        raise PrivacyTextMissing
    if max(map(len, tidy.values())) > MOST_LETTERS:
        raise PrivacyTextTooLong(most=MOST_LETTERS)
    with writing() as session:
        session.scalars(sa.select(PrivacyText.id).where(PrivacyText.kind == kind).with_for_update()).all()
        present = current(kind)
        if present.texts == tidy:
            return False
        row = PrivacyText(
            kind=kind, number=present.number + 1, text_id=tidy["id"], text_en=tidy["en"], made_at=now,
            made_by_id=by.id if by else None,
        )  # fmt: skip
        session.add(row)
        audit.record(session, by, "privacy_text.changed", row, now=now, name=f"{kind.value} {row.number}")
    return True


@cache
def _shipped(kind: TextKind) -> TextVersion:
    folder = PACKAGE / "data" / "privacy"
    texts = {
        language: (folder / f"{kind.value}.{language}.txt").read_text("utf-8").strip() for language in ("id", "en")
    }
    return TextVersion(SHIPPED, texts, None)
