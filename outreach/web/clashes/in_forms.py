"""Clashes when a form is saved: blocking clashes prevent saving; warnings are shown once before saving."""

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from flask import flash, request
from flask_babel import gettext as _

from outreach.domain.planning.rules import ClashKind
from outreach.services.planning.clashes import FoundClashes
from outreach.web.clashes.resolutions import ShownResolution, take
from outreach.web.clashes.shown import CommonResolution, ShownClash, common_resolutions, shown
from outreach.web.frame.way_back import leading_back

MOST = 8  # clashes shown before several activities are created; further ones are counted
RESOLUTION = "way"  # name of the button that fills in a resolution
SEEN = "seen"  # name of the button that saves despite warnings; its value is the digest of the warnings that were read


@dataclass(frozen=True)
class ClashPreview:
    """rows: clashes that saving would newly cause. digest: identifies the warnings among them.

    named: whether it is about several activities, so each row has to name its activity. common: the resolutions that
    several rows offer; the rows themselves do not have them.
    """

    rows: tuple[ShownClash, ...] = ()
    named: bool = False
    common: tuple[CommonResolution, ...] = ()

    @property
    def blocking(self) -> list[ShownClash]:
        return [row for row in self.rows if row.blocks]

    @property
    def warnings(self) -> list[ShownClash]:
        return [row for row in self.rows if not row.blocks]

    def with_resolutions(self, change: Callable[[ShownResolution], ShownResolution | None]) -> "ClashPreview":
        """Return the preview with each resolution changed; those for which `change` returns None are left out."""
        rows = (
            replace(row, resolutions=tuple(new for old in row.resolutions if (new := change(old)))) for row in self.rows
        )
        common = (replace(row, resolution=new) for row in self.common if (new := change(row.resolution)))
        return replace(self, rows=tuple(rows), common=tuple(common))

    @property
    def leads_away(self) -> bool:
        """Return whether a resolution is on another page."""
        offered = [*(one for row in self.rows for one in row.resolutions), *(one.resolution for one in self.common)]
        return any(resolution.href for resolution in offered)

    def leading_back(self, here: str) -> "ClashPreview":
        """Return the preview with resolutions on other pages leading back to this address; unchanged if it is ""."""
        return self.with_resolutions(lambda one: replace(one, href=leading_back(one.href, here)) if one.href else one)

    @property
    def digest(self) -> str:
        told = "\n".join(f"{row.kind} {row.sentence}" for row in self.warnings)
        return hashlib.sha256(told.encode()).hexdigest()[:16] if told else ""

    @property
    def asks(self) -> bool:
        """Return whether to show the warnings before saving: there are some, and the user has not seen exactly these."""
        return bool(self.warnings) and not self.blocking and request.form.get(SEEN) != self.digest


def preview_clashes(found: FoundClashes, about: Collection[int], form: Any) -> ClashPreview:
    """Return the clashes for a form, with each resolution once. One without fields in the form leads to the page that has
    them.
    """
    rows = tuple(_fitting(row, form) for row in shown(found, about=about))
    offers = Counter(what for row in rows for what in {_what(resolution) for resolution in row.resolutions})
    several = {what for what, count in offers.items() if count > 1}
    common = [row for row in common_resolutions(found, rows) if _what(row.resolution) in several] if several else []
    preview = ClashPreview(rows).with_resolutions(lambda one: None if _what(one) in several else one)
    return replace(preview, common=tuple(common))


def _what(resolution: ShownResolution) -> object:
    return resolution.resolution or resolution.words


def preview_many(
    found: FoundClashes, about: Collection[int], *, alike: bool = False, with_resolutions: bool = True
) -> ClashPreview:
    """Return the clashes for several new activities. alike: they share one form. with_resolutions: look for resolutions."""
    return ClashPreview(
        tuple(shown(found, about=about, alike=alike, most=MOST, with_resolutions=with_resolutions)), named=True
    )


def took_a_resolution(form: Any, rows: Mapping[int, Any] | None = None) -> bool:
    """Return whether a resolution was pressed. It is filled in, and the form must be shown again. rows: as in `take`."""
    query = request.form.get(RESOLUTION)
    if query is None:
        return False
    take(form, query, rows)
    _say_filled_in()
    return True


def came_filled_in(form: Any) -> None:
    """Tell the user if a link, such as a resolution on another page, filled in a form that is shown for the first time."""
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
    """Return whether these clashes would prevent publishing, which does not check the programme's days."""
    return any(row.blocks and row.kind is not ClashKind.OUTSIDE_PROGRAMME for row in rows)
