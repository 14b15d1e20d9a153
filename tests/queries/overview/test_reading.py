"""The start page of a viewer: what is planned and what was achieved, and no list of work."""

import pytest

from outreach.domain.answers import Choice, Representative
from outreach.domain.kinds import AttendanceSource
from outreach.domain.states import ActivityState
from outreach.extensions import db
from outreach.models import Venue
from outreach.queries.overview import reading
from outreach.queries.overview.reading import YearFigures
from outreach.services.door import attendance
from tests.support.copied import copied
from tests.web.reading import page, text_of
from tests.world import JAKARTA, NOW, answer, at, draft_activity, invitation_of, invite, publish

pytestmark = pytest.mark.usefixtures("any_app")
AFTER = at(25)


def read(now=AFTER):
    return reading.read(now=now, zone=JAKARTA)


@copied
def held(activity, hall, ani, budi):
    """Two activities held in January, at which Ani was twice and Budi once, and one of last year."""
    second = draft_activity(None, hall, 20, title="Sosialisasi")
    for meeting in (activity, second):
        invite(meeting, ani, budi)
        publish(meeting)
        answer(meeting, ani, Choice.COMING)
    for meeting, people in ((activity, [ani, budi]), (second, [ani])):
        ids = [invitation_of(meeting, person).id for person in people]
        attendance.tick(meeting.id, ids, ids, AttendanceSource.HAND, by=None, now=at(21))
    draft_activity(None, hall, 18, title="Tahun lalu", state=ActivityState.HELD, starts_at=at(30, month=12, year=2026),
                   ends_at=at(30, 12, month=12, year=2026))  # fmt: skip
    return activity, second


def test_the_figures_count_each_year_apart_and_people_once(held):
    this, last = read().years
    assert this == YearFigures(year=2027, held=2, came=2, visits=3, kelurahan=1)
    assert last == YearFigures(year=2026, held=1, came=0, visits=0, kelurahan=1)
    other_venue = Venue(name="Balai Yosodadi", region_code="18.72.04.1001")
    draft_activity(None, other_venue, 19, title="Pembinaan", state=ActivityState.HELD)
    assert read().years[0] == YearFigures(year=2027, held=3, came=2, visits=3, kelurahan=2)


def test_an_empty_office_has_figures_of_zero(office):
    found = read(NOW)
    assert found.years == [YearFigures(2027, 0, 0, 0, 0), YearFigures(2026, 0, 0, 0, 0)]
    assert (found.next, found.upcoming, found.held, found.programmes) == ([], 0, [], [])


def test_held_activities_are_listed_latest_first_with_the_numbers_accepted_and_present(held):
    rows = [(row.activity.title, row.answers.asked, row.answers.accepted, row.answers.attended) for row in read().held]
    assert rows == [
        ("Sosialisasi", 2, 1, 1), ("Rapat koordinasi pencegahan kekerasan", 2, 1, 2), ("Tahun lalu", 0, 0, 0),
    ]  # fmt: skip


def test_drafts_and_cancelled_activities_are_not_announced(activity, hall):
    draft_activity(None, hall, 20, title="Batal", state=ActivityState.CANCELLED)
    assert read(NOW).next == []
    activity.state = ActivityState.PUBLISHED
    db.session.commit()
    assert [row.activity.title for row in read(NOW).next] == [activity.title]


def test_a_viewer_gets_a_page_for_reading_and_a_coordinator_a_list_of_work(held, viewer_client, monkeypatch):
    monkeypatch.setattr("outreach.clock.now", lambda: AFTER)
    text = text_of(page(viewer_client, "/"))
    assert "Needs you" not in text
    assert "Mails that go out next" not in text
    assert "2027 so far Activities held 2 2026: 1 People who came 2 2026: 0 Visits in all 3 2026: 0" in text
    assert "Held lately" in text


def test_a_column_that_counts_represented_invitees_says_so(held, budi, viewer_client, monkeypatch):
    answer(held[0], budi, Choice.REPRESENTED, representative=Representative("Siti"))
    monkeypatch.setattr("outreach.clock.now", lambda: AFTER)
    rows = page(viewer_client, "/").split("<tr>")
    row = next(row for row in rows if f">{held[0].title}</a>" in row)
    assert 'data-label="Said they come, or are represented">2</td>' in row


def test_a_coordinator_still_sees_the_list_of_work(activity, coordinator_client):
    assert "Needs you" in text_of(page(coordinator_client, "/"))


def test_a_viewer_is_given_no_next_step(programme, activity, viewer_client):
    for path in (f"/programmes/{programme.id}", f"/activities/{activity.id}"):
        html = page(viewer_client, path)
        assert "Next: " not in text_of(html)
        assert 'class="next-step"' not in html


def test_the_number_of_statements_does_not_grow_with_the_activities(held, hall, queries):
    hall_id = hall.id
    before = queries(lambda: read(NOW))
    for day in range(5, 15):
        draft_activity(
            None, db.session.get(Venue, hall_id), day, title=f"Kegiatan {day}", state=ActivityState.PUBLISHED
        )
    assert queries(lambda: read(NOW)) == before
