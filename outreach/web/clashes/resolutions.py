"""The ways out of a finding: their words, and where each leads: to the form or page that does it, filled in beforehand."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode
from zoneinfo import ZoneInfo

from flask import url_for
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from outreach.delivery.words.formats import clock, days, moment, short_day
from outreach.domain.clashes import (
    LeaveOut,
    LimitSeats,
    Move,
    OfActivity,
    OfInvitee,
    Replace,
    Represent,
    RespondBy,
    StretchProgramme,
    TakeVenue,
    Way,
)
from outreach.domain.planning.parties import Party, PartyKind
from outreach.domain.planning.plan import Plan, PlannedActivity
from outreach.domain.states import ActivityState
from outreach.models import Activity
from outreach.services.planning import clashes as clashing
from outreach.services.planning.clashes import Standing
from outreach.web.fields.instants import number_of_days, wall_day, wall_time

FIELDS = frozenset(
    {"on", "begins", "ends", "ends_on", "zone", "venue_id", "respond_on", "respond_at", "capacity", "starts_on", "days"}
)
NOT_TOLD = frozenset({"respond_on", "respond_at", "capacity"})  # of a published activity its own form changes these too
OF = "of"  # in a button's value: the activity whose form it fills in
Invitations = Mapping[tuple[int, Party], Standing]


@dataclass(frozen=True)
class WayOut:
    """href: the page that does it. fields: on that page, the values that it fills in; of the activity with that id.

    inside: in the calendar's dialog, whether the page opens in it too. button: name and value of one that does it at once.
    way: what it does to the plan.
    """

    words: str
    href: str
    activity_id: int | None = None
    fields: Mapping[str, str] | None = None
    inside: bool = False
    button: tuple[str, str] | None = None
    way: Way | None = None

    @property
    def query(self) -> str:
        """Return its values as a button's value, for `take`."""
        return urlencode({OF: self.activity_id, **(self.fields or {})})


def invitations_of(ways: Iterable[Way]) -> Invitations:
    """Return the invitations that ways are about, by activity and party. One query, none where there is none."""
    return clashing.invitations_of([(one.activity_id, one.party) for one in ways if isinstance(one, OfInvitee)])


def way_out(plan: Plan, way: Way, invitations: Invitations, about: int | None = None) -> WayOut | None:
    """Return a way as something to press; None where there is no page for it. about: as in findingwords.sentence."""
    if isinstance(way, StretchProgramme):
        return stretched(way) if way.programme_id > 0 else None  # else it is not stored yet
    activity = plan.activities[way.activity_id]
    if isinstance(way, OfInvitee):
        standing = invitations.get((way.activity_id, way.party))
        return _of_invitee(way, standing) if standing else None
    fields = fields_of(activity, way)
    href = href_of(activity, fields) if activity.id > 0 else ""  # what is not stored yet has only its form
    return WayOut(_words(plan, activity, way, about), href, activity.id, fields, way=way)


def stretched(way: StretchProgramme, *, in_its_form: bool = False) -> WayOut:
    """Return the way as a link to the programme's form, or, in it, as what fills it in."""
    lasting = {"starts_on": way.starts_on.isoformat(), "days": str(number_of_days(way.starts_on, way.ends_on))}
    return WayOut(
        _("Let the programme last %(days)s", days=days(way.starts_on, way.ends_on)),
        url_for("programmes.edit", programme_id=way.programme_id, **lasting),  # type: ignore[arg-type]
        fields=lasting if in_its_form else None,
        way=way,
    )


def _of_invitee(way: OfInvitee, standing: Standing) -> WayOut:
    name = way.party.name
    match way:
        case LeaveOut():
            href = url_for("invitations.withdraw", invitation_id=standing.invitation_id)
            return WayOut(_("Do without %(name)s", name=name), href, way=way)
        case Represent():
            href = url_for("invitations.record", invitation_id=standing.invitation_id)
            return WayOut(_("Note who comes for %(name)s", name=name), href, way=way)
        case Replace():
            if way.party.kind is PartyKind.REPRESENTATIVE:
                href = url_for("invitations.record", invitation_id=standing.invitation_id)
            elif standing.on_agenda:
                href = url_for("activities.agenda", activity_id=way.activity_id)
            else:
                href = url_for("invitations.withdraw", invitation_id=standing.invitation_id)
            return WayOut(_("Ask somebody else in place of %(name)s", name=name), href, way=way)


def fields_of(activity: PlannedActivity, way: OfActivity) -> dict[str, str]:
    """Return the values of the activity's form that the way changes, by the names of its fields."""
    match way:
        case Move():
            return times_of(activity.moved(way.starts_at), activity.zone)
        case TakeVenue():
            return {"venue_id": str(way.venue_id)}
        case LimitSeats():
            return {"capacity": str(way.seats)}
        case RespondBy():
            return {
                "respond_on": wall_day(way.respond_by_at, activity.zone).isoformat(),
                "respond_at": f"{wall_time(way.respond_by_at, activity.zone):%H:%M}",
            }


def href_of(activity: PlannedActivity, fields: Mapping[str, str]) -> str:
    """Return the page on which the activity gets these values: a draft's form, a published one's page for moving."""
    if activity.state is ActivityState.DRAFT or not NOT_TOLD.isdisjoint(fields):
        return url_for("activities.edit", activity_id=activity.id, **fields)  # type: ignore[arg-type]
    present = {**times_of(activity, activity.zone), "venue_id": str(activity.venue_id or "")}
    return url_for("activities.move", activity_id=activity.id, **{**present, **fields})  # type: ignore[arg-type]


def take(form: Any, query: str, rows: Mapping[int, Any] | None = None) -> None:
    """Put a way's values into a form that has such fields, as a button's value brought them.

    rows: of a form of several activities, each one's own by its id.
    """
    typed = dict(parse_qsl(query, keep_blank_values=True))
    if rows is not None:
        form = next((row for id, row in rows.items() if typed.get(OF) == str(id)), None)
    for name, value in typed.items():
        if form is not None and name in FIELDS and name in form._fields:
            form[name].process(MultiDict({form[name].name: value}))


def times_of(activity: PlannedActivity | Activity, zone: ZoneInfo) -> dict[str, str]:
    """Return when it is, as the values of a form."""
    first, last = wall_day(activity.starts_at, zone), wall_day(activity.ends_at, zone)
    return {
        "on": first.isoformat(),
        "begins": f"{wall_time(activity.starts_at, zone):%H:%M}",
        "ends": f"{wall_time(activity.ends_at, zone):%H:%M}",
        "ends_on": "" if last == first else last.isoformat(),
        "zone": zone.key,
    }


def _words(plan: Plan, activity: PlannedActivity, way: OfActivity, about: int | None) -> str:
    """Say what is done; of another activity than the one talked about, also of which."""
    of_other = about is not None and activity.id != about
    match way:
        case Move():
            when = _starts(way.starts_at, activity)
            if of_other:
                return _("Move “%(title)s” to %(when)s", title=activity.title, when=when)
            return _("Move it to %(when)s", when=when)
        case TakeVenue():
            venue = plan.places[way.venue_id].name
            if of_other:
                return _("Take %(venue)s for “%(title)s”", venue=venue, title=activity.title)
            return _("Take %(venue)s", venue=venue)
        case LimitSeats():
            return _("Plan only %(seats)s seats", seats=way.seats)
        case RespondBy():
            return _("Want answers by %(deadline)s", deadline=moment(way.respond_by_at, activity.zone))


def _starts(starts_at: datetime, activity: PlannedActivity) -> str:
    return f"{short_day(starts_at, activity.zone)}, {clock(starts_at, activity.zone)}"
