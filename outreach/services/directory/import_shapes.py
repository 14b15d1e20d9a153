"""Remembering what users chose for the columns of a spreadsheet, for the next one with the same headings."""

from collections.abc import Mapping
from datetime import datetime
from hashlib import blake2b

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.directory.columns import Layout
from outreach.domain.directory.spreadsheet import Column
from outreach.models import ImportShape
from outreach.transactions import writing

MOST_SHAPES = 1000  # the oldest are forgotten


def remembered(session: Session, layout: Layout) -> dict[int, Column] | None:
    """Return what was chosen last for a sheet of this shape; None if nobody has chosen."""
    kept = session.scalar(sa.select(ImportShape.columns).where(ImportShape.digest == _digest(layout)))
    if kept is None:
        return None
    known = set(Column)
    return {int(index): Column(column) for index, column in kept.items() if column in known}


def remember(guessed: Layout, chosen: Mapping[int, Column], *, now: datetime) -> None:
    """Keep what the user chose for sheets of this shape. guessed: the layout as it was guessed."""
    columns = {str(index): column.value for index, column in chosen.items()}
    with writing() as session:
        session.merge(ImportShape(digest=_digest(guessed), columns=columns, chosen_at=now))
        newest = sa.select(ImportShape.digest).order_by(ImportShape.chosen_at.desc()).limit(MOST_SHAPES)
        session.flush()
        session.execute(sa.delete(ImportShape).where(ImportShape.digest.not_in(newest)))


def _digest(layout: Layout) -> str:
    return blake2b(layout.shape.encode(), digest_size=16).hexdigest()
