"""The list of attendance on paper: its lines in their order, the texts around them, and what was read on the signed one."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, undefer

from outreach.delivery.documents.signing_list import SigningLine, SigningSheet, SigningTexts
from outreach.delivery.words import formats
from outreach.domain.documents import day_of
from outreach.domain.kinds import ON_STAGE, Sex
from outreach.extensions import db
from outreach.models import Activity, Invitation, Office, SignedLine, SignedList, StoredFile, the_office
from outreach.queries.door import attendance
from outreach.queries.door.attendance import AttendanceRow, AttendanceState
from outreach.queries.invitations.lists import activity_of
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


@dataclass(frozen=True)
class PaperRow:
    """A line of the list, as it was numbered there. signed: None if nobody has read it yet."""

    number: int
    row: AttendanceRow
    signed: bool | None

    @property
    def differs(self) -> bool:
        return self.signed is not None and self.signed != self.row.present


@dataclass(frozen=True)
class Reconciliation:
    """The signed list beside the ticks. others: who is present and stands on no line. files: as they were uploaded."""

    activity: Activity
    files: list[SignedList]
    invitees: list[PaperRow]
    on_stage: list[PaperRow]
    others: list[PaperRow]

    @property
    def differences(self) -> list[PaperRow]:
        return [one for one in (*self.invitees, *self.on_stage, *self.others) if one.differs]

    @property
    def signed_only(self) -> list[PaperRow]:
        return [one for one in self.differences if one.signed]

    @property
    def ticked_only(self) -> list[PaperRow]:
        return [one for one in self.differences if not one.signed]


def reconciliation(activity_id: int) -> Reconciliation:
    """Return the lines of the list in its order, with what staff read there. A fixed number of statements."""
    activity = activity_of(activity_id)
    files_there = db.session.scalars(
        sa.select(SignedList)
        .where(SignedList.activity_id == activity_id)
        .options(joinedload(SignedList.file).joinedload(StoredFile.uploaded_by))
        .order_by(SignedList.id)
    ).unique()
    read = sa.select(SignedLine.invitation_id, SignedLine.signed).join(
        Invitation, Invitation.id == SignedLine.invitation_id
    )
    signed = {
        row.invitation_id: row.signed for row in db.session.execute(read.where(Invitation.activity_id == activity_id))
    }
    found = lines(activity_id)
    invitees = [one for one in found.invitees if one.standing is not AttendanceState.UNINVITED]
    written = {one.invitation.id for one in (*invitees, *found.on_stage)}
    others = [one for one in attendance.whole_sheet(activity_id) if one.present and one.invitation.id not in written]
    return Reconciliation(
        activity,
        list(files_there),
        _numbered(invitees, signed),
        _numbered(found.on_stage, signed),
        _numbered(others, signed),
    )


def _numbered(rows: list[AttendanceRow], signed: dict[int, bool]) -> list[PaperRow]:
    """An organisation with several seats keeps its lines' numbers, and is shown once."""
    shown: dict[int, PaperRow] = {}
    for number, row in enumerate(rows, 1):
        shown.setdefault(row.invitation.id, PaperRow(number, row, signed.get(row.invitation.id)))
    return list(shown.values())


def file_of(activity_id: int, list_id: int) -> StoredFile | None:
    """Return a file of the signed list with its data."""
    wanted = (
        sa.select(StoredFile)
        .join(SignedList, SignedList.file_id == StoredFile.id)
        .where(SignedList.id == list_id, SignedList.activity_id == activity_id)
        .options(undefer(StoredFile.data))
    )
    return db.session.scalar(wanted)
