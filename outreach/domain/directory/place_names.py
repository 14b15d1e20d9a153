"""When two spellings of a place mean the same place, and which known places an unknown spelling may have meant.

Pure: the places themselves are services/directory/regions.py.
"""

import re
from collections.abc import Iterable
from difflib import get_close_matches

_PREFIX = re.compile(
    r"^\s*(?:kelurahan|kel|desa|ds|kampung|kp|pekon|nagari|kecamatan|kec|distrik)(?:\s*[.:]\s*|\s+)(?=\S)",
    re.IGNORECASE,
)


def key(name: str) -> str:
    """Return what two spellings of one place have in common: "Kel. Ganjaragung" and "GANJAR AGUNG" are "ganjaragung"."""
    return letters(_PREFIX.sub("", name))


def keys(name: str) -> tuple[str, ...]:
    """Return the keys to look a written name up by: as it stands first, as "Kampung Baru" may be a whole name."""
    return tuple(dict.fromkeys(found for found in (letters(name), key(name)) if found))


def nearest(name: str, known: Iterable[str], limit: int = 2) -> list[str]:
    """Return the known names that look most like `name`, best first; none where nothing is near."""
    by_key = {key(place): place for place in known}
    return [by_key[found] for found in get_close_matches(key(name), by_key, n=limit, cutoff=0.72)]


def letters(text: str) -> str:
    """Return the letters and digits alone, in small letters."""
    return "".join(letter for letter in text.casefold() if letter.isalnum())
