"""How long and how hard to look for the best placement, and how that can end. Values."""

from dataclasses import dataclass
from enum import StrEnum


class SearchStatus(StrEnum):
    BEST = "best"  # proven: nothing can be placed better
    FOUND = "found"  # all are placed; whether better is possible is not known, the proposal's gap says how much at most
    IMPOSSIBLE = "impossible"  # proven: they cannot all be placed; the conflicts say why
    UNDECIDED = "undecided"  # not all could be placed in the time given


@dataclass(frozen=True, slots=True)
class Effort:
    """seconds: for making the model and searching; what collides is looked for in as many seconds again, ten at most.

    repeatable: the same answer each time, and on any machine of the kind; `seconds` are then the solver's own measure of work,
    and may last longer. Without it, what a search of more than one worker finds depends on how busy the machine is.
    """

    seconds: float = 10.0
    workers: int = 2
    seed: int = 1
    repeatable: bool = False
