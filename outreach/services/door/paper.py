"""The list that was signed on paper: its photos, what staff read there, and the differences from what was ticked."""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session, joinedload

from outreach.delivery.documents import returned_pdf
from outreach.delivery.documents.returned_pdf import PdfRefused, PdfRunsPrograms, TooManyPages
from outreach.domain import materials
from outreach.domain.door.scans import ScanHow
from outreach.domain.problems import Problem
from outreach.models import Activity, Invitation, SignedLine, SignedList, StoredFile, User
from outreach.services import audit, files
from outreach.services.door import log
from outreach.services.door.attendance import check_open, thank_late
from outreach.services.locking import activity_for_change
from outreach.transactions import writing

MOST_FILES = 40  # of one activity, with the pages of its PDFs
MOST_PAGES = 20  # of one PDF
PNG = "image/png"
logger = structlog.get_logger()


class ListNotTaken(Problem):
    message = "“%(filename)s” was not taken. Please choose a photo (JPG, PNG, WebP) or a PDF of the signed list."
    field = "file"


class ListRunsPrograms(Problem):
    message = "This PDF holds a program or an enclosed file. Please scan the list again, or take a photo of it."
    field = "file"


class SignedListTooLong(Problem):
    message = "This PDF has more than %(most)s pages. Please upload it in parts."
    field = "file"


class TooManyLists(Problem):
    message = "An activity may have at most %(most)s pictures of its list. Please remove one first."
    field = "file"


class SignedListMissing(Problem):
    message = "This file has been removed."


def keep(activity_id: int, data: bytes, filename: str, *, by: User, now: datetime) -> None:
    """Keep a photo or scan of the signed list; of a PDF also a picture of each page.

    Photos lose what they tell about place, time and device. A refused file is logged without its name. Raise ActivityMissing,
    NotOpen, NotYet, UploadTooLarge, ListNotTaken, ListRunsPrograms, SignedListTooLong or TooManyLists.
    """
    taken = _checked(data, filename)
    pages = _pages(taken) if taken.kind is materials.PDF else []
    with writing() as session:
        activity = activity_for_change(session, activity_id)
        check_open(activity, now)
        there = session.scalar(sa.select(sa.func.count()).where(SignedList.activity_id == activity_id)) or 0
        if there + 1 + len(pages) > MOST_FILES:
            raise TooManyLists(most=MOST_FILES)
        _add(session, activity, taken.data, taken.name, taken.kind.media_type, by, now)
        stem = taken.name.rpartition(".")[0]
        for number, page in enumerate(pages, 1):
            _add(session, activity, page, f"{stem} {number}.png", PNG, by, now)
        audit.record(session, by, "activity.signed_list_kept", activity, now=now, file=taken.name)


def remove(activity_id: int, list_id: int, *, by: User, now: datetime) -> None:
    """Delete one file of the signed list. Raise ActivityMissing or SignedListMissing."""
    with writing() as session:
        activity = activity_for_change(session, activity_id)
        found = session.get(SignedList, list_id)
        if found is None or found.activity_id != activity_id:
            raise SignedListMissing
        name, file_id = found.file.name, found.file_id
        session.delete(found)
        session.flush()
        session.execute(sa.delete(StoredFile).where(StoredFile.id == file_id))
        audit.record(session, by, "activity.signed_list_removed", activity, now=now, file=name)


def read(activity_id: int, signed_ids: Collection[int], shown_ids: Collection[int], *, by: User, now: datetime) -> None:
    """Store who signed, for the invitations that the page showed. Attendance stays as it is. Raise as `keep`."""
    with writing() as session:
        activity = activity_for_change(session, activity_id)
        check_open(activity, now)
        shown = session.scalars(
            sa.select(Invitation.id).where(Invitation.activity_id == activity_id, Invitation.id.in_(shown_ids))
        ).all()
        known = {
            line.invitation_id: line
            for line in session.scalars(sa.select(SignedLine).where(SignedLine.invitation_id.in_(shown)))
        }
        changed = 0
        for invitation_id in shown:
            line, signed = known.get(invitation_id), invitation_id in signed_ids
            if line is None:
                line = SignedLine(invitation_id=invitation_id, signed=signed, read_at=now, read_by_id=by.id)
                session.add(line)
            elif line.signed == signed:
                continue
            line.signed, line.read_at, line.read_by_id = signed, now, by.id
            changed += 1
        if changed:
            audit.record(session, by, "activity.signed_list_read", activity, now=now, lines=changed)


def take_over(activity_id: int, invitation_ids: Collection[int], *, by: User, now: datetime) -> int:
    """Make the attendance of these invitees what the signed list says. Return how many changed. Raise as `keep`."""
    with writing() as session:
        activity = activity_for_change(session, activity_id)
        check_open(activity, now)
        rows = session.execute(
            sa.select(Invitation, SignedLine.signed)
            .join(SignedLine, SignedLine.invitation_id == Invitation.id)
            .where(Invitation.activity_id == activity_id, Invitation.id.in_(invitation_ids))
            .options(joinedload(Invitation.attendance))
            .order_by(Invitation.id)
        ).unique()
        differing = [
            (invitation, signed)
            for invitation, signed in rows
            if signed != bool(invitation.attendance and invitation.attendance.present)
        ]
        scans = [
            log.on_sheet(invitation, signed, ScanHow.PAPER, by=by, made_at=now, now=now)
            for invitation, signed in differing
        ]
        newly = log.add(session, scans)
        thank_late(session, activity, [invitation for invitation, _signed in differing if invitation.id in newly], now)
        if differing:
            audit.record(
                session, by, "activity.attendance_ticked", activity, now=now, changed=len(differing),
                present=log.total(session, activity_id), source="paper",
            )  # fmt: skip
    return len(differing)


def _add(
    session: Session, activity: Activity, data: bytes, name: str, media_type: str, by: User, now: datetime
) -> None:
    kept = files.keep(session, data, name, media_type, by=by, now=now)
    session.add(SignedList(activity_id=activity.id, file_id=kept.id))


def _checked(data: bytes, filename: str) -> materials.Taken:
    name = files.plain_name(filename)
    try:
        files.check_size(data, name)
        taken = materials.picture_or_pdf(data, name)
        if taken is None:
            raise ListNotTaken(filename=name)
    except Problem as problem:
        logger.warning("file refused", why=type(problem).__name__, bytes=len(data))
        raise
    return taken


def _pages(taken: materials.Taken) -> list[bytes]:
    try:
        return returned_pdf.pictures(taken.data, MOST_PAGES)
    except TooManyPages:
        raise SignedListTooLong(most=MOST_PAGES) from None
    except PdfRunsPrograms:
        raise ListRunsPrograms from None
    except PdfRefused:
        raise ListNotTaken(filename=taken.name) from None
