"""The indicators of Kota Layak Anak of one year: read from a table, written as one, compared with those before.

An activity is tagged with codes of indicators. They are one text, such as "7, 12", so that forms, the audit log and spreadsheets
show the same. Pure: files are opened by services/kla/lists.py.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from outreach.domain.directory.names import tidy
from outreach.domain.kla.evidence import KIND_OF, WORDS, EvidenceKind
from outreach.domain.problems import Problem

FIRST_YEAR, LAST_YEAR = 2011, 2199  # the first indicators were published in 2011
MOST_INDICATORS = 200
MOST_IN_A_CODE = 12
MOST_IN_A_CLUSTER = 120
MOST_IN_A_NAME = 300
MOST_IN_A_SOURCE = 500
MOST_TAGS = 30  # of one activity
MOST_IN_TAGS = MOST_TAGS * (MOST_IN_A_CODE + 2)
MOST_REFUSED = 50  # rows that are named at once
COMMENT = "#"
SOURCE = "sumber:"
COLUMNS = ("kode", "klaster", "indikator", "bukti")
_HEADINGS = {
    "kode": "kode", "code": "kode", "no": "kode", "nomor": "kode", "klaster": "klaster", "cluster": "klaster",
    "indikator": "indikator", "indicator": "indikator", "bukti": "bukti", "evidence": "bukti",
}  # fmt: skip
_CODE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")
_SEPARATOR = re.compile(r"[,;/]")
_NOTHING = frozenset({"", "-", "–"})
Cell = str | float | int | bool | None


class IndicatorRowRefused(Problem):
    """A row of the table that cannot be taken."""

    message = "Row %(row)s cannot be read."


class CodeMissing(IndicatorRowRefused):
    message = "Row %(row)s has no code. Please write one, such as 7."


class CodeOdd(IndicatorRowRefused):
    message = "Row %(row)s: “%(code)s” cannot be a code. Please use at most %(most)s letters, digits, dots or hyphens: 7, or 21a."


class CodeTwice(IndicatorRowRefused):
    message = "Row %(row)s: the code %(code)s stands in row %(first)s already. Each indicator needs a code of its own."


class ClusterMissing(IndicatorRowRefused):
    message = "Row %(row)s: indicator %(code)s has no cluster, such as Kelembagaan."


class IndicatorNameMissing(IndicatorRowRefused):
    message = "Row %(row)s: indicator %(code)s has no name."


class IndicatorTextTooLong(IndicatorRowRefused):
    message = "Row %(row)s: the name or the cluster of indicator %(code)s is too long: at most %(most)s characters."


class EvidenceUnknown(IndicatorRowRefused):
    message = "Row %(row)s: “%(word)s” is no kind of evidence. Please use %(known)s, with commas between them."


class HeadingsMissing(IndicatorRowRefused):
    message = "The first row must name the columns kode, klaster, indikator and bukti. These are missing: %(columns)s."


class NoIndicators(Problem):
    message = "There is no indicator in this table."
    field = "file"


class TooManyIndicators(Problem):
    message = "This table has more than %(most)s indicators. Please remove what is no indicator."
    field = "file"


class TableRefused(Problem):
    """refused: the rows that cannot be taken, each with its sentence; at most MOST_REFUSED."""

    message = (
        "Nothing was taken, because some rows are not right yet. Please correct them in your file, and choose it again."
    )
    field = "file"

    def __init__(self, refused: Sequence[IndicatorRowRefused]) -> None:
        super().__init__()
        self.refused = tuple(refused)


class TooManyTags(Problem):
    message = "An activity can be tagged with at most %(most)s indicators."
    field = "indicators"


@dataclass(frozen=True)
class Indicator:
    """evidence: what the office expects to show of each activity, in the order of EvidenceKind; it may be nothing."""

    code: str
    cluster: str
    name: str
    evidence: tuple[EvidenceKind, ...] = ()

    @property
    def folder(self) -> str:
        """Return its name among folders, which sort as their numbers do: "indikator-07"."""
        digits = re.match(r"\d+", self.code)
        return f"indikator-{self.code.zfill(2 + len(self.code) - digits.end()) if digits else self.code}".lower()


@dataclass(frozen=True)
class IndicatorList:
    """source: who published them and when, as the file says."""

    indicators: tuple[Indicator, ...]
    source: str = ""

    def find(self, code: str) -> Indicator | None:
        return next((one for one in self.indicators if one.code == code), None)

    @property
    def clusters(self) -> dict[str, list[Indicator]]:
        """Return the indicators by cluster, in the order of the file."""
        found: dict[str, list[Indicator]] = {}
        for one in self.indicators:
            found.setdefault(one.cluster, []).append(one)
        return found


@dataclass(frozen=True)
class IndicatorChanges:
    """What a new list changes. renamed, changed: (before, after); changed: the cluster or the evidence."""

    new: tuple[Indicator, ...]
    renamed: tuple[tuple[Indicator, Indicator], ...]
    changed: tuple[tuple[Indicator, Indicator], ...]
    gone: tuple[Indicator, ...]
    same: int


def read(rows: Iterable[Sequence[Cell]]) -> IndicatorList:
    """Return the list that a table holds. Rows that begin with “#” are remarks, of which one may say the source.

    Raise TableRefused, NoIndicators or TooManyIndicators.
    """
    source, columns = "", None
    found: list[Indicator] = []
    refused: list[IndicatorRowRefused] = []
    rows_of: dict[str, int] = {}
    for number, row in enumerate(rows, 1):
        cells = [_text(cell) for cell in row]
        if not any(cells):
            continue
        if next(filter(None, cells)).startswith(COMMENT):
            source = source or _source(cells)
            continue
        if columns is None:
            columns = _columns(cells)
            missing = [name for name in COLUMNS if name not in columns]
            if missing:
                raise TableRefused([HeadingsMissing(row=number, columns=", ".join(missing))])
            continue
        if len(found) > MOST_INDICATORS:
            raise TooManyIndicators(most=MOST_INDICATORS)
        try:
            one = _indicator(number, {name: cells[at] if at < len(cells) else "" for name, at in columns.items()})
            if first := rows_of.get(one.folder):
                raise CodeTwice(row=number, code=one.code, first=first)
        except IndicatorRowRefused as problem:
            refused.append(problem)
            continue
        rows_of[one.folder] = number
        found.append(one)
    if refused:
        raise TableRefused(refused[:MOST_REFUSED])
    if not found:
        raise NoIndicators
    if len(found) > MOST_INDICATORS:
        raise TooManyIndicators(most=MOST_INDICATORS)
    return IndicatorList(tuple(found), source[:MOST_IN_A_SOURCE])


def separator(text: str) -> str:
    """Return what separates the cells of a CSV file: the heading tells, because names of indicators contain commas."""
    lines = (line for line in text.splitlines() if line.strip(" \t;,") and not line.lstrip('"').startswith(COMMENT))
    heading = next(lines, "")
    return max(";\t,", key=heading.count)


def written(values: IndicatorList) -> Iterator[tuple[str, ...]]:
    """Yield the rows of a table that `read` takes, with remarks for those who change it."""
    if values.source:
        yield (f"{COMMENT} Sumber: {values.source}",)
    yield (
        f"{COMMENT} Pilihan untuk kolom bukti: {', '.join(some[0] for some in WORDS.values())}. Tanda - berarti tidak ada.",
    )
    yield COLUMNS
    for one in values.indicators:
        yield one.code, one.cluster, one.name, ", ".join(WORDS[kind][0] for kind in one.evidence) or "-"


def compare(before: IndicatorList, after: IndicatorList) -> IndicatorChanges:
    known, wanted = ({one.code: one for one in values.indicators} for values in (before, after))
    pairs = [(known[code], one) for code, one in wanted.items() if code in known]
    return IndicatorChanges(
        new=tuple(one for code, one in wanted.items() if code not in known),
        renamed=tuple(pair for pair in pairs if pair[0].name != pair[1].name),
        changed=tuple((old, new) for old, new in pairs if old.name == new.name and old != new),
        gone=tuple(one for code, one in known.items() if code not in wanted),
        same=sum(old == new for old, new in pairs),
    )


def codes_of(tags: str) -> tuple[str, ...]:
    """Return the codes in an activity's tags."""
    return tuple(code for part in tags.split(",") if (code := part.strip()))


def tags_of(codes: Collection[str]) -> str:
    """Return the tags with these codes, each once, in order. Raise TooManyTags."""
    each = sorted(set(codes), key=in_order)
    if len(each) > MOST_TAGS:
        raise TooManyTags(most=MOST_TAGS)
    return ", ".join(each)


def is_code(text: str) -> bool:
    return len(text) <= MOST_IN_A_CODE and _CODE.fullmatch(text) is not None


def in_order(code: str) -> list[tuple[int, str]]:
    """Return the key that sorts 7 before 12, and 21 before 21a."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.findall(r"\d+|\D+", code)]


def _columns(cells: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for at, cell in enumerate(cells):
        if name := _HEADINGS.get(cell.casefold().strip(" .")):
            found.setdefault(name, at)
    return found


def _source(cells: Sequence[str]) -> str:
    """Return the source that a remark names. A separator in its sentence may have cut it into several cells."""
    said = tidy(" ".join(filter(None, cells)).lstrip(COMMENT))
    return said[len(SOURCE) :].strip() if said.casefold().startswith(SOURCE) else ""


def _indicator(row: int, said: dict[str, str]) -> Indicator:
    code, cluster, name = said["kode"], said["klaster"], said["indikator"]
    if not code:
        raise CodeMissing(row=row)
    if not is_code(code):
        raise CodeOdd(row=row, code=code[:40], most=MOST_IN_A_CODE)
    if not cluster:
        raise ClusterMissing(row=row, code=code)
    if not name:
        raise IndicatorNameMissing(row=row, code=code)
    for text, most in ((name, MOST_IN_A_NAME), (cluster, MOST_IN_A_CLUSTER)):
        if len(text) > most:
            raise IndicatorTextTooLong(row=row, code=code, most=most)
    return Indicator(code, cluster, name, _evidence(row, said["bukti"]))


def _evidence(row: int, text: str) -> tuple[EvidenceKind, ...]:
    if text in _NOTHING:
        return ()
    words = [tidy(word) for word in _SEPARATOR.split(text)]
    for word in words:
        if word and word.casefold() not in KIND_OF:
            raise EvidenceUnknown(row=row, word=word[:40], known=", ".join(some[0] for some in WORDS.values()))
    wanted = {KIND_OF[word.casefold()] for word in words if word}
    return tuple(kind for kind in EvidenceKind if kind in wanted)


def _text(cell: Cell) -> str:
    """Return a cell as text. A spreadsheet stores a code such as 7 as the number 7.0."""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return "" if cell is None else tidy(str(cell))
