"""Compares spellings of place names, and finds known names near an unknown spelling.

Pure functions. services/directory/regions.py holds the places.
"""

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches

_PREFIX = re.compile(
    r"^\s*(?:kelurahan|kel|desa|ds|kampung|kp|pekon|nagari|kecamatan|kec|distrik)(?:\s*[.:]\s*|\s+)(?=\S)",
    re.IGNORECASE,
)

_MARKED = re.compile(r"\b(?:kelurahan|kel|desa|ds)\b\s*[./:]*\s*([^,;/()\n]+)", re.IGNORECASE)
_BETWEEN = re.compile(r"[,;/()\n]|\s-\s")


def key(name: str) -> str:
    """Return the comparison key of a place name: "Kel. Ganjaragung" and "GANJAR AGUNG" both give "ganjaragung"."""
    return letters(_PREFIX.sub("", name))


def keys(name: str) -> tuple[str, ...]:
    """Return the keys under which to search a written name. The whole name comes first: "Kampung Baru" may be a full name."""
    return tuple(dict.fromkeys(found for found in (letters(name), key(name)) if found))


def parts(address: str) -> Iterator[str]:
    """Yield the parts of an address that may name a kelurahan: first what stands after "Kel.", then part by part."""
    for found in _MARKED.finditer(address):
        words = found[1].split()[:4]
        yield from (" ".join(words[:number]) for number in range(len(words), 0, -1))
    yield from (part.strip() for part in _BETWEEN.split(address))


def nearest(name: str, known: Iterable[str], limit: int = 2) -> list[str]:
    """Return the known names most similar to `name`, best first; may be empty."""
    by_key = {key(place): place for place in known}
    return [by_key[found] for found in get_close_matches(key(name), by_key, n=limit, cutoff=0.72)]


def letters(text: str) -> str:
    """Return only the letters and digits, in lower case."""
    return "".join(letter for letter in text.casefold() if letter.isalnum())
