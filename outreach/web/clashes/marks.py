"""Clashes marked as intended, as pages show them."""

from collections.abc import Iterable
from dataclasses import dataclass

from flask_babel import gettext as _

from outreach.delivery.words.formats import day
from outreach.delivery.words.labels import label
from outreach.models import IntendedClash


@dataclass(frozen=True)
class ShownMark:
    """what: the kind of clash, and whose. by: who marked it, and when."""

    mark: IntendedClash
    what: str
    by: str


def shown_marks(some: Iterable[IntendedClash]) -> list[ShownMark]:
    """Return the marks for display; several people marked together are one."""
    together: dict[tuple[object, ...], list[IntendedClash]] = {}
    for mark in some:
        key = mark.kind, mark.activity_id, mark.other_activity_id, mark.created_at, mark.reason
        together.setdefault(key, []).append(mark)
    return [_shown(group) for group in together.values()]


def _shown(group: list[IntendedClash]) -> ShownMark:
    first = group[0]
    names = ", ".join(mark.person.display_name for mark in group if mark.person)
    on = day(first.created_at.astimezone(first.activity.zone).date())
    by = _("%(name)s, %(day)s", name=first.by.name, day=on) if first.by else on
    return ShownMark(first, f"{label(first.kind)} ({names})" if names else label(first.kind), by)
