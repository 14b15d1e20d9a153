"""A history as the card of a page: its latest entries, by day. views.py shows the whole of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from zoneinfo import ZoneInfo

from outreach.delivery.words import formats
from outreach.models import Invitation, Organisation, Person
from outreach.queries.invitations import history
from outreach.queries.invitations.history import HistoryEntry, HistoryOf
from outreach.web.frame.looks import office_zone
from outreach.web.history import words
from outreach.web.history.words import ToldEntry

LATEST = 20  # entries of a card


@dataclass(frozen=True)
class HistoryDay:
    """The entries of one day. day: in words, in the history's zone."""

    day: str
    entries: list[ToldEntry]


@dataclass(frozen=True)
class HistoryCard:
    """The latest entries of a history, by day. more: how many others there are."""

    days: list[HistoryDay]
    zone: ZoneInfo
    more: int


def zone_of(whose: Invitation | Person | Organisation) -> ZoneInfo:
    return whose.activity.zone if isinstance(whose, Invitation) else office_zone()


def history_of(whose: Invitation | Person | Organisation) -> HistoryOf:
    return history.of_invitation(whose) if isinstance(whose, Invitation) else history.of_invitee(whose)


def by_day(entries: Iterable[HistoryEntry], zone: ZoneInfo, *, of_invitee: bool) -> list[HistoryDay]:
    """Return entries in words, by day, in their order."""
    told = words.told(entries, zone, of_invitee=of_invitee)
    days = groupby(told, key=lambda one: formats.day(one.at, zone))
    return [HistoryDay(day, list(entries)) for day, entries in days]


def card(whose: Invitation | Person | Organisation) -> HistoryCard:
    zone = zone_of(whose)
    latest = history.listed(history_of(whose), per_page=LATEST)
    days = by_day(latest.items, zone, of_invitee=not isinstance(whose, Invitation))
    return HistoryCard(days, zone, latest.total - len(latest.items))
