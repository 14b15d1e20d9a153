"""Requesting a search, running it with the real solver, stopping it, and showing its progress."""

from dataclasses import replace
from datetime import date, time, timedelta

import pytest
import sqlalchemy as sa

from outreach import codec
from outreach.domain.kinds import VenueKind
from outreach.domain.planning.rules import ClashKind
from outreach.domain.states import ActivityState, SearchState
from outreach.domain.timetabling import CauseKind, NoDays, SearchStatus
from outreach.extensions import db
from outreach.models import Activity, AuditEntry, TimetablingSearch
from outreach.queries import timetabling as timetabling_pages
from outreach.services.timetabling import request as timetabling_request
from outreach.services.timetabling import result as timetabling_result
from outreach.services.timetabling import searches
from outreach.services.timetabling import worker as timetabling_worker
from outreach.services.timetabling.request import OrderCircular, Request, RequestLine, VenueChoice, Weight, Wish
from outreach.services.timetabling.task import ActivitiesGone, DaysOver, FacilitatorsGone, TooFarAhead, build
from outreach.transactions import writing
from tests.world import NOW, a_person, at
from tests.world.timetabling import a_request, community, facilitators, searched, three_at_once

FULL = Request(
    lines=(RequestLine(4, 2, date(2027, 1, 18), date(2027, 1, 19), True), RequestLine(5)),
    first_on=date(2027, 1, 18),
    last_on=date(2027, 1, 22),
    venues=VenueChoice.KELURAHAN,
    venue_kinds=(VenueKind.HALL,),
    facilitators=(7, 8),
    before_all=4,
    order=((5, 4), (9, 5)),
    one_in_kecamatan=False,
    hours=(time(8), time(12)),
    wishes={Wish.TRIPS: Weight.MUCH, Wish.RAMADAN: Weight.OFF},
    seconds=10,
    greedily=True,
)


def test_a_request_is_read_as_it_was_written():
    assert timetabling_request.from_json(timetabling_request.as_json(FULL)) == FULL


def test_a_request_is_stored_in_a_stable_format():
    assert timetabling_request.as_json(FULL) == {
        "lines": [
            {"id": 4, "needed": 2, "first_on": "2027-01-18", "last_on": "2027-01-19", "fixed": True},
            {"id": 5, "needed": 0, "first_on": None, "last_on": None, "fixed": False},
        ],
        "first_on": "2027-01-18",
        "last_on": "2027-01-22",
        "venues": "kelurahan",
        "venue_kinds": ["hall"],
        "facilitators": [7, 8],
        "before_all": 4,
        "order": [[5, 4], [9, 5]],
        "one_in_kecamatan": False,
        "hours": ["08:00", "12:00"],
        "wishes": {"trips": "much", "ramadan": "off"},
        "seconds": 10,
        "greedily": True,
    }


def test_an_order_given_twice_is_read_once():
    stored = timetabling_request.as_json(replace(FULL, order=((5, 4), (5, 4))))
    assert timetabling_request.from_json(stored).order == ((5, 4),)


STORED = {
    "status": "impossible",
    "lines": [
        {
            "id": 4,
            "title": "Metro",
            "version": 3,
            "state": "draft",
            "zone": "Asia/Jakarta",
            "before": {
                "starts_at": "2027-01-18T02:00:00+00:00",
                "ends_at": "2027-01-18T04:00:00+00:00",
                "venue_id": None,
                "people": [[7, "Citra"]],
            },
            "after": {
                "starts_at": "2027-01-19T02:00:00+00:00",
                "ends_at": "2027-01-19T04:00:00+00:00",
                "venue_id": 2,
                "people": [[8, "Dian"]],
            },
            "let_go": [[7, "Citra"]],
            "reasons": [{"kind": "shares_trip", "ids": [5], "who": "Dian", "day": "2027-01-19"}],
            "costs": [{"term": "trips", "cost": 8, "units": 1, "who": "Dian", "day": None}],
            "warnings": [
                {"kind": "speaker_absent", "new": False, "day": "2027-01-19", "who": "Dian", "where": "",
                 "titles": ["Imopuro"], "why": "Cuti"}
            ],
        }
    ],
    "unplaced": [5],
    "costs": {"trips": 8},
    "objective": 8,
    "present": None,
    "is_enough": False,
    "bound": 6,
    "solved": 1,
    "conflicts": [
        {
            "ids": [4, 5],
            "minimal": False,
            "causes": [
                {"kind": "rule", "ids": [4, 5], "rule": "venue_taken", "people": [], "venues": [2],
                 "kecamatan": ["18.72.01"], "examples": []}
            ],
        }
    ],
    "titles": {"4": "Metro", "5": "Imopuro"},
    "taken": [4],
}  # fmt: skip


def test_a_result_is_read_and_written_in_a_stable_format():
    result = timetabling_result.read(STORED)
    citra, dian = (7, "Citra"), (8, "Dian")
    [line] = result.lines
    assert (line.zone.key, line.before.people, line.after.people, line.let_go) == (
        "Asia/Jakarta", (citra,), (dian,), (citra,)
    )  # fmt: skip
    assert line.after.starts_at == at(19, 9)
    assert [(note.kind, note.is_new, note.day) for note in line.warnings] == [
        (ClashKind.SPEAKER_ABSENT, False, date(2027, 1, 19))
    ]
    assert [(conflict.is_minimal, conflict.causes[0].rule) for conflict in result.conflicts] == [
        (False, ClashKind.VENUE_TAKEN)
    ]
    assert (result.status, result.titles, result.taken) == (SearchStatus.IMPOSSIBLE, {4: "Metro", 5: "Imopuro"}, {4})
    assert codec.to_json(result) == STORED


def test_a_search_that_has_just_begun_stores_an_empty_result():
    assert timetabling_result.read({}) == timetabling_result.SearchResult()
    assert timetabling_result.read({"titles": {}, "taken": []}) == timetabling_result.SearchResult()


def test_omitted_request_fields_have_their_defaults():
    asked = timetabling_request.from_json({"lines": [{"id": 4}], "first_on": "2027-01-18", "last_on": "2027-01-22"})
    assert asked == Request((RequestLine(4),), date(2027, 1, 18), date(2027, 1, 22))
    assert asked.weight(Wish.TRIPS) is Weight.LITTLE


@pytest.mark.parametrize(
    "stored",
    [
        None,
        [],
        {},
        {"lines": [{"id": "4"}], "first_on": "2027-01-18", "last_on": "2027-01-22"},
        {"lines": [{"id": True}], "first_on": "2027-01-18", "last_on": "2027-01-22"},
        {"lines": [{"id": 0}], "first_on": "2027-01-18", "last_on": "2027-01-22"},
        {"lines": [{"id": 2**31}], "first_on": "2027-01-18", "last_on": "2027-01-22"},
        {"lines": [{"id": 4}], "first_on": "2027-01-18", "last_on": "2027-01-22", "before_all": 0},
        {"lines": [{"id": 4}], "first_on": "2027-01-18", "last_on": "2027-01-22", "facilitators": [2**31]},
        {"lines": [{"id": 4}], "first_on": "2027-01-18", "last_on": "2027-01-22", "order": [[4, 0]]},
        {"lines": [{"id": 4}], "first_on": "2027-13-18", "last_on": "2027-01-22"},
        {"lines": [{"id": 4}], "first_on": "2027-01-18", "last_on": "2027-01-22", "venues": "the moon"},
        {"lines": [{"id": 4}], "first_on": "2027-01-18", "last_on": "2027-01-22", "wishes": {"trips": "very much"}},
        {"lines": [{"id": 4}], "first_on": "2027-01-18", "last_on": "2027-01-22", "order": [[4]]},
        {"lines": [{"id": 4}], "first_on": "2027-01-18", "last_on": "2027-01-22", "order": [[4, "x"]]},
        {"lines": [{"id": 4}], "first_on": "2027-01-18", "last_on": "2027-01-22", "hours": ["08:00"]},
        {"lines": [{"id": 4}], "first_on": "2027-01-18", "last_on": "2027-01-22", "facilitators": 3},
    ],
)
def test_a_malformed_request_is_refused(stored):
    with pytest.raises((timetabling_request.RequestOdd, timetabling_request.NothingChosen)):
        timetabling_request.from_json(stored)


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"lines": ()}, timetabling_request.NothingChosen),
        ({"last_on": date(2027, 1, 17)}, timetabling_request.DaysReversed),
        ({"hours": (time(12), time(12))}, timetabling_request.HoursReversed),
        ({"before_all": 9}, timetabling_request.FirstNotChosen),
        ({"order": ((8, 9),)}, timetabling_request.OrderNotChosen),
        ({"order": tuple((5, n) for n in range(100, 201))}, timetabling_request.TooManyOrders),
        ({"facilitators": (7,)}, timetabling_request.TooFewFacilitators),
        ({"lines": (RequestLine(4, 0, date(2027, 1, 19), date(2027, 1, 18)),)}, timetabling_request.OwnDaysReversed),
        (
            {"lines": tuple(RequestLine(n) for n in range(1, 1002)), "before_all": None},
            timetabling_request.TooManyChosen,
        ),
    ],
)
def test_a_contradictory_request_is_refused(values, problem):
    with pytest.raises(problem):
        timetabling_request.check(replace(FULL, **values))


def test_days_in_the_past_or_too_far_ahead_are_refused(app, office):
    activities = three_at_once()
    with pytest.raises(DaysOver):
        build(a_request(activities, first_on=NOW.date(), last_on=NOW.date()), now=NOW)
    saturday = at(16)
    with pytest.raises(NoDays):
        build(a_request(activities, first_on=date(2027, 1, 1), last_on=date(2027, 1, 17)), now=saturday)
    task = build(a_request(activities, first_on=date(2027, 1, 1), last_on=date(2027, 1, 18)), now=saturday)
    assert task.horizon.days == (date(2027, 1, 18),)
    with pytest.raises(TooFarAhead):
        build(a_request(activities, last_on=NOW.date() + timedelta(days=121)), now=NOW)


def test_deleted_people_and_activities_are_reported(app, office):
    activities, people = three_at_once(), facilitators()
    asked = a_request(activities, people)
    people[0].erased_at = NOW
    db.session.commit()
    with pytest.raises(FacilitatorsGone):
        build(asked, now=NOW)
    activities[0].state = ActivityState.CANCELLED
    db.session.commit()
    with pytest.raises(ActivitiesGone):
        searches.create(asked, title="", by=None, now=NOW)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(TimetablingSearch)) == 0


def test_three_simultaneous_activities_in_two_kecamatan_are_spread_with_their_facilitators(
    any_app, office, coordinator
):
    activities, people = three_at_once(), facilitators()
    search = searched(a_request(activities, people))
    assert (search.state, search.problem) == (SearchState.DONE, "")
    result = timetabling_result.read(search.result)
    assert result.status in (SearchStatus.BEST, SearchStatus.FOUND)
    assert {line.id for line in result.lines} == {activity.id for activity in activities}
    by_id = {line.id: line for line in result.lines}
    halves = {
        (by_id[activity.id].after.starts_at.date(), by_id[activity.id].after.starts_at.hour >= 5)
        for activity in activities[:2]
    }
    assert len(halves) == 2  # Metro and Imopuro are in one kecamatan (12.00 WIB is 05.00 UTC)
    assert all(len(line.after.people) == 1 for line in result.lines)
    assert result.solved >= 1
    assert result.gap is not None
    assert not result.is_enough  # they have no facilitator at present
    assert search.progress["placed"] == 3
    assert search.ended_at == NOW
    unchanged = db.session.scalars(sa.select(Activity.starts_at)).all()
    assert set(unchanged) == {at(18, 9)}  # proposing changes nothing


def test_who_requests_starts_and_stops_a_search_is_in_the_audit_log(app, office, coordinator):
    made = searches.create(a_request(three_at_once()), title="Minggu ketiga", by=coordinator, now=NOW)
    [entry] = db.session.scalars(sa.select(AuditEntry))
    assert (entry.action, entry.user_id, entry.detail) == ("placement.created", coordinator.id, {"activities": 3})
    searches.start(made.id, launch=lambda _id: None, by=coordinator, now=NOW)
    for _press in range(2):
        searches.ask_to_stop(made.id, by=coordinator, now=NOW)
    told = db.session.execute(sa.select(AuditEntry.action, AuditEntry.user_id, AuditEntry.subject_name)).all()
    who, what = coordinator.id, "Minggu ketiga"
    assert [tuple(entry) for entry in told[1:]] == [("placement.started", who, what), ("placement.stopped", who, what)]


def test_two_activities_fixed_in_one_kecamatan_clash_and_the_reason_is_stored(any_app, office):
    activities = three_at_once()
    asked = a_request(activities)
    stuck = tuple(replace(line, fixed=True) for line in asked.lines)
    search = searched(replace(asked, lines=stuck))
    assert search.state is SearchState.COLLIDES
    [clash] = timetabling_result.read(search.result).conflicts
    assert set(clash.ids) == {activities[0].id, activities[1].id}
    assert {cause.rule for cause in clash.causes if cause.kind is CauseKind.RULE} == {ClashKind.SAME_KECAMATAN}
    assert {cause.kind for cause in clash.causes} == {CauseKind.RULE, CauseKind.FIXED}


def test_both_activities_may_stay_where_the_office_only_warns(app, office):
    activities = three_at_once()
    asked = a_request(activities, one_in_kecamatan=False)
    search = searched(replace(asked, lines=tuple(replace(line, fixed=True) for line in asked.lines)))
    result = timetabling_result.read(search.result)
    assert search.state is SearchState.DONE
    kinds = {note.kind for line in result.lines for note in line.warnings}
    assert ClashKind.SAME_KECAMATAN in kinds
    assert not any(note.is_new for line in result.lines for note in line.warnings)


def test_an_activity_can_be_first_of_all(app, office):
    activities = [*three_at_once(), community("Rakor", "18.72.04.1001", 21)]
    result = timetabling_result.read(searched(a_request(activities, before_all=activities[3].id)).result)
    ends = {line.id: (line.after.starts_at, line.after.ends_at) for line in result.lines}
    rakor = ends.pop(activities[3].id)
    assert all(rakor[1] <= starts for starts, _ends in ends.values())


@pytest.mark.parametrize("greedily", [False, True])
def test_an_activity_can_come_after_another(app, office, greedily):
    first, second, third = three_at_once()
    order = ((first.id, second.id), (second.id, third.id))
    result = timetabling_result.read(searched(a_request([first, second, third], order=order, greedily=greedily)).result)
    after = {line.id: line.after for line in result.lines}
    assert after[third.id].ends_at <= after[second.id].starts_at
    assert after[second.id].ends_at <= after[first.id].starts_at


def test_an_activity_can_come_between_two_fixed_ones(app, office):
    early, late = community("Dini", "18.72.01.1003", 19), community("Akhir", "18.72.04.1001", 20, 13)
    first, second, _third = three_at_once()
    order = ((first.id, early.id), (late.id, second.id))
    days = {"first_on": date(2027, 1, 18), "last_on": date(2027, 1, 22)}
    result = timetabling_result.read(searched(a_request([first, second], order=order, **days)).result)
    after = {line.id: line.after for line in result.lines}
    assert after[first.id].starts_at >= early.ends_at
    assert after[second.id].ends_at <= late.starts_at


def test_an_activity_that_cannot_come_after_another_is_named(app, office):
    late, first = community("Akhir", "18.72.04.1001", 28), three_at_once()[0]
    result = timetabling_result.read(searched(a_request([first], order=((first.id, late.id),))).result)
    [clash] = result.conflicts
    assert [(cause.kind, cause.ids) for cause in clash.causes] == [(CauseKind.ORDER, (first.id, late.id))]
    assert result.titles == {first.id: "Metro", late.id: "Akhir"}


def test_a_circular_order_is_refused_by_name(app, office):
    activities = three_at_once()
    ids = [activity.id for activity in activities]
    circular = a_request(activities, order=tuple(zip(ids, [*ids[1:], ids[0]], strict=True)))
    with pytest.raises(OrderCircular) as refused:
        searches.create(circular, title="", by=None, now=NOW)
    assert all(f"“{activity.title}”" in refused.value.values["titles"] for activity in activities)
    with pytest.raises(OrderCircular):  # all others must follow the first
        searches.create(a_request(activities, before_all=ids[0], order=((ids[0], ids[1]),)), title="", by=None, now=NOW)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(TimetablingSearch)) == 0


def test_unapplied_proposals_are_deleted_after_a_while_and_applied_ones_later(any_app, office):
    activities = three_at_once()
    ids = [searches.create(a_request(activities), title="", by=None, now=NOW).id for _ in range(4)]
    later = NOW + timedelta(days=30)
    with writing() as session:
        _old, running, taken, new = (session.get(TimetablingSearch, id) for id in ids)
        running.state, running.beat_at = SearchState.RUNNING, later
        taken.state, new.ended_at = SearchState.TAKEN, later

    def left():
        db.session.rollback()
        return list(db.session.scalars(sa.select(TimetablingSearch.id).order_by(TimetablingSearch.id)))

    assert (searches.delete_old(later), left()) == (0, ids)
    assert (searches.delete_old(later + timedelta(seconds=1)), left()) == (1, ids[1:])
    assert (searches.delete_old(NOW + timedelta(days=90, seconds=1)), left()) == (3, [])


def test_without_a_search_activities_are_timetabled_one_after_the_other(app, office, monkeypatch):
    monkeypatch.setattr(searches, "can_search", lambda: False)
    activities, people = three_at_once(), facilitators()
    search = searched(a_request(activities, people, greedily=True))
    result = timetabling_result.read(search.result)
    assert (search.state, result.status, result.bound) == (SearchState.DONE, None, None)
    assert len(result.lines) == 3
    with pytest.raises(searches.PlannerMissing):
        searched(a_request(activities, people))


def test_without_a_search_the_time_is_kept_and_staff_can_stop_it(app, office, monkeypatch):
    activities = three_at_once()
    search = searched(a_request(activities, seconds=0, greedily=True))
    assert (search.state, search.problem) == (SearchState.FAILED, timetabling_worker.NonePlaced.message)
    monkeypatch.setattr(timetabling_worker, "ASKS_S", 0.0)
    search_id = searches.create(a_request(activities, greedily=True), title="A", by=None, now=NOW).id
    searches.start(search_id, launch=lambda _id: None, by=None, now=NOW)
    searches.ask_to_stop(search_id, by=None, now=NOW)
    assert timetabling_worker.work(search_id, clock=lambda: NOW)
    assert timetabling_pages.get(search_id).state is SearchState.STOPPED


def test_only_one_search_runs_at_a_time_until_it_was_silent_too_long(any_app, office):
    activities = three_at_once()
    first, second = (searches.create(a_request(activities), title=name, by=None, now=NOW) for name in ("A", "B"))
    first_id, second_id = first.id, second.id
    launched = []
    searches.start(first_id, launch=launched.append, by=None, now=NOW)
    with pytest.raises(searches.AnotherRuns, match="A"):
        searches.start(second_id, launch=launched.append, by=None, now=NOW + searches.LEASE - timedelta(seconds=1))
    with pytest.raises(searches.AlreadyStarted):
        searches.start(first_id, launch=launched.append, by=None, now=NOW)
    later = NOW + searches.LEASE
    assert timetabling_pages.is_broken_off(timetabling_pages.get(first_id), later)
    searches.start(second_id, launch=launched.append, by=None, now=later)
    assert launched == [first_id, second_id]


def test_an_interrupted_search_starts_again(app, office):
    search_id = searches.create(a_request(three_at_once()), title="A", by=None, now=NOW).id
    searches.start(search_id, launch=lambda _id: None, by=None, now=NOW)
    with writing() as session:
        session.execute(sa.update(TimetablingSearch).values(state=SearchState.RUNNING, worker="gone"))
    later = NOW + searches.LEASE
    searches.start(search_id, launch=lambda _id: None, by=None, now=later)
    assert timetabling_worker.work(search_id, clock=lambda: later)
    assert timetabling_pages.get(search_id).state is SearchState.DONE


def test_a_search_claimed_by_another_process_is_not_run_twice(app, office):
    search_id = searches.create(a_request(three_at_once()), title="A", by=None, now=NOW).id
    assert not timetabling_worker.work(search_id, clock=lambda: NOW)  # not started
    searches.start(search_id, launch=lambda _id: None, by=None, now=NOW)
    assert timetabling_worker.work(search_id, clock=lambda: NOW)
    assert not timetabling_worker.work(search_id, clock=lambda: NOW)


def test_a_search_whose_process_cannot_start_stays_prepared(app, office):
    def fail(_id):
        raise OSError("no memory")

    search_id = searches.create(a_request(three_at_once()), title="A", by=None, now=NOW).id
    with pytest.raises(searches.CannotStart):
        searches.start(search_id, launch=fail, by=None, now=NOW)
    assert timetabling_pages.get(search_id).state is SearchState.PREPARED


def test_the_stop_button_ends_the_search_with_the_best_so_far(any_app, office):
    many = [community(f"Sesi {n}", "18.72.04.1001", 18 + n % 5, 8 + n % 3) for n in range(12)]
    asked = a_request(many, facilitators(), last_on=date(2027, 2, 12), seconds=120)
    search_id = searches.create(asked, title="A", by=None, now=NOW).id
    searches.start(search_id, launch=lambda _id: None, by=None, now=NOW)
    searches.ask_to_stop(search_id, by=None, now=NOW)  # pressed before the start: noticed at the first beat
    assert timetabling_worker.work(search_id, clock=lambda: NOW)
    search = timetabling_pages.get(search_id)
    assert search.state is SearchState.STOPPED


def test_an_error_of_the_search_is_stored_for_the_page(app, office):
    activities = three_at_once()
    search_id = searches.create(a_request(activities), title="A", by=None, now=NOW).id
    searches.start(search_id, launch=lambda _id: None, by=None, now=NOW)
    with writing() as session:
        session.execute(sa.update(Activity).values(state=ActivityState.CANCELLED))
    assert timetabling_worker.work(search_id, clock=lambda: NOW)
    search = timetabling_pages.get(search_id)
    assert (search.state, search.problem) == (SearchState.FAILED, ActivitiesGone.message)


def test_a_search_is_deleted_unless_it_runs(app, office, coordinator):
    search_id = searches.create(a_request(three_at_once()), title="A", by=None, now=NOW).id
    searches.start(search_id, launch=lambda _id: None, by=None, now=NOW)
    with pytest.raises(searches.AlreadyStarted):
        searches.delete(search_id, by=coordinator, now=NOW)
    searches.delete(search_id, by=coordinator, now=NOW + searches.LEASE)
    with pytest.raises(searches.SearchMissing):
        timetabling_pages.get(search_id)


def test_any_venue_in_the_kelurahan_can_be_allowed(app, office):
    [activity] = [community("Metro", "18.72.01.1001")]
    person = a_person("Fitri")
    task = build(a_request([activity], [person], venues=VenueChoice.KELURAHAN), now=NOW)
    assert task.demands[0].venues == (activity.venue_id,)
    community("Lain", "18.72.01.1001", 25)
    task = build(a_request([activity], [person], venues=VenueChoice.KELURAHAN), now=NOW)
    assert len(task.demands[0].venues) == 2
    task = build(a_request([activity], [person], venues=VenueChoice.KELURAHAN, venue_kinds=(VenueKind.HALL,)), now=NOW)
    assert task.demands[0].venues == (
        activity.venue_id,
    )  # the other venue is of no such kind; an activity's own venue always stays allowed
