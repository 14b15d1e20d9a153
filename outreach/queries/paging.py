"""One page of a list in two queries, for a list of any length. At most MOST_COUNTED items are counted."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from outreach.extensions import db
from outreach.settings import MOST_COUNTED


@dataclass(frozen=True)
class Page:
    """One page of a list's items. number: from 1. more: the list is longer than `total`, which is MOST_COUNTED."""

    items: Sequence[Any]
    total: int
    number: int
    per_page: int
    q: str = ""
    more: bool = False

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.per_page))

    @property
    def first(self) -> int:
        """Return the position of the page's first item, from 1; 0 on an empty list."""
        return (self.number - 1) * self.per_page + 1 if self.items else 0

    @property
    def last(self) -> int:
        return self.first + len(self.items) - 1 if self.items else 0

    @property
    def numbers(self) -> list[int | None]:
        """Return the page numbers to show: first, last, present and its neighbours, with None for a gap."""
        near = {1, self.pages, *range(max(1, self.number - 1), min(self.pages, self.number + 1) + 1)}
        offered: list[int | None] = []
        for number in sorted(near):
            if offered and offered[-1] is not None and number > offered[-1] + 1:
                offered.append(None)
            offered.append(number)
        return offered

    def __iter__(self) -> Iterator[Any]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def __bool__(self) -> bool:
        return bool(self.items)


def paged(select: sa.Select[Any], number: int = 1, per_page: int = 25, *, q: str = "") -> Page:
    """Return page `number` of the rows of `select`; the last page if `number` is beyond it or beyond MOST_COUNTED items.

    select: must have an order. Items are objects if it selects one entity or column, otherwise rows.
    """
    session = db.session
    counted = sa.select(sa.func.count()).select_from(select.order_by(None).limit(MOST_COUNTED + 1).subquery())
    found_so_far = session.scalar(counted) or 0
    total, more = min(found_so_far, MOST_COUNTED), found_so_far > MOST_COUNTED
    number = min(max(1, number), max(1, -(-total // per_page)))
    if not total:
        return Page([], 0, 1, per_page, q)
    found = session.execute(select.limit(per_page).offset((number - 1) * per_page))
    single = len(select.column_descriptions) == 1
    items: Sequence[Any] = found.unique().scalars().all() if single else found.all()
    return Page(items, total, number, per_page, q, more)
