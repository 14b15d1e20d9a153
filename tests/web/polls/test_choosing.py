"""Choosing a date poll's slot that clashes: its resolutions, each of which leads back to choosing."""

import re
from datetime import timedelta
from html import unescape

import pytest
import sqlalchemy as sa

from outreach.domain.activities.values import ActivityValues
from outreach.domain.kinds import ActivityKind, AnswerSource
from outreach.domain.planning.absences import days
from outreach.domain.planning.parties import AbsenceSource
from outreach.domain.polls import Proposed
from outreach.domain.states import ActivityState, PollState
from outreach.extensions import db
from outreach.models import Activity, DatePoll, Invitation, PollSlot, Programme, Venue
from outreach.queries.answers import poll as poll_page
from outreach.services.absences import edit as absences
from outreach.services.absences.edit import Subject, SubjectKind
from outreach.services.activities import edit as planning
from outreach.services.polls import answer as poll_answering
from outreach.services.polls import decide as poll_deciding
from tests.support.copied import copied
from tests.web.reading import fields, text_of
from tests.world import JAKARTA, NOW, an_absence, at
from tests.world.polls import NO, YES, a_poll, asked, dates

pytestmark = pytest.mark.usefixtures("clock_stands")


@copied
def other(office, hall) -> Activity:
    """An activity that books the hall on Monday from eight to ten."""
    values = ActivityValues(
        kind=ActivityKind.TRAINING, title="Pelatihan", starts_at=at(18, 8), ends_at=at(18, 10), zone=JAKARTA,
        venue_id=hall.id,
    )  # fmt: skip
    return planning.create_activity(values, by=None, now=NOW)


def in_hall(hall, *people, **values) -> DatePoll:
    """A poll about Monday and Tuesday, from eight to ten, in the hall."""
    slots = [Proposed(at(day, 8), at(day, 10), hall.id) for day in (18, 19)]
    return a_poll(*people, **{"slots": slots, **values})


def slots_of(poll) -> list[PollSlot]:
    db.session.rollback()
    return db.session.get_one(DatePoll, poll.id).slots


def path(poll, number: int = 0) -> str:
    return f"/polls/{poll.id}/choose/{slots_of(poll)[number].id}"


def sent(html: str, **changed: object) -> dict[str, object]:
    """Return the values that the page's form sends."""
    return dict(fields(html)) | changed


def pressed(client, address: str, html: str, words: str) -> str:
    """Return the page that the button with this text leads to."""
    name, value = re.search(rf'name="(\w+)" value="([^"]*)"[^>]*>{re.escape(words)}', html).groups()
    answer = client.post(address, data=sent(html, **{name: unescape(value)}))
    assert answer.status_code == 200
    return answer.text


def made() -> Activity:
    db.session.rollback()
    return db.session.scalars(sa.select(Activity).where(Activity.title != "Pelatihan")).one()


def test_another_hall_replaces_a_booked_one_and_choosing_continues(any_app, coordinator_client, hall, other, ani, budi):
    wisma = Venue(name="Wisma Haji", capacity=80)
    db.session.add(wisma)
    db.session.commit()
    poll = in_hall(hall, ani, budi)
    address = path(poll)
    page = coordinator_client.get(address).text
    said = text_of(page)
    assert "Aula Bappeda is taken by “Pelatihan”: 08:00–10:00 WIB." in said
    assert "It cannot be made so." in said
    assert 'value="publish"' not in page
    page = page.replace(f'name="invitee" value="{asked(poll, budi).id}" checked', "")  # unticked by the coordinator
    page = pressed(coordinator_client, address, page, "Take Wisma Haji")
    said = text_of(page)
    assert "It is filled in below, and not saved yet." in said
    assert "Venue Wisma Haji" in said
    assert "is taken by" not in said
    assert "People were asked about" not in said
    coordinator_client.post(address, data=sent(page, do="publish"))
    activity = made()
    assert (activity.venue_id, activity.starts_at, activity.state) == (wisma.id, at(18, 8), ActivityState.PUBLISHED)
    assert [invitation.person_id for invitation in db.session.scalars(sa.select(Invitation))] == [ani.id]


def test_another_hour_of_that_day_is_chosen_and_invitees_are_notified_once_it_is_published(
    coordinator_client, hall, other, ani
):
    poll = in_hall(hall, ani)
    address = path(poll)
    page = coordinator_client.get(address).text
    assert re.findall(r"Move it to ([^<]*)<", page) == [
        "Mon, 18 Jan 2027, 10:00 WIB"
    ]  # nobody was asked about other days
    page = pressed(coordinator_client, address, page, "Move it to Mon, 18 Jan 2027, 10:00 WIB")
    assert "People were asked about Monday, 18 January 2027, 08:00–10:00 WIB, and their answers below" in text_of(page)
    coordinator_client.post(address, data=sent(page, do="draft"))
    activity = made()
    assert (activity.starts_at, activity.ends_at, activity.venue_id) == (at(18, 10), at(18, 12), hall.id)
    poll = db.session.get_one(DatePoll, poll.id)
    assert (poll.state, [slot.chosen for slot in poll.slots]) == (PollState.DECIDED, [True, False])
    shown = poll_page.PollPage(poll, asked(poll, ani), {}, False, "", "", "")
    assert shown.chosen is None  # the draft is at a time they were not asked about
    activity.state = ActivityState.PUBLISHED
    assert shown.chosen is activity


def test_invitees_are_notified_of_a_draft_at_the_slot_they_were_asked_about(office, hall, ani):
    poll = in_hall(hall, ani)
    poll_deciding.decide(poll.id, slots_of(poll)[1].id, publish=False, by=None, now=NOW)
    poll = db.session.get_one(DatePoll, poll.id)
    assert poll_page.PollPage(poll, asked(poll, ani), {}, False, "", "", "").chosen is poll.slots[1]


def test_the_next_best_slot_is_offered_where_nothing_blocks_it(coordinator_client, hall, other, ani, budi):
    poll = in_hall(hall, ani, budi, needed=[ani])
    address = path(poll)
    page = coordinator_client.get(address).text
    href, words = re.search(r'href="([^"]*)">Choose the next best time: ([^<]*)</a>', page).groups()
    assert (href, words) == (path(poll, 1), "Tue, 19 Jan 2027, 08:00–10:00 WIB")
    assert "Choose the next best time: Tue, 19 Jan 2027, 08:00–10:00 WIB nothing clashes then" in text_of(page)
    assert "Choose the next best time" not in coordinator_client.get(path(poll, 1)).text  # nothing clashes there
    poll_answering.record(poll.id, asked(poll, ani).id, dates(poll, YES, NO), AnswerSource.PHONE, by=None, now=NOW)
    assert "Choose the next best time" not in coordinator_client.get(address).text  # a required person is absent there


def test_an_absent_person_is_left_out_and_can_be_ticked_again(coordinator_client, hall, chief, ani):
    an_absence(person=chief, starts_at=at(18, 0), ends_at=at(19, 0))
    poll = in_hall(hall, chief, ani)
    address = path(poll)
    page = coordinator_client.get(address).text
    assert "Kapolres Metro (Speaker) is away" in text_of(page)
    without = pressed(coordinator_client, address, page, "Do without Kapolres Metro")
    assert fields(without)["invitee"] == [str(asked(poll, ani).id)]
    assert "is away" not in text_of(without)
    assert 'value="publish"' in without
    again = coordinator_client.post(address, data=sent(page, look="1")).text
    assert "is away" in text_of(again)
    coordinator_client.post(address, data=sent(without, do="draft"))
    assert made().starts_at == at(18, 8)
    assert [invitation.person_id for invitation in db.session.scalars(sa.select(Invitation))] == [ani.id]


def test_a_resolution_on_another_page_leads_back_with_the_same_ticks(coordinator_client, programme, hall, ani, budi):
    slots = [Proposed(at(25, 8), at(25, 10), hall.id)]
    poll = a_poll(ani, budi, slots=slots, programme_id=programme.id)
    address = path(poll)
    page = coordinator_client.get(address).text
    assert "It lies outside its programme" in text_of(page)
    page = coordinator_client.post(address, data=sent(page, invitee=asked(poll, budi).id, look="1")).text
    longer = unescape(re.search(r'href="([^"]*)">Let the programme last', page)[1])
    back = coordinator_client.post(longer, data=sent(coordinator_client.get(longer).text)).location
    again = coordinator_client.get(back).text
    assert db.session.get_one(Programme, programme.id).ends_on.day == 25
    assert f"“{programme.title}” is saved." in text_of(again)
    assert "outside its programme" not in text_of(again)
    assert fields(again)["invitee"] == [str(asked(poll, budi).id)]
    assert 'value="publish"' in again


@pytest.mark.parametrize(
    "changed",
    [
        {"on": "2027-01-32"},
        {"on": ""},
        {"ends": "07:00"},
        {"venue_id": "999999"},
        {"begins": "x"},
        {"ends_on": "2026-01-01"},
    ],
)
def test_a_manipulated_time_or_place_creates_nothing(coordinator_client, hall, ani, changed):
    poll = in_hall(hall, ani)
    address = path(poll)
    page = coordinator_client.get(address).text
    answer = coordinator_client.post(address, data=sent(page, do="publish", **changed))
    assert answer.status_code == 422
    kept = fields(answer.text)
    assert (kept["on"], kept["begins"], kept["venue_id"]) == (["2027-01-18"], ["08:00"], [str(hall.id)])
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Activity)) == 0


def test_an_input_error_is_shown_where_the_slot_clashes_as_well(coordinator_client, hall, other, ani):
    address = path(in_hall(hall, ani))
    page = coordinator_client.get(address).text
    answer = coordinator_client.post(address, data=sent(page, do="publish", venue_id="999999"))
    assert answer.status_code == 422
    assert "Please choose one from the list." in text_of(answer.text)
    assert "is taken by “Pelatihan”" in text_of(answer.text)


def test_a_past_time_creates_nothing(coordinator_client, hall, ani):
    poll = in_hall(hall, ani)
    address = path(poll)
    answer = coordinator_client.post(address, data=sent(coordinator_client.get(address).text, on="2027-01-01"))
    assert answer.status_code == 422
    assert "This proposed time has passed. Choose a later one." in text_of(answer.text)


def test_a_yes_despite_an_absence_is_shown_and_does_not_prevent_creating(coordinator_client, hall, chief, ani):
    subject = Subject(SubjectKind.PERSON, chief.id)
    absences.add(subject, days(at(18).date(), at(19).date(), JAKARTA), source=AbsenceSource.SELF, by=None, now=NOW)
    poll = in_hall(hall, chief, ani)
    later = NOW + timedelta(hours=1)
    said = dates(poll, YES, NO)
    poll_answering.record(poll.id, asked(poll, chief).id, said, AnswerSource.WHATSAPP, by=None, now=later)
    page = text_of(coordinator_client.get(f"/polls/{poll.id}").text)
    sentence = "but answered in the date poll that this time is possible."
    assert page.count(f"Kapolres Metro (Speaker) is away (18–19 January 2027), {sentence}") == 1
    assert page.count("Kapolres Metro (Speaker) is away: 18–19 January 2027.") == 1
    address = path(poll)
    page = coordinator_client.get(address).text
    assert sentence in text_of(page)
    assert "What would help" not in page
    made_at = coordinator_client.post(address, data=sent(page, do="publish")).location
    assert sentence in text_of(coordinator_client.get(made_at).text)
    assert made().state is ActivityState.PUBLISHED
    assert sentence in text_of(coordinator_client.get("/findings?severity=warn").text)
