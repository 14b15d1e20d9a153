"""The list of attendance on paper: its lines in their order, and the texts around them. Reads only."""

from dataclasses import dataclass

from outreach.delivery.documents.signing_list import SigningLine, SigningSheet, SigningTexts
from outreach.delivery.words import formats
from outreach.domain.documents import day_of
from outreach.domain.kinds import ON_STAGE, Sex
from outreach.extensions import db
from outreach.models import Activity, Office, the_office
from outreach.queries import attendance
from outreach.queries.attendance import AttendanceRow
from outreach.services import files
from outreach.services.letters import settings

EMPTY_LINES = 10  # for people who come uninvited
EMPTY_ON_STAGE = 3
_LETTER_OF = {Sex.FEMALE: "P", Sex.MALE: "L"}


@dataclass(frozen=True)
class PaperLines:
    """The rows of both sheets, each by name. An organisation that has named nobody has a line for each seat."""

    invitees: list[AttendanceRow]
    on_stage: list[AttendanceRow]


def lines(activity_id: int) -> PaperLines:
    """Return the lines of the list. Whoever speaks or moderates stands on the second sheet only."""
    rows = attendance.to_sign(activity_id)
    speaks = {row.invitation.person_id for row in rows if row.invitation.role in ON_STAGE}
    return PaperLines(
        [row for row in rows if row.invitation.person_id is None or row.invitation.person_id not in speaks],
        [row for row in rows if row.invitation.role in ON_STAGE],
    )


def texts(activity: Activity) -> tuple[SigningTexts, bytes]:
    """Return what the list says, and the emblem of the letterhead (empty if there is none)."""
    found = lines(activity.id)
    head = settings.current(db.session).values.letterhead
    office = db.session.execute(the_office(Office.short_name, Office.phones_on_lists)).first()
    phones = bool(office and office.phones_on_lists)
    sheets = [SigningSheet("DAFTAR HADIR PESERTA", _lines(found.invitees, phones), EMPTY_LINES)]
    if found.on_stage:
        sheets.append(SigningSheet("DAFTAR HADIR NARASUMBER", _lines(found.on_stage, phones), EMPTY_ON_STAGE))
    said = SigningTexts(
        letterhead=head, office=office.short_name if office else "", activity=activity.title,
        day=day_of(activity.starts_at.astimezone(activity.zone).date()),
        time=formats.span(activity.starts_at, activity.ends_at, activity.zone),
        place=activity.venue.name if activity.venue else "", phones=phones, sheets=tuple(sheets),
    )  # fmt: skip
    return said, files.data_of(db.session, head.emblem) if head.emblem else b""


def _lines(rows: list[AttendanceRow], phones: bool) -> tuple[SigningLine, ...]:
    return tuple(_line(row, phones) for row in rows)


def _line(row: AttendanceRow, phones: bool) -> SigningLine:
    invitation = row.invitation
    person = invitation.person
    if invitation.representative_name:
        post = invitation.representative_post
        belongs = (
            f"{post}, mewakili {invitation.invitee.display_name}"
            if post
            else f"mewakili {invitation.invitee.display_name}"
        )
        phone = invitation.representative_phone
        return SigningLine(
            invitation.representative_name, belongs, "", formats.phone(phone) if phones and phone else ""
        )
    if person is None:
        return SigningLine("", invitation.invitee.display_name)
    own = person.organisation
    places = (
        (invitation.post_title or person.post) if person.name else "",
        (own.short_name or own.name) if own else "",
        person.region.name if person.region else "",
    )
    return SigningLine(
        person.full_name, ", ".join(place for place in places if place),
        _LETTER_OF[person.sex] if person.sex else "", formats.phone(person.phone) if phones and person.phone else "",
    )  # fmt: skip
