"""Who was present follows from the scans, in the order of their times; what does not agree is named until staff settle it."""

from datetime import timedelta
from itertools import count, permutations

import pytest

from outreach.domain.door import scans
from outreach.domain.door.scans import (
    COUNTED,
    FAILED,
    ScanConflict,
    ScanConflictKind,
    ScanFacts,
    ScanHow,
    ScanOutcome,
    standing,
)
from outreach.domain.kinds import AttendanceSource
from tests.world import at

IN, OUT, UNDONE, WITHDRAWN = ScanOutcome.PRESENT, ScanOutcome.OUT, ScanOutcome.UNDONE, ScanOutcome.WITHDRAWN
SARI, DEDI = 1, 2
_ids = count(1)


def scan(hour, minute=0, outcome=IN, *, device=None, by=SARI, how=None, code="", received=None, source=None):
    id = next(_ids)
    made = at(18, hour, minute)
    how = how or (ScanHow.QR if code else ScanHow.NAME)
    return ScanFacts(id, made, received or made, device, id, by, how, outcome, code, source)


def kinds(*found):
    return [one.kind for one in standing(found).conflicts]


def test_an_invitee_without_scans_has_no_attendance():
    assert standing([]) == scans.Standing(False, None, None, None, ())


def test_the_first_time_in_and_the_last_time_out_stand():
    found = standing([scan(8, 14, device=1), scan(9, outcome=OUT, device=1)])
    assert (found.present, found.in_at, found.out_at) == (True, at(18, 8, 14), at(18, 9))


def test_whoever_comes_back_is_not_out_any_more():
    found = standing([scan(8, device=1), scan(9, outcome=OUT, device=1), scan(10, device=1)])
    assert (found.in_at, found.out_at) == (at(18, 8), None)


def test_going_out_without_having_come_in_is_no_presence():
    assert standing([scan(9, outcome=OUT, device=1)]).present is False


def test_what_was_undone_does_not_count_and_the_next_scan_begins_again():
    first, undone, again = scan(8, device=1), scan(8, 5, UNDONE, device=1), scan(9, device=1)
    assert standing([first, undone]) == scans.Standing(False, None, None, undone, ())
    assert standing([first, undone, again]).in_at == at(18, 9)


@pytest.mark.parametrize("outcome", sorted(FAILED))
def test_a_failed_scan_counts_for_nothing(outcome):
    assert standing([scan(8, outcome=outcome, device=1)]) == standing([])
    assert outcome not in COUNTED


def test_the_order_of_arrival_changes_nothing():
    told = [
        scan(8, device=1),
        scan(8, 5, UNDONE, device=2),
        scan(8, 5, device=3),
        scan(8, 5),
        scan(9, outcome=OUT, device=2),
    ]
    assert len({standing(order) for order in permutations(told)}) == 1


def test_of_one_moment_the_sheet_counts_last():
    undone = scan(8, outcome=UNDONE)
    assert standing([undone, scan(8, device=1)]).decided_by == undone


def test_how_attendance_is_known_is_that_of_the_scan_that_decided():
    sources = {how: scan(8, how=how).known_by for how in ScanHow}
    assert sources == {
        ScanHow.QR: AttendanceSource.QR,
        ScanHow.NAME: AttendanceSource.HAND,
        ScanHow.PAPER: AttendanceSource.PAPER,
        ScanHow.WALK_IN: AttendanceSource.HAND,
        ScanHow.REVIEW: AttendanceSource.HAND,
        ScanHow.MIGRATED: AttendanceSource.HAND,
    }
    assert scan(8, how=ScanHow.MIGRATED, source=AttendanceSource.PAPER).known_by is AttendanceSource.PAPER


def test_a_device_that_is_ahead_or_behind_says_the_true_time_but_never_one_after_arrival():
    ahead, behind = timedelta(minutes=7), timedelta(minutes=-7)
    assert scans.corrected(at(18, 8, 21), ahead, at(18, 9)) == at(18, 8, 14)
    assert scans.corrected(at(18, 8, 7), behind, at(18, 9)) == at(18, 8, 14)
    assert scans.corrected(at(18, 9, 21), ahead, at(18, 9)) == at(18, 9)


def test_the_same_code_on_two_devices_is_named_with_both():
    first, second = scan(8, 14, device=2, code="a"), scan(8, 20, device=3, code="a")
    assert standing([second, first]).conflicts == (ScanConflict(ScanConflictKind.SAME_CODE, first, second),)


def test_a_second_look_on_the_same_device_is_nothing_to_settle():
    assert kinds(scan(8, 14, device=2, code="a"), scan(8, 20, device=2, code="a")) == []


def test_present_on_two_devices_in_other_ways_is_named_once_for_each_device():
    told = [scan(8, device=1, code="a"), scan(8, 5, device=2), scan(8, 6, device=2), scan(8, 7, device=3)]
    assert kinds(*told) == [ScanConflictKind.TWICE, ScanConflictKind.TWICE]


def test_present_on_one_and_undone_on_another_device_is_named():
    came, undone = scan(8, device=1), scan(8, 10, UNDONE, device=2)
    assert standing([came, undone]).conflicts == (ScanConflict(ScanConflictKind.UNDONE_ELSEWHERE, came, undone),)
    assert kinds(scan(8, device=1), scan(8, 10, UNDONE, device=1)) == []


def test_staff_may_undo_on_the_sheet_what_they_recorded_themselves():
    assert kinds(scan(8, device=1), scan(8, 10, UNDONE)) == []
    assert kinds(scan(8, device=1), scan(8, 10, UNDONE, by=DEDI)) == [ScanConflictKind.UNDONE_ELSEWHERE]
    assert kinds(scan(8, how=ScanHow.MIGRATED), scan(8, 10, UNDONE, by=DEDI)) == []


def test_present_although_withdrawn_is_present_and_named():
    found = standing([scan(8, outcome=WITHDRAWN, device=1)])
    assert (found.present, [one.kind for one in found.conflicts]) == (True, [ScanConflictKind.WITHDRAWN])


@pytest.mark.parametrize("how", [ScanHow.REVIEW, ScanHow.PAPER])
def test_staff_who_say_how_it_was_settle_it(how):
    told = [scan(8, device=1), scan(8, 10, UNDONE, device=2)]
    was_there = standing([*told, scan(15, how=how)])
    was_not = standing([*told, scan(15, outcome=UNDONE, how=how)])
    assert (was_there.present, was_there.conflicts) == (True, ())
    assert (was_not.present, was_not.conflicts) == (False, ())


def test_whoever_was_there_after_all_came_when_they_were_seen_first():
    told = [scan(8, device=1), scan(8, 10, UNDONE, device=2), scan(15, how=ScanHow.REVIEW)]
    assert standing(told).in_at == at(18, 8)


def test_what_arrives_after_staff_looked_is_named_again():
    late = scan(8, 20, device=3, received=at(18, 16))
    assert kinds(scan(8, device=1), scan(8, 5, device=2), scan(15, how=ScanHow.REVIEW), late) == [
        ScanConflictKind.TWICE
    ]


def test_whoever_was_recorded_and_is_withdrawn_afterwards_is_named_until_staff_say_how_it_was():
    came = scan(8)
    found = standing([came], withdrawn=True)
    assert (found.present, found.conflicts) == (True, (ScanConflict(ScanConflictKind.WITHDRAWN, came, came),))
    assert standing([came]).conflicts == ()
    assert standing([came, scan(9, outcome=UNDONE)], withdrawn=True).conflicts == ()
    looked_before = scan(8, 30, how=ScanHow.REVIEW)
    assert len(standing([came, looked_before], withdrawn=True).conflicts) == 1
    looked_since = scan(9, outcome=WITHDRAWN, how=ScanHow.REVIEW)
    assert standing([came, looked_before, looked_since], withdrawn=True).conflicts == ()
