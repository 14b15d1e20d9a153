"""People's names as they are written in Indonesia: titles before and after, all capitals, single names.

Pure functions. A name is one field and is never split into first and last name. Mixed case is kept as written.
The titles are in data/titles/titles.csv, with their source.
"""

import csv
import re
import unicodedata
from dataclasses import dataclass
from difflib import SequenceMatcher
from importlib import resources

ALIKE = 0.8  # similarity from which two names may be one person's
_LOWER_WORDS = {"bin", "binti", "van", "der", "de"}
_ROMAN = {"II", "III", "IV"}
_NOT_IN_A_NAME = re.compile(r"[=<>@|{}\[\]\\/;:]|https?|www\.", re.IGNORECASE)
_SALUTATION = re.compile(
    r"^(?:bpk|bapak|pak|ibu|bu|sdr|sdri|saudara|saudari|ny|nyonya|tn|tuan)(?:\.\s*|\s+)(?=\S)", re.IGNORECASE
)


def _letters(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())


def _titles() -> list[dict[str, str]]:
    text = (resources.files("outreach") / "data" / "titles" / "titles.csv").read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))


_TITLES = _titles()
_BEFORE_BY_KEY = {_letters(row["title"]): row["title"] for row in _TITLES if row["place"] == "before"}
_AFTER_BY_KEY = {_letters(row["title"]): row["title"] for row in _TITLES if row["place"] == "after"}
_ARM_BY_KEY = {row["title"].casefold().rstrip("."): row["title"] for row in _TITLES if row["place"] == "arm"}
_RANKS = {_letters(row["title"]) for row in _TITLES if row["place"] == "before" and row["source"] in ("army", "police")}
_MAY_BE_NAMES = {"ma", "me", "ba", "bd", "lc", "ns", "mp", "sp", "ss", "ip", "mt"}  # more likely names if without dots


def _any_of(titles: list[str]) -> str:
    return "|".join(sorted((re.escape(title.rstrip(".")) for title in titles), key=len, reverse=True))


_BEFORE_PATTERN = re.compile(
    r"^(?:(?P<title>{})(?:\.\s*|\s+)|(?P<dotted>{})\.\s*)(?=[\w(])".format(
        _any_of([row["title"] for row in _TITLES if row["place"] == "before" and not row["needs_dot"]]),
        _any_of([row["title"] for row in _TITLES if row["place"] == "before" and row["needs_dot"]]),
    ),
    re.IGNORECASE,
)
# What may follow a rank: "Lettu Inf", "Kombes Pol.", "Kolonel Laut (P)", "Brigjen TNI (Purn.)".
_ARM_PATTERN = re.compile(
    r"^(?P<arm>{})(?:\.\s*|\s+)(?=[\w(])".format(_any_of([row["title"] for row in _TITLES if row["place"] == "arm"])),
    re.IGNORECASE,
)
_LONGEST_APART = 4  # words of a title that is written with blanks: "A. Md. Keb."
_CONSULTANT = re.compile(r"\(K[\w.-]{0,8}\)", re.IGNORECASE)  # a subspecialist: "Sp.OG (K)"


@dataclass(frozen=True, slots=True)
class Name:
    """A name with its titles: Name("Siti Rahmawati", before="Dr. Hj.", after="S.H., M.H.")."""

    name: str
    before: str = ""
    after: str = ""

    @property
    def full(self) -> str:
        name = f"{self.before} {self.name}".strip()
        return f"{name}, {self.after}" if self.after else name


def split(written: str) -> Name:
    """Return a written name with its titles separated and in their usual spelling. All capitals become proper case."""
    text = _SALUTATION.sub("", tidy(written))
    before, text = _titles_before(text)
    name, after = _titles_after(text)
    return Name(proper(name) if _one_case(name) else name, " ".join(before), ", ".join(after))


def proper(name: str) -> str:
    """Return a name in usual case: "NUR'AINI BINTI ALI" becomes "Nur'aini binti Ali"."""
    return " ".join(_proper_word(word, index) for index, word in enumerate(name.split()))


def is_name(text: str) -> bool:
    """Return whether the text can be a person's name: it has a letter and nothing typical of formulas or web addresses."""
    return any(letter.isalpha() for letter in text) and not _NOT_IN_A_NAME.search(text)


def key(name: str) -> str:
    """Return the comparison key of a name without titles: its letters and digits only, without accents."""
    if name.isascii():
        return "".join(filter(str.isalnum, name.lower()))
    plain = unicodedata.normalize("NFKD", name)
    return _letters("".join(letter for letter in plain if not unicodedata.combining(letter)))


def rank_of(written: str) -> str:
    """Return the army's or the police's rank that a written name begins with: "Kompol"; "" if there is none."""
    titles, _name = _titles_before(_SALUTATION.sub("", tidy(written)))
    return next((title for title in titles if _letters(title) in _RANKS), "")


def with_rank(written: str, rank: str) -> str:
    """Return a written name with a rank of the army or police in front, in place of one that stands there.

    Another rank, as of a civil servant, does not belong to a name: the name stays as it is.
    """
    usual, said = rank_of(f"{rank} X"), rank_of(written)
    if not usual or usual == said:
        return written
    if not said:
        return f"{usual} {written}"
    titles, name = _titles_before(_SALUTATION.sub("", tidy(written)))
    return " ".join([*(usual if title == said else title for title in titles), name])


def alike(one: str, other: str) -> bool:
    """Return whether two names, as `key` returns them, may be one person's: if something else agrees too."""
    if len(one) >= 5 and len(other) >= 5 and (one in other or other in one):
        return True
    return SequenceMatcher(None, one, other).ratio() >= ALIKE


def without_courtesy(name: str) -> str:
    """Return a name without a leading "Ibu", "Pak" or the like, which is no part of it."""
    return _SALUTATION.sub("", name, count=1)


def tidy(text: str) -> str:
    """Return the text with each run of whitespace as one space, without control and invisible characters."""
    if text.isascii() and text.isprintable():  # most text; the rest is checked character by character
        return text if "  " not in text and text == text.strip() else " ".join(text.split())
    text = unicodedata.normalize("NFC", text)
    kept = (
        " " if c.isspace() else c
        for c in text
        if c.isspace() or unicodedata.category(c) not in ("Cc", "Cf", "Co", "Cs")
    )
    return " ".join("".join(kept).split())


def _titles_before(text: str) -> tuple[list[str], str]:
    found = []
    while match := _BEFORE_PATTERN.match(text):
        written = match["title"] or match["dotted"]
        usual = _BEFORE_BY_KEY[_letters(written)]
        small = written[0].islower() and usual in ("Dr.", "Drg.", "Drh.", "Apt.")  # dr.: physician, Dr.: doctorate
        found.append(usual[0].lower() + usual[1:] if small else usual)
        text = text[match.end() :]
        if _letters(usual) in _RANKS:
            while arm := _ARM_PATTERN.match(text):
                found.append(_ARM_BY_KEY[arm["arm"].casefold()])
                text = text[arm.end() :]
    return found, text


def _titles_after(text: str) -> tuple[str, list[str]]:
    name, *rest = [part.strip() for part in text.split(",")]
    words = name.split()
    trailing: list[str] = []
    while len(words) > 1 and (title := _last_degree(words)):
        trailing.insert(0, title)
    after: list[str] = []
    for part in rest:
        found = _degrees(part.split())
        if found is None:
            return ", ".join([name, *(r for r in rest if r)]), []
        after += found
    return " ".join(words), trailing + after


def _last_degree(words: list[str]) -> str | None:
    """Remove the degree that ends a name without a comma, and return it; None if there is none."""
    consultant = words.pop() if len(words) > 2 and _CONSULTANT.fullmatch(words[-1]) else ""
    for count in range(min(_LONGEST_APART, len(words) - 1), 0, -1):
        last = words[-count:]
        title = _degree(last[0], loose=False) if count == 1 else _apart(last)
        if title:
            del words[-count:]
            return f"{title} {consultant}".rstrip()
    if consultant:
        words.append(consultant)
    return None


def _degrees(words: list[str]) -> list[str] | None:
    """Return the degrees in the text between two commas; None if it is something else."""
    found: list[str] = []
    while words:
        if found and _CONSULTANT.fullmatch(words[0]):
            found[-1] += f" {words.pop(0)}"
            continue
        for count in range(min(_LONGEST_APART, len(words)), 0, -1):
            title = _degree(words[0], loose=True) if count == 1 else _apart(words[:count])
            if title:
                found.append(title)
                del words[:count]
                break
        else:
            return None
    return found


def _apart(words: list[str]) -> str | None:
    """Return a degree that is written with blanks, such as "M. Kes."; all parts but the last end with a dot."""
    key = _letters("".join(words))
    if len(key) < 3 or not all(word.endswith(".") for word in words[:-1]) or len(_letters(words[0])) > 4:
        return None
    return _AFTER_BY_KEY.get(key)


def _degree(word: str, *, loose: bool) -> str | None:
    """Return the degree in its usual spelling, or None if the word is not a degree. loose: the word stands after a comma."""
    if not loose and "." not in word and not word.isupper():
        return None
    if (found := _CONSULTANT.search(word)) and found.start() and found.end() == len(word):
        base = _degree(word[: found.start()], loose=loose)
        return base and base + found[0]
    key = _letters(word)
    usual = _AFTER_BY_KEY.get(key)
    if usual and (loose or "." in word.rstrip(".") or (word.isupper() and key not in _MAY_BE_NAMES)):
        return usual
    if (
        loose
        and key
        and (
            ("." in word and len(key) <= (24 if key.startswith(("sp", "subsp")) else 12))
            or (word.isupper() and len(key) <= 5)
        )
    ):
        return word
    return None


def _one_case(text: str) -> bool:
    return (text.isupper() or text.islower()) and sum(map(str.isalpha, text)) > 1


def _proper_word(word: str, at: int) -> str:
    if at and word.casefold() in _LOWER_WORDS:
        return word.casefold()
    if word.upper() in _ROMAN:
        return word.upper()
    parts = re.split(r"([-.(])", word)
    return "".join(part[:1].upper() + part[1:].lower() for part in parts)


def without(text: str, name: str, put: str) -> str:
    """Return a text with `put` wherever the whole name stands: "Ani" is not in "Aniswati"."""
    return re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", lambda _found: put, text) if name else text
