"""Devices at the door: each scan is stored once, also a failed one; attendance follows from all of them."""

from datetime import datetime, timedelta
from functools import partial

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outreach.domain.door.scans import COUNTED, ScanConflictKind, ScanHow, ScanOutcome, standing
from outreach.domain.kinds import AgeGroup, AnswerSource, AttendanceSource, Sex
from outreach.domain.states import ActivityState, InvitationState
from outreach.extensions import db
from outreach.models import Attendance, AuditEntry, Device, Person, Scan, User, WalkIn
from outreach.services.activities import publish as publishing
from outreach.services.door import attendance, batch, codes, log
from outreach.services.door.receive import FARTHEST_JUMP, NumberFault, receive
from tests.services.door.devices import DAY, ONE, THREE, TWO, ms, scan, send
from tests.support.copied import copied
from tests.support.long_form import many
from tests.world import (
    NOW,
    at,
    at_once,
    count,
    draft_activity,
    fresh,
    invitation_of,
    invite,
    invite_and_publish,
    mails,
    publish,
    run,
    set_state,
)
from tests.world import send as send_mails

pytestmark = pytest.mark.usefixtures("any_app")


def outcomes(received) -> list[str]:
    return [answer.scan.outcome.value if answer.scan else "taken" for answer in received.answers]


@copied
def held(activity, ani, budi, coordinator):
    invite_and_publish(activity, ani, budi, by=coordinator)
    set_state(activity, InvitationState.COMING, ani, budi)
    return activity


@copied
def anis(held, ani):
    return invitation_of(held, ani).id


def test_a_scan_of_a_code_makes_its_invitee_present(held, anis, ani, coordinator):
    code = codes.code_of(db.session(), invitation_of(held, ani))
    found = send(held, coordinator, scan(1, at(18, 7, 50), how="qr", code=code))
    stored = db.session.scalars(sa.select(Scan)).one()
    assert (found.device, found.next_number, outcomes(found)) == (1, 2, ["present"])
    assert (stored.invitation_id, stored.how, stored.at, stored.by_id) == (
        anis,
        ScanHow.QR,
        at(18, 7, 50),
        coordinator.id,
    )
    assert code not in repr([getattr(stored, column.key) for column in Scan.__table__.c])
    row = fresh(invitation_of(held, ani)).attendance
    assert (row.present, row.source, row.in_at, row.conflicts) == (True, AttendanceSource.QR, at(18, 7, 50), 0)


def test_the_same_batch_again_is_stored_once_and_answered_the_same(held, anis, coordinator):
    said = (
        scan(1, DAY, invitation=anis),
        scan(2, DAY, how="qr", code="forged"),
        scan(3, DAY, action="undo", invitation=anis),
    )
    first = send(held, coordinator, *said)
    again = send(held, coordinator, *said, now=at(18, 9))
    assert outcomes(first) == outcomes(again) == ["present", "forged", "undone"]
    assert [answer.scan.id for answer in first.answers] == [answer.scan.id for answer in again.answers]
    assert count(Scan) == 3
    assert count(AuditEntry) == len({*db.session.scalars(sa.select(AuditEntry.id))})
    scanned = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "activity.scanned")).all()
    assert [one.detail for one in scanned] == [{"device": 1, "scans": 3, "failed": 1, "present": 0}]


def test_a_number_that_another_scan_has_is_refused_and_the_next_free_one_is_named(held, anis, coordinator):
    send(held, coordinator, scan(1, DAY, invitation=anis), scan(7, DAY, invitation=anis))
    found = send(held, coordinator, scan(1, at(18, 9), invitation=anis, action="undo"), now=at(18, 9))
    assert (outcomes(found), found.next_number, count(Scan)) == (["taken"], 8, 2)


def test_a_number_that_jumps_far_is_refused_with_an_answer_and_uses_up_nothing(held, anis, coordinator):
    send(held, coordinator, scan(5, DAY, invitation=anis))
    farthest = 5 + FARTHEST_JUMP
    found = send(held, coordinator, scan(2**31 - 1, DAY, invitation=anis), scan(farthest + 1, DAY, invitation=anis))
    assert ([answer.fault for answer in found.answers], found.next_number, count(Scan)) == (
        [NumberFault.TOO_HIGH] * 2,
        6,
        1,
    )
    found = send(held, coordinator, scan(farthest, DAY, invitation=anis))
    assert (outcomes(found), found.next_number) == (["already"], farthest + 1)


def test_the_second_scan_says_on_which_device_and_when_the_first_was(held, anis, ani, coordinator):
    code = codes.code_of(db.session(), invitation_of(held, ani))
    send(held, coordinator, scan(1, at(18, 8, 14), how="qr", code=code), now=at(18, 8, 14))
    second = send(held, coordinator, scan(1, at(18, 8, 20), how="qr", code=code), device=TWO, now=at(18, 8, 20))
    [answer] = second.answers
    assert (outcomes(second), answer.earlier_device, answer.earlier.at) == (["already"], 1, at(18, 8, 14))
    conflicts = standing(log.facts(db.session(), [anis])[anis]).conflicts
    assert [one.kind for one in conflicts] == [ScanConflictKind.SAME_CODE]
    assert fresh(invitation_of(held, ani)).attendance.conflicts == 1


def test_failed_scans_are_stored_with_their_reason_and_count_for_nothing(
    held, programme, hall, ani, chief, coordinator
):
    other = draft_activity(programme, hall, 19)
    invite_and_publish(other, chief, by=coordinator)
    foreign = codes.code_of(db.session(), invitation_of(other, chief))
    own = codes.code_of(db.session(), invitation_of(held, ani))
    said = [
        scan(1, DAY, how="qr", code="https://example.com/k/nothing"),
        scan(2, DAY, how="qr", code=foreign),
        scan(3, DAY, invitation=99_999),
        scan(4, DAY, invitation=invitation_of(other, chief).id),
        {"number": 5, "at_ms": "now", "how": "name"},
        scan(6, DAY, how="review", invitation=1),
        scan(7, at(17, 9), how="qr", code=own),
    ]
    found = send(held, coordinator, *said)
    assert outcomes(found) == [
        "forged", "other_activity", "unknown", "unknown", "unreadable", "unreadable", "not_yet",
    ]  # fmt: skip
    assert not any(answer.counted for answer in found.answers)
    assert (count(Scan), count(Attendance)) == (7, 0)


def test_a_code_is_expired_by_the_time_of_the_scan_not_by_that_of_its_arrival(held, ani, coordinator):
    code = codes.code_of(db.session(), invitation_of(held, ani))
    late = send(
        held, coordinator, scan(1, DAY, how="qr", code=code), scan(2, at(19, 1), how="qr", code=code), now=at(19, 8)
    )
    assert outcomes(late) == ["present", "expired"]


def test_nobody_is_recorded_at_an_activity_that_was_cancelled_meanwhile(held, anis, coordinator):
    publishing.cancel(held.id, "Banjir", by=coordinator, now=NOW)
    found = send(held, coordinator, scan(1, DAY, invitation=anis))
    assert (outcomes(found), fresh(held).state, count(Attendance)) == (["not_open"], ActivityState.CANCELLED, 0)


def test_somebody_whose_invitation_was_withdrawn_meanwhile_is_present_and_staff_look_at_it(
    held, ani, anis, coordinator
):
    set_state(held, InvitationState.WITHDRAWN, ani)
    assert outcomes(send(held, coordinator, scan(1, DAY, invitation=anis))) == ["withdrawn"]
    row = fresh(invitation_of(held, ani)).attendance
    assert (row.present, row.conflicts) == (True, 1)


def test_somebody_who_walks_in_is_stored_as_a_person_to_be_merged(held, coordinator):
    wati = {"name": " Wati  Lestari ", "region": "18.72.01.1001", "sex": "female", "age_group": "from_25"}
    said = scan(1, at(18, 7, 55), how="walk_in", person=wati)
    found = send(held, coordinator, said)
    send(held, coordinator, said, now=at(18, 9))
    person = db.session.scalars(sa.select(Person).where(Person.name == "Wati Lestari")).one()
    assert (person.region_code, person.sex, person.age_group) == ("18.72.01.1001", Sex.FEMALE, AgeGroup.FROM_25)
    invitation = invitation_of(held, person)
    assert (outcomes(found), invitation.answer_source, invitation.attendance.present) == (
        ["present"],
        AnswerSource.WALK_IN,
        True,
    )
    assert [(one.person_id, one.came_at) for one in db.session.scalars(sa.select(WalkIn))] == [
        (person.id, at(18, 7, 55))
    ]


def test_a_namesake_who_walks_in_is_another_person_until_somebody_merges_them(held, ani, coordinator):
    send(held, coordinator, scan(1, DAY, how="walk_in", person={"name": ani.name, "region": ani.region_code or ""}))
    assert db.session.scalar(sa.select(sa.func.count()).where(Person.name == ani.name)) == 2


def test_a_walk_in_without_a_real_name_is_kept_as_a_failed_scan(held, coordinator):
    found = send(held, coordinator, scan(1, DAY, how="walk_in", person={"name": "081234567890"}))
    assert (outcomes(found), found.answers[0].scan.name, count(WalkIn)) == (["unreadable"], "081234567890", 0)


@pytest.mark.parametrize(
    "sent",
    [
        None, [], {}, {"device": ONE, "clock_ms": 1, "scans": {}}, {"device": "short", "clock_ms": 1, "scans": []},
        {"device": ONE, "clock_ms": True, "scans": []}, {"device": ONE, "clock_ms": 10**30, "scans": []},
        {"device": ONE, "clock_ms": 1, "scans": [{"at_ms": 1}]}, {"device": ONE, "clock_ms": 1, "scans": [{"number": True}]},
        {"device": ONE, "clock_ms": 1, "scans": [{"number": 1}, {"number": 1}]},
        {"device": ONE, "clock_ms": 1, "scans": [{"number": n + 1} for n in range(201)]},
        {"device": "<script>alert(1)</script>", "clock_ms": 1, "scans": []},
    ],
)  # fmt: skip
def test_a_batch_that_no_page_of_ours_sends_is_refused_as_a_whole(sent):
    with pytest.raises(batch.BatchUnreadable):
        batch.read(sent)


def test_a_batch_sent_twice_at_once_is_stored_once(current_app_, held, anis, coordinator):
    person = {"name": "Wati Lestari"}
    sent = batch.read({"device": ONE, "clock_ms": ms(DAY), "scans": [
        scan(1, DAY, invitation=anis), scan(2, DAY, how="walk_in", person=person),
    ]})  # fmt: skip
    activity_id, user_id = held.id, coordinator.id

    def act() -> None:
        receive(activity_id, sent, by=db.session.get_one(User, user_id), now=DAY)

    assert at_once(current_app_, [act, act, act]) == ["done"] * 3
    assert (count(Scan), count(Device), count(WalkIn)) == (2, 1, 1)


def test_two_new_devices_at_once_get_two_numbers_and_lose_nothing(current_app_, held, anis, coordinator):
    activity_id, user_id = held.id, coordinator.id
    sent = [
        batch.read({"device": device, "clock_ms": ms(DAY), "scans": [
            scan(1, DAY, invitation=anis), scan(2, DAY, how="walk_in", person={"name": f"Wati {name}"}),
        ]})
        for device, name in ((ONE, "Satu"), (TWO, "Dua"), (THREE, "Tiga"))
    ]  # fmt: skip

    def act(one) -> None:
        receive(activity_id, one, by=db.session.get_one(User, user_id), now=DAY)

    assert at_once(current_app_, [partial(act, one) for one in sent]) == ["done"] * 3
    db.session.rollback()
    assert db.session.scalars(sa.select(Device.number).order_by(Device.number)).all() == [1, 2, 3]
    assert (count(Scan), count(WalkIn), count(Attendance)) == (6, 3, 4)


@pytest.mark.usefixtures("default_rules")
def test_who_a_device_reports_late_is_thanked_late_and_once(activity, ani, budi, coordinator):
    invite([activity], ani, budi)
    publish(activity)
    send_mails(NOW)
    ids = [invitation_of(activity, person).id for person in (ani, budi)]
    send(activity, coordinator, scan(1, DAY, invitation=ids[0]))
    run(at(18, 12), at(19, 8))
    for device in (ONE, TWO):
        send(activity, coordinator, scan(2, DAY, invitation=ids[1]), device=device, now=at(20, 9))
    run(at(20, 10))
    thanks = [mail for mail in mails() if mail[2] == ["thanks"]]
    assert thanks == [("Ani", "19 08.00", ["thanks"]), ("Budi", "20 09.00", ["thanks"])]


EVENTS = st.lists(
    st.tuples(st.sampled_from([ONE, TWO, THREE]), st.booleans(), st.sampled_from(["in", "in", "undo", "out"])),
    min_size=1,
    max_size=12,
)


@settings(max_examples=many(20, 300), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=EVENTS, clocks=st.lists(st.integers(-420, 420), min_size=3, max_size=3), chance=st.randoms())
def test_presence_follows_from_what_happened_whatever_the_clocks_and_the_order_of_arrival(
    held, ani, budi, coordinator, events, clocks, chance
):
    for table in (Scan, Attendance, Device):
        db.session.execute(sa.delete(table))
    db.session.commit()
    whose = {True: invitation_of(held, ani).id, False: invitation_of(held, budi).id}
    ahead = {device: timedelta(seconds=clock) for device, clock in zip((ONE, TWO, THREE), clocks, strict=True)}
    happened = [
        (at(18, 8) + timedelta(seconds=20 * n), device, whose[who], action)
        for n, (device, who, action) in enumerate(events)
    ]
    numbers = dict.fromkeys(ahead, 0)
    batches: list[tuple[str, list[dict]]] = []
    for made, device, invitation_id, action in happened:
        numbers[device] += 1
        said = scan(numbers[device], made + ahead[device], invitation=invitation_id, action=action)
        batches.append((device, [said]))
    batches += chance.choices(batches, k=len(batches) // 2)  # sent again
    chance.shuffle(batches)
    for n, (device, said) in enumerate(batches):
        send(held, coordinator, *said, device=device, now=at(18, 9) + timedelta(seconds=n), clock=ahead[device])
    assert count(Scan) == len(events)
    db.session.rollback()
    rows = {row.invitation_id: row for row in db.session.scalars(sa.select(Attendance))}
    facts = log.facts(db.session(), whose.values())
    for invitation_id in whose.values():
        told = [(made, action) for made, _device, whom, action in happened if whom == invitation_id]
        expected = _first_in(told)
        row = rows.get(invitation_id)
        assert (row.in_at if row else None, bool(row and row.present)) == (expected, expected is not None)
        assert (row.conflicts if row else 0) == len(standing(facts.get(invitation_id, [])).conflicts)


SIDES = st.one_of(
    st.tuples(st.sampled_from([ONE, TWO]), st.sampled_from(["in", "in", "undo", "out"]), st.integers(0, 40)),
    st.tuples(st.just("sheet"), st.sampled_from(["in", "undo"]), st.integers(0, 40)),
)


@settings(max_examples=many(15, 200), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(told=st.lists(st.tuples(SIDES, st.booleans()), min_size=1, max_size=12))
def test_what_is_stored_as_attendance_is_what_the_log_says_for_devices_and_the_sheet(
    held, ani, budi, coordinator, told
):
    for table in (Scan, Attendance, Device):
        db.session.execute(sa.delete(table))
    db.session.commit()
    whose = {True: invitation_of(held, ani).id, False: invitation_of(held, budi).id}
    for n, ((place, action, waited), who) in enumerate(told, 1):
        now = at(18, 9) + timedelta(minutes=n)
        made = now - timedelta(minutes=waited)
        if place == "sheet":
            present = [whose[who]] if action == "in" else []
            source = AttendanceSource.PAPER if waited % 5 == 0 else AttendanceSource.HAND
            attendance.tick(held.id, present, [whose[who]], source, by=coordinator, now=now, made_at=made)
        else:
            send(held, coordinator, scan(n, made, invitation=whose[who], action=action), device=place, now=now)
    db.session.rollback()
    facts = log.facts(db.session(), whose.values())
    for invitation_id in whose.values():
        row = db.session.scalar(sa.select(Attendance).where(Attendance.invitation_id == invitation_id))
        says = standing(facts.get(invitation_id, []))
        stored = (row.present, row.in_at, row.out_at, row.conflicts) if row else (False, None, None, 0)
        assert stored == (says.present, says.in_at, says.out_at, len(says.conflicts))


def _first_in(told: list[tuple[datetime, str]]) -> datetime | None:
    found = None
    for made, action in told:
        found = None if action == "undo" else made if action == "in" and found is None else found
    return found


def test_the_sheet_and_the_devices_write_one_log(held, ani, anis, coordinator, administrator):
    send(held, coordinator, scan(1, at(18, 8, 10), invitation=anis), now=at(18, 8, 10))
    attendance.tick(held.id, [], [anis], AttendanceSource.HAND, by=administrator, now=at(18, 8, 30))
    assert fresh(invitation_of(held, ani)).attendance.present is False
    attendance.tick(held.id, [anis], [anis], AttendanceSource.PAPER, by=administrator, now=at(18, 15))
    row = fresh(invitation_of(held, ani)).attendance
    assert (row.present, row.source, row.conflicts) == (True, AttendanceSource.PAPER, 0)
    stored = db.session.scalars(sa.select(Scan).order_by(Scan.id)).all()
    assert [(one.how, one.outcome, one.device_id is None) for one in stored] == [
        (ScanHow.NAME, ScanOutcome.PRESENT, False),
        (ScanHow.NAME, ScanOutcome.UNDONE, True),
        (ScanHow.PAPER, ScanOutcome.PRESENT, True),
    ]
    assert {one.outcome for one in stored} <= COUNTED
