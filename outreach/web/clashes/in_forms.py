"""Findings on the way to saving something: what blocks is not saved; what the office warns of is shown first, then saved."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from flask import flash, request
from flask_babel import gettext as _

from outreach.domain.planning.rules import ClashKind
from outreach.services.planning.clashes import FoundClashes
from outreach.web.clashes.resolutions import ShownResolution, take
from outreach.web.clashes.shown import ShownClash, shown

MOST = 8  # findings before several activities are made; of more the number is said
WAY = "way"  # the button that fills in a way out
SEEN = "seen"  # the button that saves what was warned of; its value names the warnings that were read


@dataclass(frozen=True)
class Look:
    """rows: what saving would newly bring. digest: names the warnings among them.

    named: whether it is of several activities, so that each row has to say of which.
    """

    rows: tuple[ShownClash, ...] = ()
    named: bool = False

    @property
    def blocking(self) -> list[ShownClash]:
        return [row for row in self.rows if row.blocks]

    @property
    def warnings(self) -> list[ShownClash]:
        return [row for row in self.rows if not row.blocks]

    @property
    def digest(self) -> str:
        told = "\n".join(f"{row.kind} {row.sentence}" for row in self.warnings)
        return hashlib.sha256(told.encode()).hexdigest()[:16] if told else ""

    @property
    def asks(self) -> bool:
        """Return whether to show the warnings before saving: there are some, and just these were not seen yet."""
        return bool(self.warnings) and not self.blocking and request.form.get(SEEN) != self.digest


def look(found: FoundClashes, about: Collection[int], form: Any) -> Look:
    """form: the one that is being saved; a way out that it has no fields for leads to the page that has."""
    return Look(tuple(_fitting(row, form) for row in shown(found, about=about)))


def look_at_many(
    found: FoundClashes, about: Collection[int], *, alike: bool = False, with_resolutions: bool = True
) -> Look:
    """alike: the activities that are made have one form between them. with_ways: it has fields for each, or for all."""
    return Look(tuple(shown(found, about=about, alike=alike, most=MOST, with_resolutions=with_resolutions)), named=True)


def took_a_resolution(form: Any, rows: Mapping[int, Any] | None = None) -> bool:
    """Return whether a way out was pressed, now filled into the form: it is to be shown again. rows: as of `take`."""
    query = request.form.get(WAY)
    if query is None:
        return False
    take(form, query, rows)
    _say_filled_in()
    return True


def came_filled_in(form: Any) -> None:
    """Say so where a form is first shown with what a link put into it, such as a way out that another page offers."""
    if not form._fields.keys().isdisjoint(request.args):
        _say_filled_in()


def _say_filled_in() -> None:
    flash(_("It is filled in below, and not saved yet."), "info")


def _fitting(row: ShownClash, form: Any) -> ShownClash:
    return replace(
        row, resolutions=tuple(fitted for resolution in row.resolutions if (fitted := _fitted(resolution, form)))
    )


def _fitted(resolution: ShownResolution, form: Any) -> ShownResolution | None:
    if resolution.fields is None or resolution.fields.keys() <= form._fields.keys():
        return resolution
    return replace(resolution, fields=None) if resolution.href else None


def refuses_publishing(rows: Collection[ShownClash]) -> bool:
    """Return whether publishing would be refused because of these; it asks nothing of a programme's days."""
    return any(row.blocks and row.kind is not ClashKind.OUTSIDE_PROGRAMME for row in rows)
