"""The placeholders' values for one line of a mail: one recipient, one invitation, one activity."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote_plus
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask_babel import gettext
from sqlalchemy.orm import Session

from outreach import codec
from outreach.delivery.mail import merge_lines as merging
from outreach.delivery.mail.recipient import REGION_CODE_OF_A_KELURAHAN, Recipient
from outreach.delivery.rows.batch import LineRow
from outreach.delivery.words import formats, labels
from outreach.domain import materials
from outreach.domain.answers import answer_by
from outreach.domain.kinds import MailKind
from outreach.domain.reminders.due import days_ahead
from outreach.domain.states import ANSWERED, InvitationState
from outreach.models import Activity, AgendaItem, Attendance, Cadre, Invitation, Office, Person, Programme, Venue

ATTENDANCE = frozenset({"n_present", "n_kelurahan"})


def values_for(
    line: LineRow, activity: Activity, recipient: Recipient, office: Office | None, detail: Mapping[str, Any], *,
    now: datetime, kind: MailKind | None = None,
) -> dict[str, str]:  # fmt: skip
    """Return the values by placeholder, in the current locale. The caller adds those of attendance_of.

    detail: the reminder's, for a change, postponement or cancellation. kind: the mail's. A representative with an address gets
    changes, postponements and cancellations themselves.
    """
    zone = activity.zone
    contact_name, contact_phone = contact_of(activity.programme, office)
    # The text of a postponement itself says that its time is the former one.
    off = None if kind is MailKind.POSTPONEMENT else kind
    return {
        "activity": activity.neutral_title,
        "full_title": "" if activity.title == activity.neutral_title else activity.title,
        "programme": programme(activity.programme),
        "in_days": formats.in_days(days_ahead(activity.starts_at, now, zone)),
        "day_date": merging.former(formats.day(activity.starts_at, zone), activity, off),
        "start": formats.clock(activity.starts_at, zone, with_zone=False),
        "end": formats.clock(activity.ends_at, zone, with_zone=False),
        "zone": formats.clock(activity.starts_at, zone).rpartition(" ")[2],
        "time": formats.span(activity.starts_at, activity.ends_at, zone),
        "when": merging.former(when(activity.starts_at, activity.ends_at, zone), activity, off),
        "registration": formats.clock(activity.registration_at, zone) if activity.registration_at else "",
        "venue": place(activity.venue) or gettext("to be announced"),
        "map": map_url(activity.venue.latitude, activity.venue.longitude) if activity.venue else "",
        "things": activity.things_to_bring,
        "name": recipient.name,
        "salutation": recipient.salutation,
        "office": "" if recipient.represents or recipient.assists else line.organisation_name or recipient.organisation,
        "role": labels.label(line.role).lower(),
        "cadre_kind": recipient.cadre_kinds,
        "kelurahan": recipient.kelurahan,
        "quota": str(line.quota or ""),
        "deadline": "" if recipient.represents and kind is not MailKind.APPOINTMENT else _deadline(line, activity, now),
        "materials_by": _materials_by(activity, office),
        "answer": labels.label(line.state) if line.state in ANSWERED and not recipient.represents else "",
        "ask_again": _ask_again(line),
        "representative": "" if recipient.represents else representative(line, kind),
        "represents": recipient.represents,
        "invitee": recipient.assists or recipient.represents or recipient.name,
        "contact": contact_line(contact_name, contact_phone),
        "contact_name": contact_name,
        "contact_phone": formats.phone(contact_phone),
        "helpline": _helpline(activity, recipient),
        "unit": office.short_name if office else "",
        **_topics(activity, recipient.person_id, to_assistant=bool(recipient.assists)),
        **_change(activity, detail),
        **recipient.links(line),
    }


def substitution_of(session: Session, detail: Mapping[str, Any] | None) -> dict[str, str]:
    """Return the names of the former speaker and of the substitute. The reminder names their invitations."""
    names = {}
    for role in ("former", "substitute"):
        invitation = session.get(Invitation, (detail or {}).get(role))
        names[role] = invitation.invitee.display_name if invitation else ""
    return names


def answer_until(line: LineRow, activity: Activity, now: datetime) -> datetime | None:
    """Return until when the invitee may answer by link; None if that has passed."""
    until = answer_by(activity.respond_by_at, activity.starts_at, line.invited_at or now)
    return until if now < until else None


def _deadline(line: LineRow, activity: Activity, now: datetime) -> str:
    until = answer_until(line, activity, now)
    return formats.moment(until, activity.zone) if until else ""


def _materials_by(activity: Activity, office: Office | None) -> str:
    usual = office.materials_days if office else materials.DAYS
    days = usual if activity.materials_days is None else activity.materials_days
    return formats.moment(materials.wanted_by(activity.starts_at, activity.zone, days), activity.zone)


def _helpline(activity: Activity, recipient: Recipient) -> str:
    """Return the sentence that names the helpline; "" if it could harm the recipient, or the activity's mails leave it out."""
    if not activity.names_helpline or recipient.shares_phone:
        return ""
    return gettext("If you see or suffer violence, call SAPA 129 or send WhatsApp to 08111-129-129.")


def representative(line: LineRow, kind: MailKind | None) -> str:
    """Return the representative with post; "" if there is none or they get a mail of this kind themselves.

    For an organisation: its nominees that no mail reaches. A representative whom a mail had told gets a withdrawal of their own.
    """
    if line.quota:
        return line.unreached
    if line.leaves is not None:
        return ""
    if kind is MailKind.WITHDRAWAL:
        return "" if line.representative_told else _joined(line.representative_name, line.representative_post)
    told = kind in (MailKind.CHANGE, MailKind.POSTPONEMENT, MailKind.CANCELLATION) and line.representative_email
    if line.state is not InvitationState.REPRESENTED or told:
        return ""
    return _joined(line.representative_name, line.representative_post)


def contact_of(programme: Programme | None, office: Office | None) -> tuple[str, str]:
    """Return name and number (E.164) for questions: the programme's contact, else the office's."""
    if programme and (programme.contact_name or programme.contact_phone):
        return programme.contact_name, programme.contact_phone
    if office is None:
        return "", ""
    return office.contact_name or office.short_name, office.contact_phone or office.phone


def contact_line(name: str, phone: str) -> str:
    return _joined(name, formats.phone(phone))


def map_url(latitude: float | None, longitude: float | None, address: str = "") -> str:
    """Return a plain map link, the same in mails and pages; "" if a venue's position is unknown.

    address: what to search for if there are no coordinates.
    """
    if latitude is None or longitude is None:
        return f"https://www.google.com/maps/search/?api=1&query={quote_plus(address)}" if address else ""
    return f"https://www.openstreetmap.org/?mlat={latitude:.5f}&mlon={longitude:.5f}&zoom=17"


def place(venue: Venue | None) -> str:
    """Return a venue's name and address as in mails. A change also stores the old venue in this form."""
    return _joined(venue.name, venue.address) if venue else ""


def programme(programme: Programme | None) -> str:
    """Return a programme's neutral title, or the general word; "" for none."""
    if programme is None:
        return ""
    return programme.public_title or gettext("Programme")


def _ask_again(line: LineRow) -> str:
    if line.state in ANSWERED or line.answered_at is not None:
        return gettext("Please confirm your answer for the new time and place.")
    return gettext("Please tell us whether you can come at the new time and place.")


def _joined(*parts: str) -> str:
    return ", ".join(part for part in parts if part)


def when(starts_at: datetime, ends_at: datetime, zone: ZoneInfo) -> str:
    """Return day and time: "Senin, 18 Januari 2027, 08.00–12.00 WIB". If it lasts several days, return both instants."""
    if starts_at.astimezone(zone).date() != ends_at.astimezone(zone).date():
        return formats.span(starts_at, ends_at, zone)
    return f"{formats.day(starts_at, zone)}, {formats.span(starts_at, ends_at, zone)}"


def _topics(activity: Activity, person_id: int | None, *, to_assistant: bool = False) -> dict[str, str]:
    items = _spoken(activity, person_id)
    if not items:
        return {}
    slot = turns(activity, person_id)
    turn = gettext("their turn: %(slot)s", slot=slot) if to_assistant else gettext("your turn: %(slot)s", slot=slot)
    length = sum((item.ends_at - item.starts_at).total_seconds() for item in items)
    return {
        "topic": "; ".join(item.topic for item in items),
        "slot": slot,
        "turn": turn,  # beside the activity's hours; texts use "slot"
        "turn_on": turn if _lasts_days(activity) else f"{formats.day(activity.starts_at, activity.zone)} · {turn}",
        "minutes": str(round(length / 60)),
    }


def turns(activity: Activity, person_id: int | None) -> str:
    """Return when a person speaks at an activity, in the current locale: "08.30–09.15 WIB"; "" if they do not speak."""
    return "; ".join(_slot(activity, item) for item in _spoken(activity, person_id))


def _spoken(activity: Activity, person_id: int | None) -> list[AgendaItem]:
    if person_id is None:
        return []
    return [item for item in activity.agenda if person_id in {speaker.id for speaker in item.speakers}]


def _slot(activity: Activity, item: AgendaItem) -> str:
    """Return the time of an agenda item, with its day if the activity lasts several days."""
    zone = activity.zone
    span = formats.span(item.starts_at, item.ends_at, zone)
    return f"{span} ({formats.day(item.starts_at, zone)})" if _lasts_days(activity) else span


def _lasts_days(activity: Activity) -> bool:
    first, last = (at.astimezone(activity.zone).date() for at in (activity.starts_at, activity.ends_at))
    return first != last


@dataclass(frozen=True)
class PlaceBefore:
    """Time and place before a move, as its notice (`Reminder.detail`) and the audit log store them.

    ends_at, zone: None in notices of the first versions.
    """

    starts_at: datetime = field(metadata=codec.key("old_starts_at"))
    ends_at: datetime | None = field(default=None, metadata=codec.key("old_ends_at"))
    zone: ZoneInfo | None = field(default=None, metadata=codec.key("old_zone"))
    venue: str = field(default="", metadata=codec.key("old_venue"))
    reason: str = ""

    @classmethod
    def of(cls, activity: Activity, reason: str, earlier: timedelta = timedelta(0)) -> "PlaceBefore":
        """Return an activity's present time and place. earlier: return an earlier time instead, for samples."""
        starts_at, ends_at = activity.starts_at - earlier, activity.ends_at - earlier
        return cls(starts_at, ends_at, activity.zone, place(activity.venue), reason)

    def time(self, activity: Activity) -> tuple[datetime, datetime, ZoneInfo]:
        return self.starts_at, self.ends_at or self.starts_at, self.zone or activity.zone


def _change(activity: Activity, detail: Mapping[str, Any]) -> dict[str, str]:
    values = {"reason": str(detail.get("reason", "") or activity.cancelled_reason)}
    if "old_starts_at" not in detail:
        return values
    before = codec.from_json(PlaceBefore, detail)
    starts_at, ends_at, zone = before.time(activity)
    if activity.venue is None:
        values["venue"] = gettext("place to be announced")  # here the place follows the time, without a label
    return values | {
        "what_changed": _what_changed(*differs(activity, detail)),
        "old_day_date": formats.day(starts_at, zone),
        "old_start": formats.clock(starts_at, zone, with_zone=False),
        "old_end": formats.clock(ends_at, zone, with_zone=False),
        "old_when": when(starts_at, ends_at, zone),
        "old_venue": before.venue,
    }


def differs(activity: Activity, detail: Mapping[str, Any]) -> tuple[bool, bool]:
    """Return whether time and place differ from those before a move. detail: from the move's notice."""
    before = codec.from_json(PlaceBefore, detail)
    other_time = before.time(activity) != (activity.starts_at, activity.ends_at, activity.zone)
    return other_time, before.venue != place(activity.venue)


def _what_changed(moved: bool, rehoused: bool) -> str:
    if rehoused:
        return gettext("time and place") if moved else gettext("place")
    return gettext("time")


def attendance_of(session: Session, activity: Activity) -> dict[str, str]:
    """Return the number of people who were there and of their kelurahan, by placeholder."""
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
