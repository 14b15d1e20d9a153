"""Resolutions of clashes on pages: their words, and the form or page that each leads to, already filled in."""

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
    MoveTo,
    OfActivity,
    OfInvitee,
    Replace,
    Represent,
    Resolution,
    RespondBy,
    StretchProgramme,
    TakeVenue,
)
from outreach.domain.planning.parties import Party, PartyKind
from outreach.domain.planning.plan import Plan, PlannedActivity
from outreach.domain.states import ActivityState
from outreach.models import Activity
from outreach.queries import clashes as clash_pages
from outreach.queries.clashes import InviteeStanding
from outreach.web.fields.instants import number_of_days, wall_day, wall_time

FIELDS = frozenset(
    {"on", "begins", "ends", "ends_on", "zone", "venue_id", "respond_on", "respond_at", "capacity", "starts_on", "days"}
)
NOT_TOLD = frozenset({"respond_on", "respond_at", "capacity"})  # a published activity's edit form has these
OF = "of"  # in a button's value: the activity whose form it fills in
Invitations = Mapping[tuple[int, Party], InviteeStanding]


@dataclass(frozen=True)
class ShownResolution:
    """A resolution as a link or button. href: page that does it. fields: values to fill in for activity_id.

    inside: whether the calendar's dialog can open the page. button: name and value of a button that does it at once.
    resolution: the change to the plan.
    """

    words: str
    href: str
    activity_id: int | None = None
    fields: Mapping[str, str] | None = None
    inside: bool = False
    button: tuple[str, str] | None = None
    resolution: Resolution | None = None

    @property
    def query(self) -> str:
        """Return the values as a button's value, for `take`."""
        return urlencode({OF: self.activity_id, **(self.fields or {})})


def invitations_of(resolutions: Iterable[Resolution]) -> Invitations:
    """Return the invitations that the resolutions are about, by activity and party. One query, or none if there are none."""
    return clash_pages.invitations_of(
        [(resolution.activity_id, resolution.party) for resolution in resolutions if isinstance(resolution, OfInvitee)]
    )


def resolution_link(
    plan: Plan, resolution: Resolution, invitations: Invitations, about: int | None = None
) -> ShownResolution | None:
    """Return a resolution as a link or button, or None if no page does it. about: as in delivery/words/clashes.sentence."""
    if isinstance(resolution, StretchProgramme):
        return stretched(resolution) if resolution.programme_id > 0 else None  # otherwise it is not stored yet
    activity = plan.activities[resolution.activity_id]
    if isinstance(resolution, OfInvitee):
        standing = invitations.get((resolution.activity_id, resolution.party))
        return _of_invitee(resolution, standing) if standing else None
    fields = fields_of(activity, resolution)
    href = href_of(activity, fields) if activity.id > 0 else ""  # an unstored activity has only its form
    return ShownResolution(_words(plan, activity, resolution, about), href, activity.id, fields, resolution=resolution)


def by_timetabling(drafts: Iterable[PlannedActivity]) -> ShownResolution:
    """Return a link to the timetabling form with these drafts ticked."""
    ids = sorted(draft.id for draft in drafts)
    return ShownResolution(_("Place them all automatically"), url_for("placements.new", activity=ids))


def stretched(resolution: StretchProgramme, *, in_its_form: bool = False) -> ShownResolution:
    """Return the resolution as a link to the programme's form, or, inside that form, as values to fill in."""
    lasting = {
        "starts_on": resolution.starts_on.isoformat(),
        "days": str(number_of_days(resolution.starts_on, resolution.ends_on)),
    }
    return ShownResolution(
        _("Let the programme last %(days)s", days=days(resolution.starts_on, resolution.ends_on)),
        url_for("programmes.edit", programme_id=resolution.programme_id, **lasting),  # type: ignore[arg-type]
        fields=lasting if in_its_form else None,
        resolution=resolution,
    )


def _of_invitee(resolution: OfInvitee, standing: InviteeStanding) -> ShownResolution:
    name = resolution.party.name
    match resolution:
        case LeaveOut():
            href = url_for("invitations.withdraw", invitation_id=standing.invitation_id)
            return ShownResolution(_("Do without %(name)s", name=name), href, resolution=resolution)
        case Represent():
            href = url_for("invitations.record", invitation_id=standing.invitation_id)
            return ShownResolution(_("Note who comes for %(name)s", name=name), href, resolution=resolution)
        case Replace():
            if resolution.party.kind is PartyKind.REPRESENTATIVE:
                href = url_for("invitations.record", invitation_id=standing.invitation_id)
            elif standing.on_agenda:
                href = url_for("activities.agenda", activity_id=resolution.activity_id)
            else:
                href = url_for("invitations.withdraw", invitation_id=standing.invitation_id)
            return ShownResolution(_("Ask somebody else in place of %(name)s", name=name), href, resolution=resolution)


def fields_of(activity: PlannedActivity, resolution: OfActivity) -> dict[str, str]:
    """Return the form values that the resolution changes, by field name."""
    match resolution:
        case MoveTo():
            return times_of(activity.moved(resolution.starts_at), activity.zone)
        case TakeVenue():
            return {"venue_id": str(resolution.venue_id)}
        case LimitSeats():
            return {"capacity": str(resolution.seats)}
        case RespondBy():
            return {
                "respond_on": wall_day(resolution.respond_by_at, activity.zone).isoformat(),
                "respond_at": f"{wall_time(resolution.respond_by_at, activity.zone):%H:%M}",
            }


def href_of(activity: PlannedActivity, fields: Mapping[str, str]) -> str:
    """Return the page that sets these values: a draft's form, or a published activity's move page."""
    if activity.state is ActivityState.DRAFT or not NOT_TOLD.isdisjoint(fields):
        return url_for("activities.edit", activity_id=activity.id, **fields)  # type: ignore[arg-type]
    present = {**times_of(activity, activity.zone), "venue_id": str(activity.venue_id or "")}
    return url_for("activities.move", activity_id=activity.id, **{**present, **fields})  # type: ignore[arg-type]


def take(form: Any, query: str, rows: Mapping[int, Any] | None = None) -> None:
    """Put a resolution's values, from a button's value, into a form with such fields.

    rows: for a form with several activities, the row of each by its id.
    """
    typed = dict(parse_qsl(query, keep_blank_values=True))
    if rows is not None:
        form = next((row for id, row in rows.items() if typed.get(OF) == str(id)), None)
    for name, value in typed.items():
        if form is not None and name in FIELDS and name in form._fields:
            form[name].process(MultiDict({form[name].name: value}))


def times_of(activity: PlannedActivity | Activity, zone: ZoneInfo) -> dict[str, str]:
    """Return the activity's time as form values."""
    first, last = wall_day(activity.starts_at, zone), wall_day(activity.ends_at, zone)
    return {
        "on": first.isoformat(),
        "begins": f"{wall_time(activity.starts_at, zone):%H:%M}",
        "ends": f"{wall_time(activity.ends_at, zone):%H:%M}",
        "ends_on": "" if last == first else last.isoformat(),
        "zone": zone.key,
    }


def _words(plan: Plan, activity: PlannedActivity, resolution: OfActivity, about: int | None) -> str:
    """Return what the resolution does. It names the activity if that is not the one in question."""
    of_other = about is not None and activity.id != about
    match resolution:
        case MoveTo():
            when = _starts(resolution.starts_at, activity)
            if of_other:
                return _("Move “%(title)s” to %(when)s", title=activity.title, when=when)
            return _("Move it to %(when)s", when=when)
        case TakeVenue():
            venue = plan.places[resolution.venue_id].name
            if of_other:
                return _("Take %(venue)s for “%(title)s”", venue=venue, title=activity.title)
            return _("Take %(venue)s", venue=venue)
        case LimitSeats():
            return _("Plan only %(seats)s seats", seats=resolution.seats)
        case RespondBy():
            return _("Want answers by %(deadline)s", deadline=moment(resolution.respond_by_at, activity.zone))


def _starts(starts_at: datetime, activity: PlannedActivity) -> str:
    return f"{short_day(starts_at, activity.zone)}, {clock(starts_at, activity.zone)}"
