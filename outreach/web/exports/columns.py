"""The columns of each list as a spreadsheet: headings in the user's language, and the cell of a row of queries/exports.py."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, time
from functools import cache, lru_cache, partial
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _

from outreach.delivery.spreadsheets import ListColumn
from outreach.delivery.words import calls as call_words
from outreach.delivery.words import feedback as feedback_words
from outreach.delivery.words.formats import phone, short_day, span
from outreach.delivery.words.labels import label, staff_label
from outreach.domain.answers import answer_by, answered_by
from outreach.domain.documents import shown_code
from outreach.domain.kinds import AnswerSource, CadreKind
from outreach.domain.states import ActivityState
from outreach.domain.zones import zone_name
from outreach.models import Activity, Invitation
from outreach.queries.exports import SEPARATOR
from outreach.queries.feedback import FeedbackResult, QuestionResult
from outreach.queries.messages.log import reason_named
from outreach.web.frame.looks import office_zone

NARROW, MIDDLE, WIDE, LONG = 10, 16, 28, 44


def people() -> list[ListColumn]:
    kinds_of = cache(lambda kinds: ", ".join(label(CadreKind(kind)) for kind in sorted(kinds.split(SEPARATOR))))
    words = cache(label)
    return [
        ListColumn(_("Name"), WIDE, full_name),
        ListColumn(_("Post"), WIDE, lambda row: row.post),
        ListColumn(_("Organisation"), WIDE, lambda row: row.organisation),
        ListColumn(_("Cadre of"), MIDDLE, lambda row: kinds_of(row.kinds) if row.kinds else ""),
        ListColumn(_("Kelurahan"), MIDDLE, lambda row: row.region),
        ListColumn(_("Kecamatan"), MIDDLE, lambda row: row.district),
        ListColumn(_("Sex"), NARROW, lambda row: words(row.sex) if row.sex else ""),
        ListColumn(_("Age group"), MIDDLE, lambda row: words(row.age_group) if row.age_group else ""),
        ListColumn(_("E-mail"), WIDE, lambda row: row.email),
        ListColumn(_("Phone"), MIDDLE, lambda row: phone(row.phone)),
        ListColumn(_("Wants no reminders"), NARROW, lambda row: _yes(row.reminders_stopped_at)),
        ListColumn(_("Adjutant or secretary"), WIDE, lambda row: row.assistant_name or ""),
        ListColumn(_("Their phone or WhatsApp"), MIDDLE, lambda row: phone(row.assistant_phone or "")),
        ListColumn(_("Their e-mail"), WIDE, lambda row: row.assistant_email or ""),
        ListColumn(_("Note"), WIDE, lambda row: row.note),
    ]


def groups() -> list[ListColumn]:
    return [
        ListColumn(_("Group"), WIDE, lambda row: row[0].name),
        ListColumn(_("Name"), WIDE, lambda row: row[1].full_name),
        ListColumn(_("Post"), WIDE, lambda row: row[1].post),
        ListColumn(_("E-mail"), WIDE, lambda row: row[1].email),
        ListColumn(_("Phone"), MIDDLE, lambda row: phone(row[1].phone)),
    ]


def follow_ups() -> list[ListColumn]:
    return [
        ListColumn(_("Task"), LONG, lambda row: row.follow_up.what),
        ListColumn(_("Owner"), WIDE, lambda row: row.follow_up.owner.display_name),
        ListColumn(_("Organisation"), WIDE, _owner_office),
        ListColumn(_("Phone"), MIDDLE, lambda row: phone(row.follow_up.owner.phone)),
        ListColumn(_("Until"), NARROW, lambda row: row.follow_up.due_on),
        ListColumn(_("State"), MIDDLE, lambda row: _("Overdue") if row.overdue else label(row.follow_up.state)),
        ListColumn(_("Settled on"), MIDDLE, _settled),
        ListColumn(_("Note"), WIDE, lambda row: row.follow_up.note),
        ListColumn(_("Activity"), WIDE, lambda row: row.activity.title),
        ListColumn(_("Programme"), WIDE, lambda row: row.activity.programme.title if row.activity.programme else ""),
    ]


def _owner_office(row: Any) -> str:
    person = row.follow_up.person
    return person.organisation.name if person is not None and person.organisation else ""


def _settled(row: Any) -> Any:
    at = row.follow_up.settled_at
    return at.astimezone(office_zone()).date() if at else ""


def posts() -> list[ListColumn]:
    return [
        ListColumn(_("Post"), WIDE, lambda row: row[0].name),
        ListColumn(_("Organisation"), WIDE, lambda row: row[0].organisation.name if row[0].organisation else ""),
        ListColumn(_("Kelurahan"), MIDDLE, lambda row: row[0].region.name if row[0].region else ""),
        ListColumn(_("Holder"), WIDE, lambda row: row[1].person.full_name if row[1] else ""),
        ListColumn(_("As"), MIDDLE, lambda row: label(row[1].kind) if row[1] else ""),
        ListColumn(_("From"), NARROW, lambda row: row[1].from_on if row[1] else ""),
        ListColumn(_("Until"), NARROW, lambda row: (row[1].until_on or "") if row[1] else ""),
        ListColumn(_("Note"), WIDE, lambda row: row[0].note),
    ]


def organisations() -> list[ListColumn]:
    return [
        ListColumn(_("Name"), LONG, lambda row: row[0].name),
        ListColumn(_("Short name"), MIDDLE, lambda row: row[0].short_name),
        ListColumn(_("Sector"), MIDDLE, lambda row: label(row[0].sector)),
        ListColumn(_("Kelurahan"), MIDDLE, lambda row: row[0].region.name if row[0].region else ""),
        ListColumn(_("Address"), WIDE, lambda row: row[0].address),
        ListColumn(_("E-mail"), WIDE, lambda row: row[0].email),
        ListColumn(_("Phone"), MIDDLE, lambda row: phone(row[0].phone)),
        ListColumn(_("People"), NARROW, lambda row: row[1]),
        ListColumn(_("Secretary"), WIDE, lambda row: row[0].assistant_name),
        ListColumn(_("Their phone or WhatsApp"), MIDDLE, lambda row: phone(row[0].assistant_phone)),
        ListColumn(_("Their e-mail"), WIDE, lambda row: row[0].assistant_email),
    ]


def venues() -> list[ListColumn]:
    return [
        ListColumn(_("Name"), WIDE, lambda row: row[0].name),
        ListColumn(_("Kind of venue"), MIDDLE, lambda row: label(row[0].kind)),
        ListColumn(_("Address"), LONG, lambda row: row[0].address),
        ListColumn(_("Kelurahan"), MIDDLE, lambda row: row[0].region.name if row[0].region else ""),
        ListColumn(_("How many people fit"), NARROW, lambda row: row[0].capacity),
        ListColumn(_("Activities"), NARROW, lambda row: row[1]),
        ListColumn(_("Note"), WIDE, lambda row: row[0].note),
    ]


def programmes() -> list[ListColumn]:
    return [
        ListColumn(_("Programme"), LONG, lambda row: row.programme.title),
        ListColumn(_("First day"), MIDDLE, lambda row: row.programme.starts_on),
        ListColumn(_("Last day"), MIDDLE, lambda row: row.programme.ends_on),
        ListColumn(_("Activities"), NARROW, lambda row: row.activities),
        ListColumn(_("Drafts"), NARROW, lambda row: row.drafts),
        ListColumn(_("Cancelled"), NARROW, lambda row: row.cancelled),
        ListColumn(_("Postponed"), NARROW, lambda row: row.postponed),
        *_answers(),
    ]


def activities() -> list[ListColumn]:
    return [
        ListColumn(_("Activity"), LONG, lambda row: row.activity.title),
        ListColumn(_("Programme"), WIDE, lambda row: row.activity.programme.title if row.activity.programme else ""),
        ListColumn(_("State"), MIDDLE, lambda row: label(row.activity.state)),
        ListColumn(_("Start"), MIDDLE, lambda row: _when(row.activity, row.activity.starts_at)),
        ListColumn(_("End"), MIDDLE, lambda row: _when(row.activity, row.activity.ends_at)),
        ListColumn(_("Time zone"), NARROW, lambda row: zone_name(row.activity.zone)),
        ListColumn(_("Venue"), WIDE, lambda row: row.activity.venue.name if row.activity.venue else ""),
        ListColumn(_("Kelurahan"), MIDDLE, lambda row: row.activity.region.name if row.activity.region else ""),
        ListColumn(_("Seats"), NARROW, lambda row: row.activity.seats),
        ListColumn(_("Indicators of Kota Layak Anak"), NARROW, lambda row: row.activity.indicators),
        *_answers(),
    ]


def messages() -> list[ListColumn]:
    zone, words = office_zone(), cache(label)
    reasons = cache(lambda name: label(reason_named(name)))
    return [
        ListColumn(_("To"), WIDE, lambda row: full_name(row) or row.organisation),
        ListColumn(_("E-mail"), WIDE, lambda row: row.address),
        ListColumn(_("Kind"), MIDDLE, lambda row: words(row.kind)),
        ListColumn(_("Subject"), LONG, lambda row: row.subject),
        ListColumn(_("Activities"), LONG, lambda row: row.activities),
        ListColumn(_("Due"), MIDDLE, lambda row: _local(row.due_at, zone)),
        ListColumn(_("Sent"), MIDDLE, lambda row: _local(row.sent_at, zone)),
        ListColumn(_("State"), MIDDLE, lambda row: words(row.state)),
        ListColumn(_("Reason"), WIDE, lambda row: reasons(row.reason) if row.reason else ""),
        ListColumn(_("Tries"), NARROW, lambda row: row.attempts),
        ListColumn(_("What the server said"), WIDE, lambda row: row.server_reply),
    ]


def mails_received(reason_of: Callable[[Any], Any]) -> list[ListColumn]:
    zone = office_zone()
    return [
        ListColumn(_("Received"), MIDDLE, lambda row: _local(row.received_at, zone)),
        ListColumn(_("From"), WIDE, lambda row: row.sender_name),
        ListColumn(_("E-mail"), WIDE, lambda row: row.sender),
        ListColumn(_("Known as"), WIDE, lambda row: _display_name(row.person or row.organisation)),
        ListColumn(_("Subject"), LONG, lambda row: row.subject),
        ListColumn(_("What it says"), LONG, lambda row: row.text),
        ListColumn(_("Kind"), MIDDLE, lambda row: label(row.kind)),
        ListColumn(_("State"), MIDDLE, lambda row: label(row.outcome)),
        ListColumn(_("Reason"), WIDE, lambda row: label(reason_of(row))),
        ListColumn(_("Handled"), MIDDLE, lambda row: _local(row.seen_at, zone)),
    ]


def unreachable() -> list[ListColumn]:
    zone = office_zone()
    return [
        ListColumn(_("Name"), WIDE, lambda row: row.name),
        ListColumn(_("Post"), WIDE, lambda row: row.post),
        ListColumn(_("E-mail"), WIDE, lambda row: row.address),
        ListColumn(_("Since"), MIDDLE, lambda row: _local(row.since_at, zone)),
        ListColumn(_("Reason"), WIDE, lambda row: label(row.fault)),
        ListColumn(_("What the server said"), LONG, lambda row: row.reply),
        ListColumn(_("Phone"), MIDDLE, lambda row: row.call.number),
    ]


def invitees() -> list[ListColumn]:
    words = cache(label)

    def who(row: Any) -> str:
        by_acting = row.answered_acting_id is not None
        by = answered_by(row.answer_source, by_staff=row.recorded_by is not None, by_acting=by_acting)
        return words(by) if by else ""

    return [
        ListColumn(_("Name"), WIDE, lambda row: full_name(row) or row.invited_organisation),
        ListColumn(_("Post"), WIDE, lambda row: row.post),
        ListColumn(_("Organisation"), WIDE, lambda row: row.host or row.employer or row.invited_organisation),
        ListColumn(_("Kelurahan"), MIDDLE, lambda row: row.region),
        ListColumn(_("Role"), MIDDLE, lambda row: words(row.role)),
        ListColumn(_("Seats of the organisation"), NARROW, lambda row: row.quota),
        ListColumn(_("E-mail"), WIDE, lambda row: row.email),
        ListColumn(_("Phone"), MIDDLE, lambda row: phone(row.phone)),
        ListColumn(_("Answer"), MIDDLE, _answer),
        ListColumn(_("Answered at"), MIDDLE, lambda row: _local(row.answered_at, row.zone)),
        ListColumn(_("How"), MIDDLE, lambda row: words(row.answer_source) if row.answer_source else ""),
        ListColumn(_("Answered by"), WIDE, lambda row: who(row) if row.answered_at else ""),
        ListColumn(_("Recorded by"), MIDDLE, lambda row: row.recorded_by),
        ListColumn(_("Represented by"), WIDE, lambda row: row.representative_name),
        ListColumn(_("Their post"), MIDDLE, lambda row: row.representative_post),
        ListColumn(_("Their phone"), MIDDLE, lambda row: phone(row.representative_phone)),
        ListColumn(_("Note"), WIDE, lambda row: row.answer_note),
        ListColumn(_("Why not coming"), WIDE, lambda row: row.reason),
        ListColumn(_("Wished day"), MIDDLE, lambda row: row.wished_on),
        ListColumn(_("Was there"), NARROW, lambda row: _yes(row.present)),
    ]


def invitations() -> list[ListColumn]:
    """Rows: the invitations of one person or organisation."""
    return [
        ListColumn(_("Activity"), LONG, lambda row: row.activity.title),
        ListColumn(_("Start"), MIDDLE, lambda row: _when(row.activity, row.activity.starts_at)),
        ListColumn(_("End"), MIDDLE, lambda row: _when(row.activity, row.activity.ends_at)),
        ListColumn(_("Time zone"), NARROW, lambda row: zone_name(row.activity.zone)),
        ListColumn(_("Venue"), WIDE, lambda row: row.activity.venue.name if row.activity.venue else ""),
        ListColumn(_("State"), MIDDLE, lambda row: label(row.activity.state)),
        ListColumn(_("Role"), MIDDLE, lambda row: label(row.role) if row.person_id else ""),
        ListColumn(_("Seats of the organisation"), NARROW, lambda row: row.quota),
        ListColumn(_("Answer"), MIDDLE, lambda row: label(row.state)),
        ListColumn(_("Answered at"), MIDDLE, lambda row: _local(row.answered_at, row.activity.zone)),
        ListColumn(_("Represented by"), WIDE, lambda row: row.representative_name),
        ListColumn(_("Note"), WIDE, lambda row: row.answer_note),
        ListColumn(_("Why not coming"), WIDE, lambda row: row.declined.reason if row.declined else ""),
        ListColumn(_("Wished day"), MIDDLE, lambda row: row.declined.wished_on if row.declined else None),
        ListColumn(_("Was there"), NARROW, lambda row: _yes(row.attendance and row.attendance.present)),
    ]


def letters() -> list[ListColumn]:
    return [
        ListColumn(_("Letter number"), MIDDLE, lambda row: row.letter.number),
        ListColumn(_("Date"), MIDDLE, lambda row: row.letter.dated_on),
        ListColumn(_("Kind of letter"), MIDDLE, lambda row: label(row.letter.kind)),
        ListColumn(_("Subject (hal)"), WIDE, lambda row: row.letter.subject),
        ListColumn(_("Addressees (Yth.)"), LONG, lambda row: "; ".join(row.addressees)),
        ListColumn(_("Activities"), LONG, lambda row: "; ".join(activity.title for activity in row.activities)),
        ListColumn(_("State"), MIDDLE, lambda row: label(row.letter.state)),
        ListColumn(_("Mailed to"), MIDDLE, lambda row: row.mailed.mailed if row.mailed else None),
        ListColumn(_("Still by mail"), MIDDLE, lambda row: row.mailed.waiting if row.mailed else None),
        ListColumn(_("To be printed for"), MIDDLE, lambda row: row.mailed.on_paper if row.mailed else None),
        ListColumn(_("Code"), MIDDLE, lambda row: shown_code(row.letter.code)),
    ]


def certificates() -> list[ListColumn]:
    return [
        ListColumn(_("Certificate number"), WIDE, lambda row: row.certificate.number),
        ListColumn(_("Date"), MIDDLE, lambda row: row.certificate.dated_on),
        ListColumn(_("Name"), WIDE, lambda row: row.certificate.name),
        ListColumn(_("As"), MIDDLE, lambda row: label(row.certificate.kind)),
        ListColumn(_("Activity"), LONG, lambda row: row.certificate.activity.title),
        ListColumn(_("State"), MIDDLE, lambda row: label(row.certificate.state)),
        ListColumn(
            _("Replaces"), WIDE, lambda row: row.certificate.replaces.number if row.certificate.replaces else ""
        ),
        ListColumn(_("Told by mail"), MIDDLE, lambda row: _yes(row.told)),
        ListColumn(_("Why revoked"), LONG, lambda row: row.certificate.ended_because),
        ListColumn(_("Code"), MIDDLE, lambda row: shown_code(row.certificate.code)),
    ]


def calls() -> list[ListColumn]:
    """Rows: (callee, one of the invitations that wait for their answer)."""
    return [
        ListColumn(_("Name"), WIDE, lambda row: row[0].invitee.display_name),
        ListColumn(_("Role"), MIDDLE, lambda row: label(row[1].role)),
        ListColumn(_("Organisation or kelurahan"), WIDE, lambda row: belongs_to(row[1])),
        ListColumn(_("Phone"), MIDDLE, lambda row: phone(row[0].invitee.phone)),
        ListColumn(_("E-mail"), WIDE, lambda row: row[0].invitee.email),
        ListColumn(_("Activity"), LONG, lambda row: row[1].activity.title),
        ListColumn(_("When"), MIDDLE, lambda row: _when(row[1].activity, row[1].activity.starts_at)),
        ListColumn(_("Answer by"), MIDDLE, lambda row: _when(row[1].activity, _answer_by(row[1]))),
        ListColumn(_("State"), MIDDLE, lambda row: label(row[1].state)),
        ListColumn(_("Answer"), MIDDLE, lambda row: ""),
        ListColumn(_("Note"), WIDE, lambda row: ""),
    ]


def call_log() -> list[ListColumn]:
    """Rows: calls, each with the invitations that it was about."""
    zone = office_zone()
    return [
        ListColumn(_("Began"), MIDDLE, lambda row: _local(row.started_at, zone)),
        ListColumn(_("Ended"), MIDDLE, lambda row: _local(row.ended_at, zone)),
        ListColumn(_("Name"), WIDE, lambda row: row.callee.display_name),
        ListColumn(_("Activities"), LONG, lambda row: "; ".join(i.activity.title for i in row.about)),
        ListColumn(_("What came of it"), MIDDLE, lambda row: call_words.outcome(row.outcome)),
        ListColumn(_("Call again"), MIDDLE, lambda row: _local(row.again_at, zone)),
        ListColumn(_("Note"), WIDE, lambda row: row.note),
        ListColumn(_("Caller"), MIDDLE, lambda row: _account(row.caller)),
    ]


def history(zone: ZoneInfo) -> list[ListColumn]:
    """Rows: entries of a history in words. zone: in which their moments are written."""
    return [
        ListColumn(_("When"), MIDDLE, lambda row: _local(row.at, zone)),
        ListColumn(_("What"), LONG, lambda row: row.sentence),
        ListColumn(_("To whom, by whom, how"), LONG, lambda row: "; ".join(row.facts)),
        ListColumn(_("Activities"), LONG, lambda row: "; ".join(title for title, _href in row.about)),
        ListColumn(_("Note"), LONG, lambda row: "; ".join([*row.notes, *(text for text, _href in row.links)])),
    ]


def _answer(row: Any) -> str:
    """Return an invitee's answer. People who came uninvited gave none."""
    return label(row.answer_source) if row.answer_source is AnswerSource.WALK_IN else staff_label(row.state)


def attendance() -> list[ListColumn]:
    def at(row: Any, name: str) -> datetime | None:
        found = row.invitation.attendance
        return _local(getattr(found, name), row.invitation.activity.zone) if row.present else None

    return [
        ListColumn(_("Name"), WIDE, lambda row: row.invitation.invitee.display_name),
        ListColumn(_("Represented by"), WIDE, lambda row: row.invitation.representative_name),
        ListColumn(_("Organisation or kelurahan"), WIDE, lambda row: belongs_to(row.invitation)),
        ListColumn(_("Role"), MIDDLE, lambda row: label(row.invitation.role)),
        ListColumn(_("Answer"), MIDDLE, lambda row: _answer(row.invitation)),
        ListColumn(_("Was there"), NARROW, lambda row: _yes(row.present)),
        ListColumn(_("Came at"), MIDDLE, lambda row: at(row, "in_at")),
        ListColumn(_("Left at"), MIDDLE, lambda row: at(row, "out_at")),
        ListColumn(_("How"), MIDDLE, lambda row: label(row.invitation.attendance.source) if row.present else ""),
    ]


def scans() -> list[ListColumn]:
    """Rows: all that was recorded at a door, also what counts for nothing."""

    def name(row: Any) -> str:
        if row.invitation is None:
            return str(row.name)
        return str(row.acting.name if row.acting else row.invitation.invitee.display_name)

    def device(row: Any) -> str:
        if row.device is None:
            return _("the list")
        return " ".join(filter(None, (_("Device %(number)d", number=row.device.number), row.device.name)))

    return [
        ListColumn(_("When"), MIDDLE, lambda row: _local(row.at, row.activity.zone)),
        ListColumn(_("Name"), WIDE, name),
        ListColumn(_("What came of it"), WIDE, lambda row: label(row.outcome)),
        ListColumn(_("How"), MIDDLE, lambda row: label(row.how)),
        ListColumn(_("Device"), MIDDLE, device),
        ListColumn(_("Number on the device"), NARROW, lambda row: row.number),
        ListColumn(_("By the device's clock"), MIDDLE, lambda row: _local(row.device_at, row.activity.zone)),
        ListColumn(_("Received"), MIDDLE, lambda row: _local(row.received_at, row.activity.zone)),
        ListColumn(_("Recorded by"), MIDDLE, lambda row: _account(row.by)),
    ]


def devices() -> list[ListColumn]:
    zone = office_zone()
    return [
        ListColumn(_("Device"), NARROW, lambda row: row.device.number),
        ListColumn(_("Name"), WIDE, lambda row: row.device.name),
        ListColumn(_("Scans"), NARROW, lambda row: row.scans),
        ListColumn(_("First used"), MIDDLE, lambda row: _local(row.device.made_at, zone)),
        ListColumn(_("Last used"), MIDDLE, lambda row: _local(row.device.seen_at, zone)),
        ListColumn(_("Who"), MIDDLE, lambda row: _account(row.device.user)),
    ]


def walk_ins() -> list[ListColumn]:
    return [
        ListColumn(_("Name"), WIDE, lambda row: row.walked_in.person.display_name),
        ListColumn(
            _("Kelurahan"), MIDDLE, lambda row: row.walked_in.person.region.name if row.walked_in.person.region else ""
        ),
        ListColumn(_("Sex"), NARROW, lambda row: label(row.walked_in.person.sex)),
        ListColumn(_("Age group"), MIDDLE, lambda row: label(row.walked_in.person.age_group)),
        ListColumn(_("Activity"), LONG, lambda row: row.walked_in.activity.title),
        ListColumn(_("Came at"), MIDDLE, lambda row: _local(row.walked_in.came_at, row.walked_in.activity.zone)),
        ListColumn(_("Perhaps the same person"), LONG, lambda row: "; ".join(one.display_name for one in row.likely)),
    ]


def call_questions() -> list[ListColumn]:
    zone = office_zone()
    return [
        ListColumn(_("Who"), WIDE, lambda row: row.callee.display_name),
        ListColumn(_("Phone"), MIDDLE, lambda row: phone(row.callee.phone)),
        ListColumn(_("Activities"), LONG, lambda row: "; ".join(one.activity.title for one in row.about)),
        ListColumn(_("Question"), LONG, lambda row: row.note),
        ListColumn(_("When"), MIDDLE, lambda row: _local(row.ended_at, zone)),
        ListColumn(_("Caller"), MIDDLE, lambda row: _account(row.caller)),
    ]


def entitled() -> list[ListColumn]:
    return [
        ListColumn(_("Name on the certificate"), WIDE, lambda row: row.name),
        ListColumn(_("Invitee"), WIDE, lambda row: row.invitation.invitee.display_name),
        ListColumn(_("As"), MIDDLE, lambda row: label(row.invitation.role)),
    ]


def polls() -> list[ListColumn]:
    return [
        ListColumn(_("Date poll"), LONG, lambda row: row.poll.title),
        ListColumn(_("Programme"), WIDE, lambda row: row.poll.programme.title if row.poll.programme else ""),
        ListColumn(_("State"), MIDDLE, lambda row: label(row.poll.state)),
        ListColumn(_("Closes"), MIDDLE, lambda row: _local(row.poll.closes_at, row.poll.zone)),
        ListColumn(_("Proposed times"), NARROW, lambda row: row.slots),
        ListColumn(_("Asked"), NARROW, lambda row: row.asked),
        ListColumn(_("Answered"), NARROW, lambda row: row.answered),
    ]


def feedback() -> list[ListColumn]:
    """Rows: the questions with how often each answer was chosen, then the remarks (`feedback_rows`)."""

    def count(value: int, row: Any) -> int | None:
        return row[1].counts[value - 1] if row[1] else None

    return [
        ListColumn(_("Question or remark"), LONG, lambda row: row[0], wraps=True),
        *(ListColumn(str(word), MIDDLE, partial(count, value)) for value, word in feedback_words.WORDS.items()),
        ListColumn(_("Mean (1 to 5)"), MIDDLE, lambda row: round(row[1].mean, 2) if row[1] else None),
    ]


def feedback_rows(found: FeedbackResult) -> Iterable[tuple[str, QuestionResult | None]]:
    for number, one in enumerate(found.questions, start=1):
        yield feedback_words.question(number, one.question), one
    for remark in found.remarks:
        yield remark, None


def poll_answers(slots: Sequence[Any], zone: ZoneInfo) -> list[ListColumn]:
    """Rows: those asked. Each proposed time has a column with their choices."""

    def choice(slot_id: int, row: Any) -> str:
        return next((label(said.choice) for said in row.choices if said.slot_id == slot_id), "")

    return [
        ListColumn(_("Name"), WIDE, lambda row: row.invitee.display_name),
        ListColumn(_("Organisation or kelurahan"), WIDE, belongs_to),
        ListColumn(_("Role"), MIDDLE, lambda row: label(row.role) if row.person else ""),
        ListColumn(_("Seats of the organisation"), NARROW, lambda row: row.quota),
        ListColumn(_("Needed"), NARROW, lambda row: _yes(row.needed)),
        *(ListColumn(_time(slot, zone), MIDDLE, partial(choice, slot.id)) for slot in slots),
        ListColumn(_("Answered at"), MIDDLE, lambda row: _local(row.answered_at, zone)),
        ListColumn(_("How"), MIDDLE, lambda row: label(row.answer_source) if row.answer_source else ""),
        ListColumn(_("Answered by"), WIDE, lambda row: row.answered_by if row.answered_at else ""),
        ListColumn(_("Note"), WIDE, lambda row: row.note if row.answered_at else ""),
    ]


def cases() -> list[ListColumn]:
    return [
        ListColumn(_("Year"), NARROW, lambda row: row.case.year),
        ListColumn(_("What is counted"), MIDDLE, lambda row: label(row.case.unit)),
        ListColumn(_("Number in the whole city"), MIDDLE, lambda row: row.case.number),
        ListColumn(_("Source"), LONG, lambda row: row.case.source),
        ListColumn(_("Activities held"), NARROW, lambda row: row.held),
    ]


def coverage(
    months: Sequence[date], *, with_target: bool, month: Callable, place: Callable, hidden: str
) -> list[ListColumn]:
    """Rows: places. month, place: in words. hidden: what stands where a count is hidden."""

    def count(name: str, row: Any) -> Any:
        value = getattr(row.line, name)
        return hidden if value is None else value

    def held_in(at: int, row: Any) -> int:
        return int(row.months[at])

    return [
        ListColumn(_("Place"), WIDE, lambda row: place(row.line.place)),
        ListColumn(_("Activities held"), NARROW, lambda row: row.line.held),
        *([ListColumn(_("Missing from the target"), NARROW, lambda row: row.missing)] if with_target else []),
        ListColumn(_("Invited"), NARROW, partial(count, "invited")),
        ListColumn(_("Answered"), NARROW, partial(count, "answered")),
        ListColumn(_("Present"), NARROW, partial(count, "present")),
        *(ListColumn(month(first), MIDDLE, partial(held_in, at)) for at, first in enumerate(months)),
    ]


def rundown() -> list[ListColumn]:
    """Rows: (activity with its moderators and speakers, one line of its agenda; None if it has none)."""

    def at(row: Any) -> Any:
        return row[1] or row[0].activity

    def speakers(row: Any) -> list[Any]:
        return row[1].speakers if row[1] else row[0].other_speakers

    def named(row: Any, people: Iterable[Any]) -> str:
        return "; ".join(_with_representative(person, row[0].represented.get(person.id)) for person in people)

    return [
        ListColumn(_("Start"), MIDDLE, lambda row: _when(row[0].activity, at(row).starts_at)),
        ListColumn(_("End"), MIDDLE, lambda row: _when(row[0].activity, at(row).ends_at)),
        ListColumn(_("Time zone"), NARROW, lambda row: zone_name(row[0].activity.zone)),
        ListColumn(_("Activity"), LONG, lambda row: row[0].activity.title),
        ListColumn(_("Agenda"), LONG, lambda row: row[1].topic if row[1] else ""),
        ListColumn(_("Speakers"), LONG, lambda row: named(row, speakers(row))),
        ListColumn(_("Moderator"), WIDE, lambda row: named(row, row[0].moderators)),
        ListColumn(_("Venue"), WIDE, lambda row: row[0].activity.venue.name if row[0].activity.venue else ""),
        ListColumn(_("State"), MIDDLE, lambda row: label(row[0].activity.state)),
    ]


def _with_representative(person: Any, invitation: Any) -> str:
    if invitation is None:
        return str(person.display_name)
    said = [invitation.representative_name or _("somebody without a name"), invitation.representative_post]
    by = _("represented by %(name)s", name=", ".join(filter(None, said)))
    return f"{person.display_name} ({by})"


def searches() -> list[ListColumn]:
    """Rows: (search, whether it was broken off)."""
    zone = office_zone()
    return [
        ListColumn(_("Placing"), LONG, lambda row: row[0].title),
        ListColumn(_("State"), MIDDLE, lambda row: _("Broken off") if row[1] else label(row[0].state)),
        ListColumn(_("Activities"), NARROW, lambda row: len(row[0].request.get("lines") or [])),
        ListColumn(_("When"), MIDDLE, lambda row: _local(row[0].created_at, zone)),
        ListColumn(_("Who"), MIDDLE, lambda row: _account(row[0].created_by)),
    ]


def proposal(venues: Any, *, people: Callable, why: Callable, notes: Callable, taken: Any) -> list[ListColumn]:
    """Rows: the lines of a proposal. people: of a spot, in words. why, notes: of a line, in words."""

    def venue(spot: Any) -> str:
        return venues.get(spot.venue_id, "") if spot.venue_id else ""

    return [
        ListColumn(_("Activity"), LONG, lambda row: row.title),
        ListColumn(_("Changes"), NARROW, lambda row: _yes(row.is_change)),
        ListColumn(_("Taken over"), NARROW, lambda row: _yes(row.id in taken)),
        ListColumn(_("Start before"), MIDDLE, lambda row: _local(row.before.starts_at, row.zone)),
        ListColumn(_("End before"), MIDDLE, lambda row: _local(row.before.ends_at, row.zone)),
        ListColumn(_("Venue before"), WIDE, lambda row: venue(row.before)),
        ListColumn(_("Facilitators before"), WIDE, lambda row: people(row.before)),
        ListColumn(_("Proposed start"), MIDDLE, lambda row: _local(row.after.starts_at, row.zone)),
        ListColumn(_("Proposed end"), MIDDLE, lambda row: _local(row.after.ends_at, row.zone)),
        ListColumn(_("Proposed venue"), WIDE, lambda row: venue(row.after)),
        ListColumn(_("Proposed facilitators"), WIDE, lambda row: people(row.after)),
        ListColumn(_("Time zone"), NARROW, lambda row: zone_name(row.zone)),
        ListColumn(_("Why there"), LONG, why),
        ListColumn(_("Note"), LONG, notes),
    ]


def absences() -> list[ListColumn]:
    def hour(row: Any, instant: datetime) -> time | None:
        return None if row.absent.whole_days else instant.astimezone(row.absent.zone).time()

    return [
        ListColumn(_("First day"), MIDDLE, lambda row: row.absent.first_on),
        ListColumn(_("Last day"), MIDDLE, lambda row: row.absent.last_on),
        ListColumn(_("Time from"), MIDDLE, lambda row: hour(row, row.absent.starts_at)),
        ListColumn(_("Time until"), MIDDLE, lambda row: hour(row, row.absent.ends_at)),
        ListColumn(_("Time zone"), NARROW, lambda row: "" if row.absent.whole_days else zone_name(row.absent.zone)),
        ListColumn(_("How often"), MIDDLE, lambda row: label(row.absent.repeats)),
        ListColumn(_("Last time on"), MIDDLE, lambda row: row.absent.until_on),
        ListColumn(_("Note"), LONG, lambda row: row.reason),
        ListColumn(_("How"), WIDE, lambda row: label(row.source)),
    ]


def reminder_rules(moment: Callable, title: Callable, *, of_office: bool) -> list[ListColumn]:
    """moment: when a rule falls due, in words. title: the name of a text, in words."""

    def set_where(rule: Any) -> str:
        return _("changed here") if rule.overrides and rule.own else _("only here") if rule.own else _("inherited")

    return [
        ListColumn(_("When"), LONG, lambda rule: moment(rule.row)),
        ListColumn(_("Name"), WIDE, lambda rule: rule.row.name),
        ListColumn(_("To"), WIDE, lambda rule: label(rule.row.audience)),
        ListColumn(_("Mail"), MIDDLE, lambda rule: label(rule.row.kind)),
        ListColumn(_("Text"), LONG, lambda rule: title(rule.row.text_key, rule.row) if rule.row.text_key else ""),
        ListColumn(_("State"), MIDDLE, lambda rule: _("In use") if rule.row.enabled else _("Switched off")),
        *([] if of_office else [ListColumn(_("Set where"), MIDDLE, set_where)]),
    ]


def texts(origin: Callable, languages: Any) -> list[ListColumn]:
    """Rows: (the mail's name in words, one text)."""
    return [
        ListColumn(_("Mail"), LONG, lambda row: row[0]),
        ListColumn(_("Language"), MIDDLE, lambda row: languages[row[1].locale]),
        ListColumn(_("Subject"), LONG, lambda row: row[1].text.subject),
        ListColumn(_("Greeting"), WIDE, lambda row: row[1].text.greeting),
        ListColumn(_("Text"), LONG, lambda row: row[1].text.body),
        ListColumn(_("Whose text"), MIDDLE, lambda row: origin(row[1].origin)),
    ]


def calendar_addresses() -> list[ListColumn]:
    """The addresses themselves are left out: anybody who knows one can read its calendar."""
    zone = office_zone()
    return [
        ListColumn(
            _("Whose calendar it is for"), WIDE, lambda row: _("Made by themself") if row.own else row.feed.name
        ),
        ListColumn(_("What it shows"), MIDDLE, lambda row: label(row.feed.scope)),
        ListColumn(_("Of what"), WIDE, lambda row: row.subject),
        ListColumn(_("State"), MIDDLE, lambda row: _("Stopped") if row.feed.revoked_at else _("In use")),
        ListColumn(_("Last read"), MIDDLE, lambda row: row.feed.read_on),
        ListColumn(_("Made by"), WIDE, lambda row: _account(row.feed.created_by)),
        ListColumn(_("Made at"), MIDDLE, lambda row: _local(row.feed.created_at, zone)),
    ]


def clashes() -> list[ListColumn]:
    def things(row: Any) -> str:
        return "; ".join(f"{thing.title} ({thing.when})" for thing in row.things)

    return [
        ListColumn(_("Day"), MIDDLE, lambda row: row.day),
        ListColumn(_("How grave"), MIDDLE, lambda row: _("Must be solved") if row.blocks else _("To look at")),
        ListColumn(_("Clash"), LONG, lambda row: row.sentence),
        ListColumn(_("Activities"), LONG, things),
    ]


def audit_entries(
    about: Callable, name: Callable, verb: Callable, details: Callable, zone: ZoneInfo
) -> list[ListColumn]:
    return [
        ListColumn(_("When"), MIDDLE, lambda row: _local(row.at, zone)),
        ListColumn(_("Who"), MIDDLE, lambda row: row.user or _("Command line")),
        ListColumn(_("Kind"), MIDDLE, lambda row: about(row.subject_type)),
        ListColumn(_("What"), WIDE, name),
        ListColumn(_("What was done"), WIDE, lambda row: verb(row.action)),
        ListColumn(_("Details"), LONG, lambda row: "; ".join(details(row.detail, zone))),
    ]


def security_events(kind: Callable, device: Callable, zone: ZoneInfo) -> list[ListColumn]:
    return [
        ListColumn(_("When"), MIDDLE, lambda row: _local(row.at, zone)),
        ListColumn(_("What happened"), WIDE, lambda row: kind(row.kind)),
        ListColumn(_("Account"), MIDDLE, lambda row: row.user),
        ListColumn(_("Network address"), MIDDLE, lambda row: row.network_address),
        ListColumn(_("Device"), MIDDLE, lambda row: device(row) if row.network_address else ""),
        ListColumn(_("Details"), LONG, lambda row: "; ".join(f"{name}: {value}" for name, value in row.detail.items())),
    ]


def accounts() -> list[ListColumn]:
    return [
        ListColumn(_("Name"), WIDE, lambda row: row.name),
        ListColumn(_("E-mail"), WIDE, lambda row: row.email),
        ListColumn(_("May do"), MIDDLE, lambda row: label(row.role)),
        ListColumn(_("Where"), WIDE, lambda row: ", ".join(row.areas)),
        ListColumn(_("May sign in"), NARROW, lambda row: _yes(row.active)),
        ListColumn(_("May sign in until"), NARROW, lambda row: row.access_until),
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


def _answers() -> list[ListColumn]:
    return [
        ListColumn(_("Invitees"), NARROW, lambda row: row.answers.total),
        ListColumn(_("Coming"), NARROW, lambda row: row.answers.coming),
        ListColumn(_("Represented"), NARROW, lambda row: row.answers.represented),
        ListColumn(_("Not coming"), NARROW, lambda row: row.answers.not_coming),
        ListColumn(_("Without an answer"), NARROW, lambda row: row.answers.silent),
        ListColumn(_("Waiting for a seat"), NARROW, lambda row: row.answers.waitlisted),
        ListColumn(_("Were there"), NARROW, lambda row: row.answers.attended),
    ]


def _yes(value: Any) -> str:
    return _("yes") if value else ""


def _account(user: Any) -> str:
    return (user.name or user.email) if user else ""


def _time(slot: Any, zone: ZoneInfo) -> str:
    when = f"{short_day(slot.starts_at, zone)}, {span(slot.starts_at, slot.ends_at, zone)}"
    return f"{when}, {slot.venue.name}" if slot.venue else when


def _display_name(invitee: Any) -> str:
    return invitee.display_name if invitee else ""


def _when(activity: Activity, instant: datetime) -> Any:
    """Return one of the activity's times as a cell; a postponed activity has none."""
    return None if activity.state is ActivityState.POSTPONED else _local(instant, activity.zone)


def _answer_by(invitation: Invitation) -> datetime:
    activity = invitation.activity
    return answer_by(activity.respond_by_at, activity.starts_at, invitation.invited_at)


def _local(instant: datetime | None, zone: ZoneInfo) -> datetime | None:
    """Return the local time without its zone, because a spreadsheet has no zones."""
    return _on_the_wall(instant, zone) if instant else None


@lru_cache(maxsize=4096)
def _on_the_wall(instant: datetime, zone: ZoneInfo) -> datetime:
    return instant.astimezone(zone).replace(tzinfo=None)


def data_requests() -> list[ListColumn]:
    """The record of requests about personal data: without names, because it is kept longer than they are."""
    zone = office_zone()

    def moment(at: datetime | None) -> str:
        return f"{at.astimezone(zone):%Y-%m-%d %H:%M}" if at else ""

    return [
        ListColumn(_("No."), NARROW, lambda row: row.request.id),
        ListColumn(_("For what"), MIDDLE, lambda row: label(row.request.kind)),
        ListColumn(_("How they asked"), MIDDLE, lambda row: label(row.request.way)),
        ListColumn(_("Came"), MIDDLE, lambda row: moment(row.request.received_at)),
        ListColumn(_("Due"), MIDDLE, lambda row: moment(row.due_at)),
        ListColumn(_("State"), MIDDLE, lambda row: label(row.clock)),
        ListColumn(_("Outcome"), MIDDLE, lambda row: label(row.request.outcome)),
        ListColumn(_("What was done"), LONG, lambda row: row.request.what_done),
        ListColumn(_("Done"), MIDDLE, lambda row: moment(row.request.done_at)),
        ListColumn(_("Done by"), WIDE, lambda row: row.by),
    ]
