"""The calendar's data: days with their notes, filtered activities, venues and speakers as rows."""

from datetime import date, time, timedelta

import pytest

from outreach.domain.kinds import Role
from outreach.domain.planning.office_hours import DayOffKind
from outreach.domain.planning.parties import AbsenceSource
from outreach.domain.planning.rules import Severity
from outreach.domain.states import ActivityState, InvitationState
from outreach.extensions import db
from outreach.models import Absence, Activity, Invitation, Venue
from outreach.queries import calendar as calendars
from outreach.queries.calendar import CalendarFilter, RangeEmpty, RangeTooLong
from outreach.services.invitations import invite as inviting
from tests.world import JAKARTA, NOW, a_person, at, draft_activity

MONDAY, THURSDAY = date(2027, 1, 18), date(2027, 1, 21)


ALL = CalendarFilter()


def shown(wanted: CalendarFilter = ALL, first: date = MONDAY, last: date = THURSDAY) -> calendars.ShownDays:
    return calendars.shown(first, last, wanted, zone=JAKARTA, now=NOW)


def titles(found: calendars.ShownDays) -> list[str]:
    return [entry.activity.title for entry in found.entries]


def speaks(activity: Activity, *people, state: InvitationState = InvitationState.COMING) -> None:
    for person in people:
        db.session.add(Invitation(activity_id=activity.id, person_id=person.id, role=Role.SPEAKER, state=state))
    db.session.commit()


def test_the_calendar_has_all_activities_that_touch_its_days_except_cancelled_ones(any_app, programme, hall):
    draft_activity(None, None, 17, title="Ends at midnight", starts_at=at(17, 20), ends_at=at(18, 0))
    draft_activity(None, None, 17, title="Ends after midnight", starts_at=at(17, 20), ends_at=at(18, 1))
    draft_activity(programme, hall, 18, title="First day")
    draft_activity(programme, hall, 21, title="Last minute", starts_at=at(21, 23), ends_at=at(22, 1))
    draft_activity(None, None, 22, title="Next midnight", starts_at=at(22, 0), ends_at=at(22, 1))
    draft_activity(programme, None, 19, title="Cancelled", state=ActivityState.CANCELLED)
    found = shown()
    assert titles(found) == ["Ends after midnight", "First day", "Last minute"]
    assert [entry.activity.title for entry in found.on(MONDAY)] == ["Ends after midnight", "First day"]
    assert [entry.activity.title for entry in found.on(THURSDAY)] == ["Last minute"]


def test_the_calendar_is_filtered_by_programme_venue_region_and_person(any_app, programme, hall, ani, chief):
    other_venue = Venue(name="Balai Kelurahan Yosodadi", region_code="18.72.04.1001")
    in_hall = draft_activity(programme, hall, 18, title="In the hall")
    at_village = draft_activity(None, other_venue, 19, title="In the village")
    draft_activity(None, None, 20, title="Of a kelurahan", region_code="18.72.01.1003")
    speaks(in_hall, chief)
    inviting.invite_people([at_village.id], [ani.id], Role.CADRE, by=None, now=NOW)
    for wanted, expected in (
        (CalendarFilter(), ["In the hall", "In the village", "Of a kelurahan"]),
        (CalendarFilter(programme_id=programme.id), ["In the hall"]),
        (CalendarFilter(venue_id=other_venue.id), ["In the village"]),
        (CalendarFilter(region_code="18.72.01"), ["In the hall", "Of a kelurahan"]),
        (CalendarFilter(region_code="18.72.01.1003"), ["Of a kelurahan"]),
        (CalendarFilter(person_id=ani.id), ["In the village"]),
        (CalendarFilter(person_id=chief.id), ["In the hall"]),
        (CalendarFilter(person_id=chief.id, region_code="18.72.04"), []),
    ):
        assert titles(shown(wanted)) == expected, wanted


def test_people_who_declined_are_not_expected(any_app, activity, chief):
    speaks(activity, chief, state=InvitationState.NOT_COMING)
    assert titles(shown(CalendarFilter(person_id=chief.id))) == []
    assert shown().entries[0].speakers == ()


def test_days_have_their_notes(any_app, office):
    facts = calendars.day_facts(date(2027, 2, 5), date(2027, 2, 12), JAKARTA)
    new_year = facts[date(2027, 2, 6)]
    assert (new_year.off.name, new_year.off.kind, new_year.works) == ("Tahun Baru Imlek", DayOffKind.HOLIDAY, False)
    assert facts[date(2027, 2, 5)].off.kind is DayOffKind.JOINT
    assert [facts[date(2027, 2, day)].ramadan for day in (7, 8)] == [False, True]
    assert facts[date(2027, 2, 7)].works is False  # a Sunday
    monday, friday = facts[date(2027, 2, 8)], facts[date(2027, 2, 12)]
    assert (monday.hours.opens, monday.hours.break_from, monday.works) == (time(8), time(12), True)
    assert (friday.hours.break_from, friday.hours.break_until) == (time(11, 30), time(12, 30))


def test_an_activity_has_the_severity_of_its_worst_clash(any_app, programme, hall, chief):
    first = draft_activity(programme, hall, 18, title="First")
    second = draft_activity(programme, None, 18, title="Second", starts_at=at(18, 10), ends_at=at(18, 13))
    draft_activity(None, None, 20, title="In peace")
    speaks(first, chief)
    speaks(second, chief)
    assert {entry.activity.title: entry.severity for entry in shown().entries} == {
        "First": Severity.BLOCK,
        "Second": Severity.BLOCK,
        "In peace": None,
    }


@pytest.mark.parametrize(("days", "fine"), [(400, True), (401, False)])
def test_a_range_is_at_most_400_days(app, office, days, fine):
    last = MONDAY + timedelta(days=days - 1)
    if fine:
        assert shown(last=last).entries == ()
    else:
        with pytest.raises(RangeTooLong):
            shown(last=last)


def test_a_range_with_swapped_ends_is_refused(app, office):
    with pytest.raises(RangeEmpty):
        shown(first=THURSDAY, last=MONDAY)


def test_venues_are_rows_with_their_closed_times(any_app, programme, hall):
    empty = Venue(name="Wisma Haji")
    db.session.add(empty)
    db.session.flush()
    draft_activity(programme, hall, 18, title="In the hall")
    draft_activity(programme, None, 19, title="Nowhere yet")
    db.session.add(
        Absence(
            venue_id=hall.id, starts_at=at(20, 8), ends_at=at(20, 12), zone=JAKARTA.key, reason="Rapat paripurna",
            source=AbsenceSource.COORDINATOR,
        )
    )  # fmt: skip
    db.session.commit()
    found = shown()
    rows = calendars.venue_rows(found, also_empty=False, wanted=CalendarFilter())
    assert [(row.name, [entry.activity.title for entry in row.entries]) for row in rows] == [
        ("Aula Bappeda", ["In the hall"]),
        ("", ["Nowhere yet"]),
    ]
    assert [absence.reason for absence in rows[0].absences] == ["Rapat paripurna"]
    every = calendars.venue_rows(found, also_empty=True, wanted=CalendarFilter())
    assert [row.name for row in every] == ["Aula Bappeda", "Wisma Haji", ""]
    one = calendars.venue_rows(
        shown(CalendarFilter(venue_id=empty.id)), also_empty=False, wanted=CalendarFilter(venue_id=empty.id)
    )
    assert [row.name for row in one] == ["Wisma Haji"]


def test_speakers_are_rows_with_all_their_activities(any_app, programme, hall, chief):
    siti = a_person("Siti Rahmawati")
    first = draft_activity(programme, hall, 18, title="First")
    second = draft_activity(programme, hall, 19, title="Second")
    draft_activity(programme, hall, 20, title="Nobody speaks")
    speaks(first, chief, siti)
    speaks(second, siti)
    rows = calendars.speaker_rows(shown())
    assert [(row.name, [entry.activity.title for entry in row.entries]) for row in rows] == [
        ("Kapolres Metro", ["First"]),
        ("Siti Rahmawati", ["First", "Second"]),
        ("", ["Nobody speaks"]),
    ]


def test_speakers_and_a_requested_person_can_be_chosen(any_app, activity, chief, ani):
    speaks(activity, chief)
    assert calendars.person_choices() == [(chief.id, "Kapolres Metro")]
    assert calendars.person_choices(ani.id) == [(ani.id, "Ani Wijaya"), (chief.id, "Kapolres Metro")]


def test_a_month_takes_a_fixed_number_of_queries(any_app, programme, hall, chief, queries):
    speaks(draft_activity(programme, hall, 18), chief)

    def look() -> None:
        found = calendars.shown(date(2027, 1, 1), date(2027, 1, 31), CalendarFilter(), zone=JAKARTA, now=NOW)
        calendars.venue_rows(found, also_empty=True, wanted=CalendarFilter())
        calendars.speaker_rows(found)
        [(entry.place, entry.activity.venue and entry.activity.venue.name) for entry in found.entries]

    few = queries(look)
    for day in range(19, 27):
        speaks(draft_activity(None, Venue(name=f"Balai {day}"), day), a_person(f"Pembicara{day}"))
    assert queries(look) == few
