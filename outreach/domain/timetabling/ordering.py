"""Which activity comes after which, as pairs. Pure."""

from collections.abc import Iterable
from graphlib import CycleError, TopologicalSorter

Order = tuple[int, int]  # ids of the activity that comes after, and of the one that comes before it


def circle(orders: Iterable[Order]) -> list[int]:
    """Return ids that would each have to come before the next, the first of them again at the end; none where all is well."""
    sorter: TopologicalSorter[int] = TopologicalSorter()
    for then, first in orders:
        sorter.add(then, first)
    try:
        sorter.prepare()
    except CycleError as error:
        return list(error.args[1])
    return []
