"""Whether a password is good enough: how long it is, whether it stands in a list from breaches, and how soon somebody would
guess it (zxcvbn). The list is data/passwords/most-used.txt.gz, with its source.

No rule asks for digits or capitals: NIST SP 800-63B says that such rules make passwords worse.
"""

import gzip
import re
from collections.abc import Collection
from enum import StrEnum
from importlib import resources

from outreach.domain.sign_in.liked_words import LIKED

LEAST = 12  # characters
MOST = 128
GOOD = 3  # of zxcvbn's 0 to 4: guessed in more than 10^8 tries
_RATED = 72  # characters; zxcvbn takes no more
_SHORTEST_WORD = 3
_FEW_WORDS = 3
_OTHER_LETTERS = 6  # beside such words, a password needs at least as many other letters


class PasswordFault(StrEnum):
    """Why a password is refused."""

    SHORT = "short"
    LONG = "long"
    KNOWN = "known"  # many people have it, or a word of it
    OWN = "own"  # made of the name of the account or of the office
    PATTERN = "pattern"  # a sequence, a repetition, keys side by side
    DATE = "date"
    EASY = "easy"


_BY_PATTERN = {
    "spatial": PasswordFault.PATTERN,
    "repeat": PasswordFault.PATTERN,
    "sequence": PasswordFault.PATTERN,
    "date": PasswordFault.DATE,
    "regex": PasswordFault.DATE,  # a year
}


def fault_of(password: str, about: Collection[str] = ()) -> PasswordFault | None:
    """Return why a password is refused, or None. about: texts that others know, such as the names of account and office."""
    if len(password) < LEAST:
        return PasswordFault.SHORT
    if len(password) > MOST:
        return PasswordFault.LONG
    from zxcvbn import zxcvbn  # its word lists take a moment to load, and few requests need them

    own = words_of(about)
    if fault := _made_of(password, own):
        return fault
    rated = zxcvbn(password[:_RATED], user_inputs=[*sorted(own), *LIKED])
    if rated["score"] >= GOOD:
        return PasswordFault.KNOWN if _is_much_used(password) else None
    return _why(rated["sequence"], own)


def _is_much_used(password: str) -> bool:
    """Return whether the list has it, in whatever capitals. Passwords are chosen too seldom for keeping 44,000 in memory."""
    packed = (resources.files("outreach") / "data" / "passwords" / "most-used.txt.gz").read_bytes()
    return password.lower() in gzip.decompress(packed).decode().splitlines()


def words_of(texts: Collection[str]) -> set[str]:
    """Return the words of the texts that a password must not be made of, in lower case; each text as a whole, too."""
    found = set()
    for text in texts:
        lower = text.lower()
        found |= {lower, *re.split(r"[\W_]+", lower)}
    return {word for word in found if len(word) >= _SHORTEST_WORD}


def _made_of(password: str, own: Collection[str]) -> PasswordFault | None:
    """Return the fault of a password that is few known words with hardly anything else. zxcvbn lets two names pass."""
    rest, found = password.lower(), []
    for word in sorted({*own, *LIKED}, key=len, reverse=True):
        while word in rest:
            rest = rest.replace(word, " ", 1)
            found.append(word)
    if not found or len(found) > _FEW_WORDS or sum(letter.isalpha() for letter in rest) >= _OTHER_LETTERS:
        return None
    return PasswordFault.OWN if set(found) & set(own) else PasswordFault.KNOWN


def _why(matches: list[dict[str, object]], own: Collection[str]) -> PasswordFault:
    """Return what weakens it most: the longest part that zxcvbn knows."""
    known = [match for match in matches if match["pattern"] != "bruteforce"]
    if not known:
        return PasswordFault.EASY
    longest = max(known, key=lambda match: len(str(match["token"])))
    if longest["pattern"] == "dictionary":
        return PasswordFault.OWN if longest.get("matched_word") in own else PasswordFault.KNOWN
    return _BY_PATTERN.get(str(longest["pattern"]), PasswordFault.EASY)
