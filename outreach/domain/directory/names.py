"""People's names as they are written in Indonesia: titles before and after, all capitals, single names.

Pure functions. A name is one field and is never split into first and last name. Mixed case is kept as written.
"""

import re
import unicodedata
from dataclasses import dataclass

BEFORE = (
    "Prof.", "Dr.", "Drs.", "Dra.", "Drg.", "Drh.", "Ir.", "H.", "Hj.", "K.H.", "KH.", "Ust.", "Apt.", "Ns.", "Pdt.",
    "AKBP", "Kompol", "AKP", "Iptu", "Ipda", "Aiptu", "Aipda", "Bripka", "Brigpol", "Briptu", "Bripda",
    "Letkol", "Mayor", "Kapten", "Lettu", "Letda", "Serma", "Serka", "Sertu", "Serda", "Pelda", "Peltu",
)  # fmt: skip
AFTER = (
    "S.H.", "M.H.", "S.H.I.", "M.Kn.", "S.Pd.", "M.Pd.", "S.Pd.I.", "M.Pd.I.", "S.Pd.SD.", "S.Sos.", "S.Sos.I.", "M.Sos.",
    "S.E.", "M.E.", "M.M.", "S.Ag.", "M.Ag.", "S.Kom.", "M.Kom.", "S.K.M.", "M.K.M.", "M.Kes.", "S.Kep.", "M.Kep.", "Ns.",
    "S.Psi.", "M.Psi.", "S.IP.", "M.IP.", "S.I.K.", "S.STP.", "M.Si.", "S.Si.", "S.T.", "M.T.", "S.P.", "M.P.", "S.S.",
    "M.Hum.", "M.A.", "M.AP.", "S.AP.", "S.I.Kom.", "S.Gz.", "S.Farm.", "S.Ked.", "S.ST.", "S.Tr.Keb.", "S.Keb.", "Bd.",
    "A.Md.", "A.Md.Keb.", "A.Md.Kep.", "A.Ma.Pd.", "A.Ma.", "Sp.A", "Sp.OG", "Sp.KJ", "Sp.PD", "Psikolog", "Ph.D.",
    "Lc.", "B.A.", "Tr.Keb.", "S.Tr.",
)  # fmt: skip

_LOWER_WORDS = {"bin", "binti", "van", "der", "de"}
_ROMAN = {"II", "III", "IV"}
_NOT_IN_A_NAME = re.compile(r"[=<>@|{}\[\]\\/;:]|https?|www\.", re.IGNORECASE)
_SALUTATION = re.compile(
    r"^(?:bpk|bapak|ibu|sdr|sdri|saudara|saudari|ny|nyonya|tn|tuan)(?:\.\s*|\s+)(?=\S)", re.IGNORECASE
)


def _letters(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())


_BEFORE_BY_KEY = {_letters(title): title for title in BEFORE}
_AFTER_BY_KEY = {_letters(title): title for title in AFTER}
_MAY_BE_NAMES = {"ma", "me", "ba", "bd", "lc", "ns", "mp", "sp", "ss", "ip", "mt"}  # more likely names if without dots
_BEFORE_PATTERN = re.compile(
    r"^(?P<title>{})(?:\.\s*|\s+)(?=\w)".format(
        "|".join(sorted((re.escape(t.rstrip(".")) for t in BEFORE), key=len, reverse=True))
    ),
    re.IGNORECASE,
)


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
    return " ".join(_proper_word(word, at) for at, word in enumerate(name.split()))


def is_name(text: str) -> bool:
    """Return whether the text can be a person's name: it has a letter and nothing typical of formulas or web addresses."""
    return any(letter.isalpha() for letter in text) and not _NOT_IN_A_NAME.search(text)


def key(name: str) -> str:
    """Return the comparison key of a name without titles: its letters and digits only, without accents."""
    if name.isascii():
        return "".join(filter(str.isalnum, name.lower()))
    plain = unicodedata.normalize("NFKD", name)
    return _letters("".join(letter for letter in plain if not unicodedata.combining(letter)))


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
        written = match["title"]
        usual = _BEFORE_BY_KEY[_letters(written)]
        small = written[0].islower() and usual in ("Dr.", "Drg.", "Drh.", "Apt.")  # dr.: physician, Dr.: doctorate
        found.append(usual[0].lower() + usual[1:] if small else usual)
        text = text[match.end() :]
    return found, text


def _titles_after(text: str) -> tuple[str, list[str]]:
    name, *rest = [part.strip() for part in text.split(",")]
    words = name.split()
    trailing: list[str] = []
    while len(words) > 1 and (title := _degree(words[-1], loose=False)):
        trailing.insert(0, title)
        words.pop()
    after: list[str] = []
    for part in rest:
        for word in part.split() or []:
            title = _degree(word, loose=True)
            if title is None:
                return ", ".join([name, *(r for r in rest if r)]), []
            after.append(title)
    return " ".join(words), trailing + after


def _degree(word: str, *, loose: bool) -> str | None:
    """Return the degree in its usual spelling, or None if the word is not a degree. loose: the word stands after a comma."""
    if not loose and "." not in word and not word.isupper():
        return None
    key = _letters(word)
    usual = _AFTER_BY_KEY.get(key)
    if usual and (loose or "." in word.rstrip(".") or (word.isupper() and key not in _MAY_BE_NAMES)):
        return usual
    if loose and key and (("." in word and len(key) <= 12) or (word.isupper() and len(key) <= 5)):
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
