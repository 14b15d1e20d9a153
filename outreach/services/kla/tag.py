"""Tag activities with indicators, also those that are over: evidence is put in order afterwards.

The activity's form sets its tags with its other values (services/activities/edit.py).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from outreach.domain.kla.indicators import codes_of, tags_of
from outreach.domain.problems import Problem
from outreach.models import Activity, User
from outreach.services import audit, office_defaults
from outreach.services.kla import lists
from outreach.services.locking import activities_for_change
from outreach.transactions import writing


class IndicatorUnknown(Problem):
    message = "The list of %(year)s has no indicator %(code)s. Please look at the present list, then choose again."


@dataclass(frozen=True)
class TagChange:
    """Codes to add to an activity's tags, and to take from them. What is in neither stays."""

    add: frozenset[str] = frozenset()
    take: frozenset[str] = frozenset()


def tag(changes: Mapping[int, TagChange], *, by: User | None, now: datetime) -> int:
    """Change the tags of activities, by id, and return how many have changed.

    Raise ActivityMissing, IndicatorUnknown or TooManyTags; nothing is changed then.
    """
    with writing() as session:
        zone = office_defaults.zone(session)
        known: dict[int, Collection[str]] = {}
        changed = 0
        for activity in activities_for_change(session, list(changes)):
            change, year = changes[activity.id], year_of(activity, zone)
            if year not in known:
                known[year] = {one.code for one in lists.of_year(session, year).values.indicators}
            before = codes_of(activity.indicators)
            if unknown := sorted(change.add - set(before) - set(known[year])):
                raise IndicatorUnknown(year=year, code=unknown[0])
            after = tags_of({*before, *change.add} - change.take)
            if after == activity.indicators:
                continue
            was = {"indicators": activity.indicators}
            activity.indicators = after
            changed += 1
            audit.record(
                session, by, "activity.indicators_set", activity, now=now,
                changed=audit.changes(was, {"indicators": after}),
            )  # fmt: skip
    return changed


def year_of(activity: Activity, zone: ZoneInfo) -> int:
    """Return the year whose indicators an activity is about: that of its first day where the office is."""
    return activity.starts_at.astimezone(zone).year
