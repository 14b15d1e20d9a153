"""The columns of each list as a spreadsheet: headings in the user's language, and the cell of a row of queries/exports.py."""

from collections.abc import Callable
from datetime import datetime
from functools import cache, lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _

from outreach.delivery.spreadsheets import Column
from outreach.delivery.words.formats import phone
from outreach.delivery.words.labels import label
from outreach.domain.kinds import CadreKind
from outreach.domain.states import ActivityState
from outreach.domain.zones import zone_name
from outreach.models import Activity
from outreach.queries.exports import SEPARATOR
from outreach.queries.messages.log import reason_named
from outreach.web.frame.looks import office_zone

NARROW, MIDDLE, WIDE, LONG = 10, 16, 28, 44


def people() -> list[Column]:
    kinds_of = cache(lambda kinds: ", ".join(label(CadreKind(kind)) for kind in sorted(kinds.split(SEPARATOR))))
    words = cache(label)
    return [
        Column(_("Name"), WIDE, full_name),
        Column(_("Post"), WIDE, lambda row: row.post),
        Column(_("Organisation"), WIDE, lambda row: row.organisation),
        Column(_("Cadre of"), MIDDLE, lambda row: kinds_of(row.kinds) if row.kinds else ""),
        Column(_("Kelurahan"), MIDDLE, lambda row: row.region),
        Column(_("Kecamatan"), MIDDLE, lambda row: row.district),
        Column(_("Sex"), NARROW, lambda row: words(row.sex) if row.sex else ""),
        Column(_("E-mail"), WIDE, lambda row: row.email),
        Column(_("Phone"), MIDDLE, lambda row: phone(row.phone)),
        Column(_("Wants no reminders"), NARROW, lambda row: _yes(row.reminders_stopped_at)),
        Column(_("Note"), WIDE, lambda row: row.note),
    ]


def groups() -> list[Column]:
    return [
        Column(_("Group"), WIDE, lambda row: row[0].name),
        Column(_("Name"), WIDE, lambda row: row[1].full_name),
        Column(_("Post"), WIDE, lambda row: row[1].post),
        Column(_("E-mail"), WIDE, lambda row: row[1].email),
        Column(_("Phone"), MIDDLE, lambda row: phone(row[1].phone)),
    ]


def organisations() -> list[Column]:
    return [
        Column(_("Name"), LONG, lambda row: row[0].name),
        Column(_("Short name"), MIDDLE, lambda row: row[0].short_name),
        Column(_("Sector"), MIDDLE, lambda row: label(row[0].sector)),
        Column(_("Kelurahan"), MIDDLE, lambda row: row[0].region.name if row[0].region else ""),
        Column(_("Address"), WIDE, lambda row: row[0].address),
        Column(_("E-mail"), WIDE, lambda row: row[0].email),
        Column(_("Phone"), MIDDLE, lambda row: phone(row[0].phone)),
        Column(_("People"), NARROW, lambda row: row[1]),
    ]


def venues() -> list[Column]:
    return [
        Column(_("Name"), WIDE, lambda row: row[0].name),
        Column(_("Kind of venue"), MIDDLE, lambda row: label(row[0].kind)),
        Column(_("Address"), LONG, lambda row: row[0].address),
        Column(_("Kelurahan"), MIDDLE, lambda row: row[0].region.name if row[0].region else ""),
        Column(_("How many people fit"), NARROW, lambda row: row[0].capacity),
        Column(_("Activities"), NARROW, lambda row: row[1]),
        Column(_("Note"), WIDE, lambda row: row[0].note),
    ]


def programmes() -> list[Column]:
    return [
        Column(_("Programme"), LONG, lambda row: row.programme.title),
        Column(_("First day"), MIDDLE, lambda row: row.programme.starts_on),
        Column(_("Last day"), MIDDLE, lambda row: row.programme.ends_on),
        Column(_("Activities"), NARROW, lambda row: row.activities),
        Column(_("Drafts"), NARROW, lambda row: row.drafts),
        Column(_("Cancelled"), NARROW, lambda row: row.cancelled),
        Column(_("Postponed"), NARROW, lambda row: row.postponed),
        *_answers(),
    ]


def activities() -> list[Column]:
    return [
        Column(_("Activity"), LONG, lambda row: row.activity.title),
        Column(_("Programme"), WIDE, lambda row: row.activity.programme.title if row.activity.programme else ""),
        Column(_("State"), MIDDLE, lambda row: label(row.activity.state)),
        Column(_("Start"), MIDDLE, lambda row: _when(row.activity, row.activity.starts_at)),
        Column(_("End"), MIDDLE, lambda row: _when(row.activity, row.activity.ends_at)),
        Column(_("Time zone"), NARROW, lambda row: zone_name(row.activity.zone)),
        Column(_("Venue"), WIDE, lambda row: row.activity.venue.name if row.activity.venue else ""),
        Column(_("Kelurahan"), MIDDLE, lambda row: row.activity.region.name if row.activity.region else ""),
        Column(_("Seats"), NARROW, lambda row: row.activity.seats),
        *_answers(),
    ]


def messages() -> list[Column]:
    zone, words = office_zone(), cache(label)
    reasons = cache(lambda name: label(reason_named(name)))
    return [
        Column(_("To"), WIDE, lambda row: full_name(row) or row.organisation),
        Column(_("E-mail"), WIDE, lambda row: row.address),
        Column(_("Kind"), MIDDLE, lambda row: words(row.kind)),
        Column(_("Subject"), LONG, lambda row: row.subject),
        Column(_("Activities"), LONG, lambda row: row.activities),
        Column(_("Due"), MIDDLE, lambda row: _local(row.due_at, zone)),
        Column(_("Sent"), MIDDLE, lambda row: _local(row.sent_at, zone)),
        Column(_("State"), MIDDLE, lambda row: words(row.state)),
        Column(_("Reason"), WIDE, lambda row: reasons(row.reason) if row.reason else ""),
        Column(_("Tries"), NARROW, lambda row: row.attempts),
        Column(_("What the server said"), WIDE, lambda row: row.server_reply),
    ]


def mails_received(reason_of: Callable[[Any], Any]) -> list[Column]:
    zone = office_zone()
    return [
        Column(_("Received"), MIDDLE, lambda row: _local(row.received_at, zone)),
        Column(_("From"), WIDE, lambda row: row.sender_name),
        Column(_("E-mail"), WIDE, lambda row: row.sender),
        Column(_("Known as"), WIDE, lambda row: _display_name(row.person or row.organisation)),
        Column(_("Subject"), LONG, lambda row: row.subject),
        Column(_("What it says"), LONG, lambda row: row.text),
        Column(_("Kind"), MIDDLE, lambda row: label(row.kind)),
        Column(_("State"), MIDDLE, lambda row: label(row.outcome)),
        Column(_("Reason"), WIDE, lambda row: label(reason_of(row))),
        Column(_("Dealt with"), MIDDLE, lambda row: _local(row.seen_at, zone)),
    ]


def unreachable() -> list[Column]:
    zone = office_zone()
    return [
        Column(_("Name"), WIDE, lambda row: row.name),
        Column(_("Post"), WIDE, lambda row: row.post),
        Column(_("E-mail"), WIDE, lambda row: row.address),
        Column(_("Since"), MIDDLE, lambda row: _local(row.since_at, zone)),
        Column(_("Reason"), WIDE, lambda row: label(row.fault)),
        Column(_("What the server said"), LONG, lambda row: row.reply),
        Column(_("Phone"), MIDDLE, lambda row: row.call.number),
    ]


def invitees() -> list[Column]:
    words = cache(label)
    return [
        Column(_("Name"), WIDE, lambda row: full_name(row) or row.invited_organisation),
        Column(_("Post"), WIDE, lambda row: row.post),
        Column(_("Organisation"), WIDE, lambda row: row.host or row.employer or row.invited_organisation),
        Column(_("Kelurahan"), MIDDLE, lambda row: row.region),
        Column(_("Role"), MIDDLE, lambda row: words(row.role)),
        Column(_("Seats of the organisation"), NARROW, lambda row: row.quota),
        Column(_("E-mail"), WIDE, lambda row: row.email),
        Column(_("Phone"), MIDDLE, lambda row: phone(row.phone)),
        Column(_("Answer"), MIDDLE, lambda row: words(row.state)),
        Column(_("Answered at"), MIDDLE, lambda row: _local(row.answered_at, row.zone)),
        Column(_("How"), MIDDLE, lambda row: words(row.answer_source) if row.answer_source else ""),
        Column(_("Recorded by"), MIDDLE, lambda row: row.recorded_by),
        Column(_("Represented by"), WIDE, lambda row: row.representative_name),
        Column(_("Their post"), MIDDLE, lambda row: row.representative_post),
        Column(_("Their phone"), MIDDLE, lambda row: phone(row.representative_phone)),
        Column(_("Note"), WIDE, lambda row: row.answer_note),
        Column(_("Was there"), NARROW, lambda row: _yes(row.present)),
    ]


def calls() -> list[Column]:
    """Rows: (callee, one of the invitations that wait for their answer)."""
    return [
        Column(_("Name"), WIDE, lambda row: row[0].invitee.display_name),
        Column(_("Role"), MIDDLE, lambda row: label(row[1].role)),
        Column(_("Organisation or kelurahan"), WIDE, lambda row: belongs_to(row[1])),
        Column(_("Phone"), MIDDLE, lambda row: phone(row[0].invitee.phone)),
        Column(_("E-mail"), WIDE, lambda row: row[0].invitee.email),
        Column(_("Activity"), LONG, lambda row: row[1].activity.title),
        Column(_("When"), MIDDLE, lambda row: _local(row[1].activity.starts_at, row[1].activity.zone)),
        Column(_("Answer by"), MIDDLE, lambda row: _local(row[1].activity.respond_by_at, row[1].activity.zone)),
        Column(_("State"), MIDDLE, lambda row: label(row[1].state)),
        Column(_("Answer"), MIDDLE, lambda row: ""),
        Column(_("Note"), WIDE, lambda row: ""),
    ]


def attendance() -> list[Column]:
    return [
        Column(_("Name"), WIDE, lambda row: row.invitation.invitee.display_name),
        Column(_("Represented by"), WIDE, lambda row: row.invitation.representative_name),
        Column(_("Organisation or kelurahan"), WIDE, lambda row: belongs_to(row.invitation)),
        Column(_("Role"), MIDDLE, lambda row: label(row.invitation.role)),
        Column(_("Answer"), MIDDLE, lambda row: label(row.invitation.state)),
        Column(_("Was there"), NARROW, lambda row: _yes(row.present)),
        Column(_("How"), MIDDLE, lambda row: label(row.invitation.attendance.source) if row.present else ""),
    ]


def polls() -> list[Column]:
    return [
        Column(_("Date poll"), LONG, lambda row: row.poll.title),
        Column(_("Programme"), WIDE, lambda row: row.poll.programme.title if row.poll.programme else ""),
        Column(_("State"), MIDDLE, lambda row: label(row.poll.state)),
        Column(_("Closes"), MIDDLE, lambda row: _local(row.poll.closes_at, row.poll.zone)),
        Column(_("Proposed times"), NARROW, lambda row: row.slots),
        Column(_("Asked"), NARROW, lambda row: row.asked),
        Column(_("Answered"), NARROW, lambda row: row.answered),
    ]


def clashes() -> list[Column]:
    def things(row: Any) -> str:
        return "; ".join(f"{thing.title} ({thing.when})" for thing in row.things)

    return [
        Column(_("Day"), MIDDLE, lambda row: row.day),
        Column(_("How grave"), MIDDLE, lambda row: _("Must be solved") if row.blocks else _("To look at")),
        Column(_("Clash"), LONG, lambda row: row.sentence),
        Column(_("Activities"), LONG, things),
    ]


def audit_entries(about: Callable, name: Callable, verb: Callable, details: Callable, zone: ZoneInfo) -> list[Column]:
    return [
        Column(_("When"), MIDDLE, lambda row: _local(row.at, zone)),
        Column(_("Who"), MIDDLE, lambda row: row.user or _("Command line")),
        Column(_("Kind"), MIDDLE, lambda row: about(row.subject_type)),
        Column(_("What"), WIDE, name),
        Column(_("What was done"), WIDE, lambda row: verb(row.action)),
        Column(_("Details"), LONG, lambda row: "; ".join(details(row.detail, zone))),
    ]


def accounts() -> list[Column]:
    return [
        Column(_("Name"), WIDE, lambda row: row.name),
        Column(_("E-mail"), WIDE, lambda row: row.email),
        Column(_("May do"), MIDDLE, lambda row: label(row.role)),
        Column(_("May sign in"), NARROW, lambda row: _yes(row.active)),
    ]


def full_name(row: Any) -> str:
    """Return a row's name as Person.full_name does; "" for a row without a person."""
    if not row.name:
        return row.post or ""
    name = f"{row.title_before} {row.name}".strip()
    return f"{name}, {row.title_after}" if row.title_after else name


def belongs_to(invitation: Any, *, short: bool = False) -> str:
    """Return the organisation and the kelurahan of an invited person. short: the organisation by its short name."""
    person = invitation.person
    if person is None:
        return ""
    own = person.organisation
    organisation = ((own.short_name if short else "") or own.name) if own else ""
    return ", ".join(place for place in (organisation, person.region.name if person.region else "") if place)


def _answers() -> list[Column]:
    return [
        Column(_("Invitees"), NARROW, lambda row: row.answers.total),
        Column(_("Coming"), NARROW, lambda row: row.answers.coming),
        Column(_("Represented"), NARROW, lambda row: row.answers.represented),
        Column(_("Not coming"), NARROW, lambda row: row.answers.not_coming),
        Column(_("Without an answer"), NARROW, lambda row: row.answers.silent),
        Column(_("Waiting for a seat"), NARROW, lambda row: row.answers.waitlisted),
        Column(_("Were there"), NARROW, lambda row: row.answers.attended),
    ]


def _yes(value: Any) -> str:
    return _("yes") if value else ""


def _display_name(invitee: Any) -> str:
    return invitee.display_name if invitee else ""


def _when(activity: Activity, instant: datetime) -> Any:
    """Return one of its times as a cell; a postponed activity has none."""
    return None if activity.state is ActivityState.POSTPONED else _local(instant, activity.zone)


def _local(instant: datetime | None, zone: ZoneInfo) -> datetime | None:
    """Return the time on the wall there: a spreadsheet knows no zones."""
    return _on_the_wall(instant, zone) if instant else None


@lru_cache(maxsize=4096)
def _on_the_wall(instant: datetime, zone: ZoneInfo) -> datetime:
    return instant.astimezone(zone).replace(tzinfo=None)
