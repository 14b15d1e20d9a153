"""The people and organisations that no mail reaches: the list and the count."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from outreach.delivery.words import whatsapp
from outreach.domain.mail.address_faults import AddressFault
from outreach.extensions import db
from outreach.queries.paging import Page, paged
from outreach.services.addresses import Unreachable, activities_ahead, all_unreachable


def listed(*, now: datetime, number: int = 1, per_page: int = 50) -> Page:
    """Return one page of people and organisations that no mail reaches, by name. Three queries, or two if there are none."""
    whose = all_unreachable(now).subquery()
    page = paged(sa.select(whose).order_by(sa.func.lower(whose.c.name), whose.c.kind, whose.c.id), number, per_page)
    return Page(_rows(page.items, now), page.total, page.number, page.per_page)


def everybody(*, now: datetime) -> list[Unreachable]:
    """Return all of them, by name. Two queries."""
    whose = all_unreachable(now).subquery()
    every = sa.select(whose).order_by(sa.func.lower(whose.c.name), whose.c.kind, whose.c.id)
    return _rows(db.session.execute(every).all(), now)


def _rows(items: Sequence[Any], now: datetime) -> list[Unreachable]:
    ahead = activities_ahead(items, now)
    return [
        Unreachable(
            row.kind, row.id, row.name, row.post, row.address, row.since_at,
            AddressFault(row.fault) if row.fault else None, row.reply, whatsapp.at(row.phone),
            ahead.get((row.kind, row.id), ()),
        )
        for row in items
    ]  # fmt: skip


def count(*, now: datetime) -> int:
    """Return how many people and organisations no mail reaches."""
    return db.session.scalar(sa.select(sa.func.count()).select_from(all_unreachable(now).subquery())) or 0
