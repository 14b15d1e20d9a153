"""Substitutes for somebody on stage: who has the same post elsewhere, and who spoke about the same before.

Pure. queries/ladder/substitutes.py reads the facts, services/ladder/substitutes.py swaps.
"""

import re
from collections.abc import Collection, Iterable
from enum import StrEnum

_WORD = re.compile(r"\w+")
_KINDS_OF_PLACE = frozenset(
    {"kota", "kabupaten", "kab", "kecamatan", "kec", "kelurahan", "kel", "desa", "provinsi", "prov"}
)
_ACTING = frozenset({"plt", "plh", "pj", "pjs"})  # an acting holder has the post, too
_SAYS_NOTHING = frozenset(
    {"acara", "anak", "dalam", "dari", "dengan", "diskusi", "kegiatan", "kota", "materi", "metro", "oleh", "pada", "pembukaan",
     "penutup", "pelatihan", "rapat", "sambutan", "sosialisasi", "tanya", "jawab", "tentang", "untuk", "yang"}
)  # fmt: skip
_LEAST_LETTERS = 4  # shorter words say little about a topic
_LEAST_SHARED = 2  # words that two topics share


class SubstituteReason(StrEnum):
    """Why somebody is proposed, the weightiest first."""

    SAME_POST = "same_post"
    SPOKE_BEFORE = "spoke_before"
    SAME_SECTOR = "same_sector"


WEIGHT = {SubstituteReason.SAME_POST: 4, SubstituteReason.SPOKE_BEFORE: 2, SubstituteReason.SAME_SECTOR: 1}


def words_of(post: str) -> tuple[str, ...]:
    """Return the words of a post, without what says that its holder is acting."""
    words = tuple(_WORD.findall(post.casefold()))
    return words[1:] if words and words[0] in _ACTING else words


def as_place(words: Iterable[str]) -> str:
    """Return the name of a place without its kind: "pringsewu" for "Kabupaten Pringsewu"."""
    found = list(words)
    while found and found[0] in _KINDS_OF_PLACE:
        found.pop(0)
    return " ".join(found)


def endings(post: str) -> set[str]:
    """Return what may be the place at the end of a post; the first word is always part of the post itself."""
    words = words_of(post)
    return {as_place(words[at:]) for at in range(1, len(words))} - {""}


def same_post(post: str, other: str, places: Collection[str]) -> bool:
    """Return whether two posts are equal without their places. places: the names of places among their endings."""
    return bool(_stems(post, places) & _stems(other, places))


def _stems(post: str, places: Collection[str]) -> set[tuple[str, ...]]:
    words = words_of(post)
    if not words:
        return set()
    found = {words[:at] for at in range(1, len(words)) if as_place(words[at:]) in places}
    return found or {words}


def shared_topic(topics: Iterable[str], earlier: Iterable[str]) -> str:
    """Return the earlier topic that shares the most words with one of these topics; "" if none shares enough."""
    wanted = [_telling(topic) for topic in topics]
    best, most = "", 0
    for topic in earlier:
        own = _telling(topic)
        shared = max((len(own & one) for one in wanted if _is_enough(own, one)), default=0)
        if shared > most:
            best, most = topic, shared
    return best


def _is_enough(own: set[str], other: set[str]) -> bool:
    return len(own & other) >= min(_LEAST_SHARED, len(other), len(own)) > 0


def _telling(topic: str) -> set[str]:
    return {
        word for word in _WORD.findall(topic.casefold()) if len(word) >= _LEAST_LETTERS and word not in _SAYS_NOTHING
    }


def rank(reasons: Collection[SubstituteReason], *, blocked: bool, clashes: int) -> tuple[bool, bool, int]:
    """Return what sorts proposals, the best first: those who can come, then those with the weightier reasons."""
    return blocked, clashes > 0, -sum(WEIGHT[reason] for reason in reasons)
