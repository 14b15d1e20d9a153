"""The values of the placeholders for one thing that a mail says: one reader, one invitation, one activity."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask_babel import gettext
from sqlalchemy.orm import object_session

from outreach.delivery import readers, wording
from outreach.delivery.readers import Reader
from outreach.domain.kinds import MailKind
from outreach.domain.reminders import days_ahead
from outreach.domain.states import ANSWERED, InvitationState
from outreach.extensions import db
from outreach.models import Activity, AgendaItem, Attendance, Cadre, Invitation, Office, Person, Programme, Venue

REGION_CODE_OF_A_KELURAHAN = 13  # characters


def values_for(
    invitation: Invitation, reader: Reader, office: Office | None, detail: dict[str, Any], *, now: datetime,
    wanted: Collection[str], kind: MailKind | None = None,
) -> dict[str, str]:  # fmt: skip
    """Return the values by placeholder, in the current locale.

    detail: the reminder's, for a change or cancellation. wanted: placeholders that the text uses; only for those is the
    database asked. kind: the mail's; of a change or cancellation a representative with an address reads themselves.
    """
    activity, zone = invitation.activity, invitation.activity.zone
    contact_name, contact_phone = contact_of(activity.programme, office)
    values = {
        "activity": activity.neutral_title,
        "full_title": "" if activity.title == activity.neutral_title else activity.title,
        "programme": _programme(activity.programme),
        "in_days": wording.in_days(days_ahead(activity.starts_at, now, zone)),
        "day_date": wording.day(activity.starts_at, zone),
        "start": wording.clock(activity.starts_at, zone, with_zone=False),
        "end": wording.clock(activity.ends_at, zone, with_zone=False),
        "zone": wording.clock(activity.starts_at, zone).rpartition(" ")[2],
        "time": wording.span(activity.starts_at, activity.ends_at, zone),
        "when": _when(activity.starts_at, activity.ends_at, zone),
        "registration": wording.clock(activity.registration_at, zone) if activity.registration_at else "",
        "venue": place(activity.venue) or gettext("to be announced"),
        "map": map_url(activity.venue.latitude, activity.venue.longitude) if activity.venue else "",
        "things": activity.things_to_bring,
        "name": reader.name,
        "salutation": readers.salutation(reader),
        "office": "" if reader.represents else readers.organisation_name(invitation),
        "role": wording.label(invitation.role).lower(),
        "quota": str(invitation.quota or ""),
        "deadline": "" if reader.represents else wording.moment(activity.respond_by_at, zone),
        "answer": wording.label(invitation.state) if invitation.state in ANSWERED and not reader.represents else "",
        "ask_again": _ask_again(invitation),
        "representative": "",
        "represents": reader.holder.display_name if reader.represents else "",
        "contact": contact_line(contact_name, contact_phone),
        "contact_name": contact_name,
        "contact_phone": wording.phone(contact_phone),
        "unit": office.short_name if office else "",
        **_topics(activity, invitation.person),
        **_change(activity, detail),
        **reader.links,
    }
    told = kind in (MailKind.CHANGE, MailKind.CANCELLATION) and invitation.representative_email
    if invitation.state is InvitationState.REPRESENTED and not reader.represents and not told:
        values["representative"] = _joined(invitation.representative_name, invitation.representative_post)
    if {"cadre_kind", "kelurahan"} & set(wanted) and invitation.person:
        values |= _cadre(invitation.person)
    if {"n_present", "n_kelurahan"} & set(wanted):
        values |= _attendance(activity)
    return values


def contact_of(programme: Programme | None, office: Office | None) -> tuple[str, str]:
    """Return whom to call and the number (E.164): the programme's contact, else the office's."""
    if programme and (programme.contact_name or programme.contact_phone):
        return programme.contact_name, programme.contact_phone
    if office is None:
        return "", ""
    return office.contact_name or office.short_name, office.contact_phone or office.phone


def contact_line(name: str, phone: str) -> str:
    return _joined(name, wording.phone(phone))


def map_url(latitude: float | None, longitude: float | None) -> str:
    """Return a plain link to a map, by mails and pages alike; "" where a venue's position is not known."""
    if latitude is None or longitude is None:
        return ""
    return f"https://www.openstreetmap.org/?mlat={latitude:.5f}&mlon={longitude:.5f}&zoom=17"


def place(venue: Venue | None) -> str:
    """Return a venue's name and address as a mail says them, also what a change remembers of the old one."""
    return _joined(venue.name, venue.address) if venue else ""


def _programme(programme: Programme | None) -> str:
    if programme is None:
        return ""
    return programme.public_title or gettext("Programme")


def _ask_again(invitation: Invitation) -> str:
    if invitation.state in ANSWERED or invitation.answered_at is not None:
        return gettext("Please confirm your answer for the new time and place.")
    return gettext("Please tell us whether you can come at the new time and place.")


def _joined(*parts: str) -> str:
    return ", ".join(part for part in parts if part)


def _when(starts_at: datetime, ends_at: datetime, zone: ZoneInfo) -> str:
    if starts_at.astimezone(zone).date() != ends_at.astimezone(zone).date():
        return wording.span(starts_at, ends_at, zone)
    return f"{wording.day(starts_at, zone)}, {wording.span(starts_at, ends_at, zone)}"


def _topics(activity: Activity, person: Person | None) -> dict[str, str]:
    items = [item for item in activity.agenda if person is not None and person in item.speakers]
    if not items:
        return {}
    length = sum((item.ends_at - item.starts_at).total_seconds() for item in items)
    return {
        "topic": "; ".join(item.topic for item in items),
        "slot": "; ".join(_slot(activity, item) for item in items),
        "minutes": str(round(length / 60)),
    }


def _slot(activity: Activity, item: AgendaItem) -> str:
    """Return when an item is spoken about; with its day where the activity has several."""
    zone = activity.zone
    span = wording.span(item.starts_at, item.ends_at, zone)
    several = activity.starts_at.astimezone(zone).date() != activity.ends_at.astimezone(zone).date()
    return f"{span} ({wording.day(item.starts_at, zone)})" if several else span


def _change(activity: Activity, detail: dict[str, Any]) -> dict[str, str]:
    values = {"reason": str(detail.get("reason", "") or activity.cancelled_reason)}
    if "old_starts_at" not in detail:
        return values
    zone = ZoneInfo(detail.get("old_zone") or activity.zone.key)
    starts_at = datetime.fromisoformat(detail["old_starts_at"])
    ends_at = datetime.fromisoformat(detail.get("old_ends_at") or detail["old_starts_at"])
    old_venue = str(detail.get("old_venue", ""))
    moved = (starts_at, ends_at, zone.key) != (activity.starts_at, activity.ends_at, activity.zone.key)
    rehoused = old_venue != place(activity.venue)
    if activity.venue is None:
        values["venue"] = gettext("place to be announced")  # there it follows the time, without a label
    return values | {
        "what_changed": _what_changed(moved, rehoused),
        "old_day_date": wording.day(starts_at, zone),
        "old_start": wording.clock(starts_at, zone, with_zone=False),
        "old_end": wording.clock(ends_at, zone, with_zone=False),
        "old_when": _when(starts_at, ends_at, zone),
        "old_venue": old_venue,
    }


def _what_changed(moved: bool, rehoused: bool) -> str:
    if rehoused:
        return gettext("time and place") if moved else gettext("place")
    return gettext("time")


def _cadre(person: Person) -> dict[str, str]:
    roles = [role for role in person.cadre_roles if role.active] or person.cadre_roles
    kinds = dict.fromkeys(wording.label(role.kind) for role in roles)
    names = dict.fromkeys(role.region.name for role in roles)
    if not names and person.region and len(person.region.code) == REGION_CODE_OF_A_KELURAHAN:
        names = {person.region.name: None}
    return {"cadre_kind": ", ".join(kinds), "kelurahan": ", ".join(names)}


def _attendance(activity: Activity) -> dict[str, str]:
    session = object_session(activity) or db.session
    region = sa.func.coalesce(Cadre.region_code, Person.region_code)
    kelurahan = sa.case((sa.func.length(region) == REGION_CODE_OF_A_KELURAHAN, region))
    people, places = session.execute(
        sa.select(sa.func.count(Invitation.person_id.distinct()), sa.func.count(kelurahan.distinct()))
        .select_from(Attendance)
        .join(Invitation, Attendance.invitation_id == Invitation.id)
        .outerjoin(Person, Invitation.person_id == Person.id)
        .outerjoin(Cadre, Cadre.person_id == Person.id)
        .where(Invitation.activity_id == activity.id, Attendance.present.is_(True))
    ).one()
    return {"n_present": str(people or ""), "n_kelurahan": str(places or "")}
