"""Kota Layak Anak in the demo: the coming days are tagged as a programme, last year's held ones each for itself."""

from collections.abc import Sequence
from datetime import datetime

from outreach.cli.demo.programme import Cast
from outreach.services.kla.tag import TagChange, tag

COMING = ("21",)
# Of the first held activity much is missing: it has no letter, signed list, photos or minutes. Of the second only a letter is.
HELD = (("3", "21"), ("2", "21"))


def tag_coming(cast: Cast, activity_ids: Sequence[int], *, now: datetime) -> None:
    change = TagChange(add=frozenset(COMING))
    tag(dict.fromkeys(activity_ids, change), by=cast.coordinator, now=now)


def tag_held(cast: Cast, activity_ids: Sequence[int], *, now: datetime) -> None:
    changes = {id_: TagChange(add=frozenset(codes)) for id_, codes in zip(activity_ids, HELD, strict=True)}
    tag(changes, by=cast.coordinator, now=now)
