"""What is missing of the evidence for Kota Layak Anak, on paper. templates/kla/missing.typ is its form."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from outreach.delivery.documents import parts
from outreach.delivery.documents.typeset import MAIN, Press
from outreach.settings import TEMPLATES

FORM = TEMPLATES / "kla" / "missing.typ"


@dataclass(frozen=True)
class MissingRow:
    """An activity that was held, and what is missing of it; nothing if all is there."""

    day: str
    activity: str
    missing: tuple[str, ...]


@dataclass(frozen=True)
class MissingSection:
    """An indicator. remark: why it has no rows, or what is ahead."""

    heading: str
    expected: str
    rows: tuple[MissingRow, ...]
    remark: str = ""


@dataclass(frozen=True)
class MissingPaper:
    """notes: what was left out of the bundle, and why."""

    title: str
    subject: str
    made: str
    intro: str
    sections: tuple[MissingSection, ...]
    notes_heading: str
    notes: tuple[str, ...]
    words: Mapping[str, str]

    @property
    def text(self) -> str:
        """Return the same as plain text."""
        lines = [self.title, self.subject, "", self.intro]
        for section in self.sections:
            lines += ["", section.heading, f"{self.words['expected']}: {section.expected}"]
            lines += [
                f"- {row.day}, {row.activity}: {'; '.join(row.missing) or self.words['complete']}"
                for row in section.rows
            ]
            lines += [section.remark] if section.remark else []
        if self.notes:
            lines += ["", self.notes_heading, *(f"- {note}" for note in self.notes)]
        return "\n".join([*lines, "", self.made, ""])


def pdf(paper: MissingPaper, *, at: datetime, on: Press) -> bytes:
    """Return it as PDF. on: a running process. Raise CharacterWithoutFont."""
    return on.pdf({MAIN: FORM.read_bytes(), "missing.json": parts.data(asdict(paper))}, at=at)
