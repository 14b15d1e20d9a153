"""The list that was signed on paper: its photos, what was read there, and the attendance that follows from it."""

import struct

import pytest
import sqlalchemy as sa

from outreach.domain.door.scans import ScanHow
from outreach.domain.kinds import AttendanceSource, Role
from outreach.domain.states import InvitationState
from outreach.extensions import db
from outreach.models import Attendance, AuditEntry, Invitation, Scan, SignedList, StoredFile
from outreach.queries.door import paper as lists
from outreach.services.door import attendance, paper
from outreach.services.door.attendance import NotYet
from outreach.services.files import UploadTooLarge
from tests.support.copied import copied
from tests.world import (
    NOW,
    a_person,
    at,
    count,
    fresh,
    invitation_of,
    invite,
    invite_and_publish,
    set_state,
    uploads,
)
from tests.world.letters import papers

pytestmark = pytest.mark.usefixtures("any_app")
AFTER = at(18, 13)


@copied
def held(activity, ani, budi, coordinator):
    invite_and_publish(activity, ani, budi, by=coordinator)
    set_state(activity, InvitationState.COMING, ani, budi)
    return activity


def kept(*columns):
    return db.session.execute(sa.select(*columns).join(SignedList.file).order_by(SignedList.id)).all()


def test_a_photo_is_kept_without_what_it_tells_about_its_place(held, coordinator):
    paper.keep(held.id, uploads.jpeg(), "daftar hadir.jpg", by=coordinator, now=AFTER)
    [(name, kind, data)] = kept(StoredFile.name, StoredFile.media_type, StoredFile.data)
    assert (name, kind, uploads.GPS in data) == ("daftar hadir.jpg", "image/jpeg", False)


def test_each_page_of_a_pdf_is_kept_as_a_picture_beside_it(held, coordinator):
    paper.keep(held.id, papers.paper(["Halaman satu"], ["Halaman dua"]), "pindaian.pdf", by=coordinator, now=AFTER)
    found = kept(StoredFile.name, StoredFile.media_type, StoredFile.data)
    assert [(name, kind) for name, kind, _data in found] == [
        ("pindaian.pdf", "application/pdf"), ("pindaian 1.png", "image/png"), ("pindaian 2.png", "image/png"),
    ]  # fmt: skip
    width, height = struct.unpack(">II", found[1][2][16:24])
    assert (width, round(height / width, 2)) == (1100, 1.42)  # A4


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"<html>", paper.ListNotTaken),
        (b"", paper.ListNotTaken),
        (uploads.office(), paper.ListNotTaken),
        (papers.paper(["x"], catalog="/OpenAction << /S /JavaScript /JS (app.alert(1)) >>"), paper.ListRunsPrograms),
        (papers.paper(*([["x"]] * 21)), paper.SignedListTooLong),
        (papers.scan()[:300] + b"startxref\n9\n%%EOF\n", paper.ListNotTaken),
        (b"\xff\xd8\xff" + bytes(11 * 1024 * 1024), UploadTooLarge),
    ],
)
def test_what_is_no_photo_or_scan_is_refused_and_nothing_is_kept(held, coordinator, data, problem):
    with pytest.raises(problem):
        paper.keep(held.id, data, "daftar.pdf", by=coordinator, now=AFTER)
    assert (count(SignedList), count(StoredFile)) == (0, 0)


def test_a_file_is_removed_with_its_data(held, coordinator):
    paper.keep(held.id, uploads.png(), "daftar.png", by=coordinator, now=AFTER)
    list_id = db.session.scalars(sa.select(SignedList.id)).one()
    paper.remove(held.id, list_id, by=coordinator, now=AFTER)
    assert (count(SignedList), count(StoredFile)) == (0, 0)
    with pytest.raises(paper.SignedListMissing):
        paper.remove(held.id, list_id, by=coordinator, now=AFTER)


def test_an_activity_keeps_only_so_many_pictures(held, coordinator, monkeypatch):
    monkeypatch.setattr(paper, "MOST_FILES", 1)
    paper.keep(held.id, uploads.png(), "satu.png", by=coordinator, now=AFTER)
    with pytest.raises(paper.TooManyLists):
        paper.keep(held.id, uploads.png(), "dua.png", by=coordinator, now=AFTER)


def test_nothing_is_kept_or_read_before_the_day(held, ani, coordinator):
    with pytest.raises(NotYet):
        paper.keep(held.id, uploads.png(), "daftar.png", by=coordinator, now=NOW)
    with pytest.raises(NotYet):
        paper.read(held.id, [], [invitation_of(held, ani).id], by=coordinator, now=NOW)


def named(rows):
    return [(one.number, one.row.invitation.invitee.display_name, one.signed) for one in rows]


def test_the_lines_stand_in_the_order_and_with_the_numbers_of_the_paper(held, chief, police, coordinator):
    db.session.add(Invitation(activity_id=held.id, organisation_id=police.id, role=Role.PARTICIPANT, quota=2,
                              state=InvitationState.INVITED))  # fmt: skip
    db.session.commit()
    invite(held, a_person("Zahra"))
    invite(held, chief, role=Role.SPEAKER)
    attendance.walk_in(held.id, a_person("Aan").id, source=AttendanceSource.HAND, by=coordinator, now=AFTER)
    found = lists.reconciliation(held.id)
    assert named(found.invitees) == [
        (1, "Ani Wijaya", None), (2, "Budi Santoso", None), (3, "Polres Metro", None), (5, "Zahra", None),
    ]  # fmt: skip
    assert named(found.on_stage) == [(1, "Kapolres Metro", None)]
    assert named(found.others) == [(1, "Aan", None)]


def test_what_was_read_changes_no_attendance_and_names_the_differences(held, ani, budi, coordinator):
    anis, budis = invitation_of(held, ani).id, invitation_of(held, budi).id
    attendance.tick(held.id, [budis], [budis], AttendanceSource.HAND, by=coordinator, now=AFTER)
    paper.read(held.id, [anis], [anis, budis], by=coordinator, now=AFTER)
    found = lists.reconciliation(held.id)
    assert named(found.signed_only) == [(1, "Ani Wijaya", True)]
    assert named(found.ticked_only) == [(2, "Budi Santoso", False)]
    assert count(Attendance) == 1


def test_what_is_taken_over_is_in_the_log_as_known_from_paper(held, ani, budi, coordinator, administrator):
    anis, budis = invitation_of(held, ani).id, invitation_of(held, budi).id
    attendance.tick(held.id, [budis], [budis], AttendanceSource.HAND, by=coordinator, now=AFTER)
    paper.read(held.id, [anis], [anis, budis], by=administrator, now=AFTER)
    assert paper.take_over(held.id, [anis, budis], by=administrator, now=at(18, 14)) == 2
    assert paper.take_over(held.id, [anis, budis], by=administrator, now=at(18, 15)) == 0
    rows = [fresh(invitation_of(held, person)).attendance for person in (ani, budi)]
    assert [(row.present, row.source, row.conflicts) for row in rows] == [
        (True, AttendanceSource.PAPER, 0),
        (False, AttendanceSource.PAPER, 0),
    ]
    assert [scan.how for scan in db.session.scalars(sa.select(Scan).order_by(Scan.id))][1:] == [ScanHow.PAPER] * 2
    assert lists.reconciliation(held.id).differences == []


def test_lines_of_another_activity_are_left_alone(held, programme, hall, chief, coordinator):
    other = db.session.scalars(sa.select(Invitation.id).where(Invitation.activity_id != held.id)).all()
    paper.read(held.id, other, [*other, 99_999], by=coordinator, now=AFTER)
    assert db.session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "activity.signed_list_read")).all() == []


def test_the_number_of_statements_does_not_grow_with_the_lines(held, queries):
    activity_id = held.id
    before = queries(lambda: lists.reconciliation(activity_id))
    invite(fresh(held), *(a_person(f"Kader {n}") for n in range(20)))
    assert queries(lambda: lists.reconciliation(activity_id)) <= before + 1
