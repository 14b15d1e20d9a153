"""The coordinators' pages of date polls: from a new poll to its activity, without script."""

import re
from html import unescape
from urllib.parse import unquote

import pytest
import sqlalchemy as sa
from flask import g

from outreach.delivery import tokens
from outreach.domain.activities.values import ActivityValues
from outreach.domain.kinds import AnswerSource, Role
from outreach.domain.states import ActivityState, PollState
from outreach.extensions import db
from outreach.models import Activity, AuditEntry, DatePoll, Invitation, Message
from outreach.services.activities import edit as planning
from outreach.services.invitations import links
from outreach.services.polls import answer as poll_answering
from outreach.services.polls import ask as poll_asking
from outreach.services.polls import decide as poll_deciding
from tests.web.reading import words
from tests.world import NOW, a_person, at, count, fresh
from tests.world.polls import MAYBE, NO, YES, Proposed, a_poll, asked, dates, values

pytestmark = pytest.mark.usefixtures("clock_on_tuesday")


def proposed(page: str) -> list[str]:
    """Return the assessment of each slot, in the page's order."""
    return [
        words(slot)
        for slot in re.findall(r'<li class="poll-time.*?</li>\s*(?=<li class="poll-time|</ol>)', page, re.DOTALL)
    ]


def one_poll() -> DatePoll:
    db.session.rollback()
    return db.session.scalars(sa.select(DatePoll)).one()


def answers(poll, invitee, *choices, who=""):
    token = tokens.token(links.link_for(db.session, invitee))
    poll_answering.answer(token, poll.id, dates(poll, *choices, who=who), now=at(5))


def form(*rows, **changed) -> dict[str, object]:
    """The form data that a browser sends: rows are (day, from, to)."""
    sent = {
        "title": "Rapat koordinasi", "kind": "coordination", "zone": "Asia/Jakarta", "programme_id": "",
        "region_code": "", "closes_on": "2027-01-07", "closes_at": "16:00", "version": "", **changed,
    }  # fmt: skip
    for number, (on, begins, ends) in enumerate(rows):
        sent |= {
            f"slots-{number}-on": on, f"slots-{number}-begins": begins, f"slots-{number}-ends": ends,
            f"slots-{number}-venue_id": "",
        }  # fmt: skip
    return sent


MONDAY, TUESDAY = ("2027-01-18", "08:00", "12:00"), ("2027-01-19", "13.00", "15.30")
EMPTY = ("", "", "")


def test_a_poll_without_slots_gets_a_message_and_is_not_saved(coordinator_client):
    page = coordinator_client.post("/polls/new", data=form(EMPTY, EMPTY))
    assert page.status_code == 422
    assert "A date poll needs at least one proposed time" in words(page.text)
    assert count(DatePoll) == 0


def test_a_new_poll_keeps_its_rows_and_leaves_out_the_empty_ones(coordinator_client, coordinator):
    reply = coordinator_client.post("/polls/new", data=form(TUESDAY, EMPTY, MONDAY, note="Dua jam"))
    poll = one_poll()
    assert reply.location.endswith(f"/polls/{poll.id}/asked")
    assert [(slot.starts_at, slot.ends_at) for slot in poll.slots] == [
        (at(18, 8), at(18, 12)),
        (at(19, 13), at(19, 15, 30)),
    ]
    assert (poll.closes_at, poll.note, poll.state, poll.coordinator_id) == (
        at(7, 16), "Dua jam", PollState.DRAFT, coordinator.id,
    )  # fmt: skip


def test_one_more_row_copies_the_last_a_day_later_and_a_row_can_be_removed(coordinator_client):
    page = coordinator_client.post("/polls/new", data=form(MONDAY, EMPTY, add="1")).text
    assert 'value="2027-01-19"' in page
    assert page.count("slots-2-on") > 0
    page = coordinator_client.post("/polls/new", data=form(MONDAY, TUESDAY, drop="0")).text
    assert 'value="2027-01-18"' not in page
    assert 'value="2027-01-19"' in page
    assert "slots-1-on" not in page
    assert count(DatePoll) == 0


def test_invalid_input_stays_in_the_form_with_its_message(coordinator_client):
    page = coordinator_client.post("/polls/new", data=form(("2027-01-18", "12:00", "08:00"), TUESDAY))
    assert page.status_code == 422
    assert "The end must be later than the start." in words(page.text)
    page = coordinator_client.post("/polls/new", data=form(MONDAY, closes_on="2027-01-18", closes_at="09:00"))
    assert "The poll must close before the first proposed time begins" in words(page.text)
    assert count(DatePoll) == 0


def test_a_link_can_prefill_slots(coordinator_client, hall, programme):
    link = f"/polls/new?title=Rakor&programme={programme.id}&slot=2027-01-18,08:00,12:00,{hall.id}&slot=2027-01-20,09:00,10:30"
    page = coordinator_client.get(link).text
    assert 'value="Rakor"' in page
    assert 'value="2027-01-18"' in page
    assert 'value="10:30"' in page
    assert f'<option selected value="{hall.id}">' in page
    assert "slots-2-on" not in page
    for nonsense in (
        "",
        "x",
        "2027-01-18",
        "2027-13-40,08:00,12:00",
        "2027-01-18,12:00,08:00",
        "2027-01-18,08:00,12:00,x",
    ):
        assert coordinator_client.get("/polls/new", query_string={"slot": nonsense}).status_code == 200


def test_people_and_offices_are_searched_ticked_and_added(coordinator_client, chief, police, ani):
    poll = a_poll(opened=False)
    found = coordinator_client.post(
        f"/polls/{poll.id}/asked", data={"do": "search", "q": "metro", "role": "speaker"}
    ).text
    assert f'name="person_ids" value="{chief.id}"' in found
    assert f'name="organisation_ids" value="{police.id}"' in found
    assert count(Message) == 0
    coordinator_client.post(f"/polls/{poll.id}/asked", data={
        "do": "add", "role": "speaker", "person_ids": chief.id, "organisation_ids": police.id,
        f"quota-{police.id}": "3", "needed": "y",
    })  # fmt: skip
    assert (asked(poll, chief).role, asked(poll, chief).needed) == (Role.SPEAKER, True)
    assert asked(poll, police).quota == 3
    coordinator_client.post(f"/polls/{poll.id}/asked/{asked(poll, chief).id}", data={"do": "not_needed"})
    assert asked(poll, chief).needed is False
    coordinator_client.post(f"/polls/{poll.id}/asked/{asked(poll, police).id}", data={"do": "remove"})
    assert [invitee.person_id for invitee in fresh(poll).invitees] == [chief.id]


def test_missing_ticks_or_seats_are_reported(coordinator_client, police):
    poll = a_poll(opened=False)
    page = coordinator_client.post(f"/polls/{poll.id}/asked", data={"do": "add", "role": "speaker"})
    assert (page.status_code, "Choose at least one invitee" in words(page.text)) == (422, True)
    for seats in ("0", "many", "99999999999999"):
        sent = {"do": "add", "role": "speaker", "organisation_ids": police.id, f"quota-{police.id}": seats}
        page = coordinator_client.post(f"/polls/{poll.id}/asked", data=sent)
        assert "Write a number of seats" in words(page.text)
    assert fresh(poll).invitees == []


def test_before_opening_the_page_shows_who_gets_which_mail(coordinator_client, ani):
    silent = a_person("Citra Lestari", email="")
    poll = a_poll(ani, silent, opened=False)
    page = words(coordinator_client.get(f"/polls/{poll.id}/open").text)
    assert "at once Date poll Ani Wijaya 1" in page
    assert "Wednesday, 6 January 2027 at 08:00 WIB Reminder" in page
    assert "No mail reaches: Citra Lestari" in page
    assert count(Message) == 0
    coordinator_client.post(f"/polls/{poll.id}/open")
    assert (fresh(poll).state, count(Message)) == (PollState.OPEN, 1)
    coordinator_client.post(f"/polls/{poll.id}/open")
    assert count(Message) == 1


def test_the_table_has_the_best_slot_first_and_explains_it_in_words(coordinator_client, chief, ani, budi):
    poll = a_poll(chief, ani, budi, needed=[chief])
    answers(poll, chief, NO, YES, MAYBE)
    answers(poll, ani, YES, YES, NO)
    page = coordinator_client.get(f"/polls/{poll.id}").text
    times = proposed(page)
    assert [time.split(",")[0] for time in times] == ["Tuesday", "Wednesday", "Monday"]
    assert "2 yes 0 if need be 0 no 1 not yet" in times[0]
    assert "Best" in times[0]
    assert "Somebody needed cannot" in times[2]
    assert "Yes Kapolres Metro; Ani Wijaya not yet Budi Santoso" in times[0]
    assert "If need be Kapolres Metro No Ani Wijaya not yet Budi Santoso" in times[1]
    head, *rows = [words(row) for row in re.findall(r"<tr>.*?</tr>", page, flags=re.DOTALL)]
    assert re.findall(r"(\w+), \d", head) == ["Tue", "Wed", "Mon"]
    assert [row.partition("Speaker ")[2] for row in rows] == [
        "· Polres Metro · needed Yes If need be No", "Yes No Yes", "not yet",
    ]  # fmt: skip
    assert "2 of 3 answered" in words(page)
    assert words(page).count("has not answered yet") == 1


def test_clashes_are_shown_with_their_slot(coordinator_client, hall, ani):
    poll = a_poll(ani, slots=[Proposed(at(18, 8), at(18, 12), hall.id), Proposed(at(19, 8), at(19, 12), hall.id)])
    other = ActivityValues(
        kind=fresh(poll).kind, title="Pelatihan kader", starts_at=at(18, 9), ends_at=at(18, 10), zone=poll.zone,
        venue_id=hall.id,
    )  # fmt: skip
    planning.create_activity(other, by=None, now=NOW)
    answers(poll, ani, YES, YES)
    page = coordinator_client.get(f"/polls/{poll.id}").text
    first, second = proposed(page)
    assert first.startswith("Tuesday")
    assert "Aula Bappeda is taken by “Pelatihan kader”" in second


def test_the_number_of_queries_does_not_grow_with_the_invitees(coordinator_client, queries):
    def look(path: str) -> int:
        g.pop("_login_user", None)  # the tests' application context outlives a request
        g.pop("office", None)
        return queries(lambda: coordinator_client.get(path))

    def polled(number: int) -> int:
        path = f"/polls/{a_poll(*[a_person(f'Warga{number}x{n}') for n in range(number)]).id}"
        return look(path)

    polled(1)  # the number of mails to read is counted once
    assert polled(2) == polled(8)
    few = look("/polls")
    a_poll(a_person("Dewi Lestari"))
    a_poll(opened=False)
    assert look("/polls") == few


def test_an_answer_by_phone_is_recorded(coordinator_client, coordinator, ani):
    poll = a_poll(ani)
    path = f"/polls/{poll.id}/asked/{asked(poll, ani).id}/answer"
    assert coordinator_client.get(path).status_code == 200
    ids = [slot.id for slot in fresh(poll).slots]
    page = coordinator_client.post(path, data={"source": "whatsapp", f"slot-{ids[0]}": "yes"})
    assert page.status_code == 422
    coordinator_client.post(path, data={"source": "whatsapp", **{f"slot-{id_}": "if_need_be" for id_ in ids}})
    invitee = asked(poll, ani)
    assert (invitee.answer_source, invitee.answer_recorded_by_id) == (AnswerSource.WHATSAPP, coordinator.id)
    assert {answer.choice for answer in invitee.choices} == {MAYBE}


def test_a_person_that_mail_does_not_reach_gets_a_text_for_whatsapp(office, coordinator_client):
    silent = a_person("Citra Lestari", email="", phone="+6281277770000")
    poll = a_poll(silent)
    page = unescape(coordinator_client.get(f"/polls/{poll.id}").text)
    link = f"http://localhost/j/{tokens.token(links.link_for(db.session, silent))}/polls/{poll.id}"
    assert link in page
    opened = coordinator_client.post(f"/to-call/person/{silent.id}/whatsapp?poll={asked(poll, silent).id}")
    assert opened.headers["Refresh"].startswith("0; url=https://wa.me/6281277770000?text=")
    assert link in unquote(opened.headers["Refresh"])
    text = re.search(r'class="poll-text"[^>]*>(.*?)</pre>', page, flags=re.DOTALL)[1]
    assert "pencegahan" not in text
    assert f"dari {office.name}" in text
    assert "tidak dipungut biaya" in text


def test_a_poll_is_closed_and_reopened(coordinator_client, ani):
    poll = a_poll(ani)
    coordinator_client.post(f"/polls/{poll.id}/close")
    assert fresh(poll).state is PollState.CLOSED
    late = {"closes_on": "2027-01-18", "closes_at": "09:00"}
    assert coordinator_client.post(f"/polls/{poll.id}/reopen", data=late).status_code == 422
    coordinator_client.post(f"/polls/{poll.id}/reopen", data={"closes_on": "2027-01-10", "closes_at": "16:00"})
    assert (fresh(poll).state, fresh(poll).closes_at) == (PollState.OPEN, at(10, 16))


@pytest.mark.parametrize(
    ("do", "state"), [("publish", ActivityState.PUBLISHED), ("draft", ActivityState.DRAFT), ("", ActivityState.DRAFT)]
)
def test_one_button_creates_the_activity(coordinator_client, chief, police, do, state):
    poll = a_poll(chief, organisations=[police])
    slot = fresh(poll).slots[1]
    page = coordinator_client.get(f"/polls/{poll.id}/choose/{slot.id}")
    ids = re.findall(r'name="invitee" value="(\d+)" checked', page.text)
    assert (len(ids), count(Activity)) == (2, 0)
    reply = coordinator_client.post(f"/polls/{poll.id}/choose/{slot.id}", data={"do": do, "invitee": ids})
    db.session.rollback()
    activity = db.session.scalars(sa.select(Activity)).one()
    assert reply.location.endswith(f"/activities/{activity.id}")
    assert (activity.state, activity.starts_at, count(Invitation)) == (state, at(19, 8), 2)
    again = coordinator_client.post(f"/polls/{poll.id}/choose/{slot.id}", data={"do": do, "invitee": ids})
    assert again.location.endswith(f"/polls/{poll.id}")
    assert count(Activity) == 1
    shown = coordinator_client.get(f"/polls/{poll.id}").text
    assert f'href="/activities/{activity.id}"' in shown
    assert "Chosen" in words(shown)


def test_a_venue_booked_meanwhile_is_reported_and_nothing_is_created(coordinator_client, hall, ani):
    poll = a_poll(ani, slots=[Proposed(at(18, 8), at(18, 12), hall.id)])
    other = ActivityValues(
        kind=fresh(poll).kind, title="Lain", starts_at=at(18, 9), ends_at=at(18, 10), zone=poll.zone, venue_id=hall.id
    )
    planning.create_activity(other, by=None, now=NOW)
    slot = fresh(poll).slots[0]
    page = coordinator_client.post(
        f"/polls/{poll.id}/choose/{slot.id}", data={"do": "publish", "invitee": asked(poll, ani).id}
    )
    assert page.status_code == 422
    assert "Aula Bappeda is taken by “Lain”" in words(page.text)
    assert (count(Activity), fresh(poll).state) == (1, PollState.OPEN)


def test_a_draft_is_changed_and_deleted_but_an_open_poll_is_not(coordinator_client, ani):
    poll, running = a_poll(opened=False), a_poll(ani)
    assert 'value="2027-01-20"' in coordinator_client.get(f"/polls/{poll.id}/edit").text
    sent = form(MONDAY, version=str(fresh(poll).version))
    coordinator_client.post(f"/polls/{poll.id}/edit", data=sent)
    assert [slot.starts_at for slot in fresh(poll).slots] == [at(18, 8)]
    assert coordinator_client.post(f"/polls/{poll.id}/edit", data=sent).status_code == 422
    assert coordinator_client.get(f"/polls/{running.id}/edit").status_code == 302
    coordinator_client.post(f"/polls/{running.id}/delete")
    coordinator_client.post(f"/polls/{poll.id}/delete")
    assert one_poll().id == running.id


def test_the_lists_show_open_draft_and_decided_polls(coordinator_client, ani):
    a_poll(ani, title="Berjalan")
    a_poll(opened=False, title="Konsep")
    decided = a_poll(ani, title="Selesai")
    poll_deciding.decide(decided.id, fresh(decided).slots[0].id, publish=False, by=None, now=at(5))
    for show, title in (("running", "Berjalan"), ("drafts", "Konsep"), ("decided", "Selesai")):
        page = coordinator_client.get(f"/polls?show={show}").text
        assert re.findall(r'<h2><a href="/polls/\d+">(\w+)</a>', page) == [title]
    assert len(re.findall(r"<h2><a", coordinator_client.get("/polls?show=all").text)) == 3
    assert coordinator_client.get("/polls?show=nonsense&page=9").status_code == 200


def test_viewers_read_and_change_nothing(viewer_client, ani):
    poll = a_poll(ani)
    page = viewer_client.get(f"/polls/{poll.id}")
    assert page.status_code == 200
    assert "<button" not in page.text.partition("<main")[2].partition("</main>")[0]
    for path in ("/polls/new", f"/polls/{poll.id}/asked", f"/polls/{poll.id}/open"):
        assert viewer_client.get(path).status_code == 403
    for path in ("close", "open", "reopen", "delete", f"choose/{fresh(poll).slots[0].id}"):
        assert viewer_client.post(f"/polls/{poll.id}/{path}").status_code == 403
    assert fresh(poll).state is PollState.OPEN


def test_an_unknown_poll_is_reported(coordinator_client):
    for path in ("", "/edit", "/asked", "/open", "/reopen", "/delete", "/choose/1", "/asked/1/answer"):
        assert coordinator_client.get(f"/polls/999{path}").status_code == 404
    assert coordinator_client.post("/polls/999/close").status_code == 404


def test_the_log_and_the_mails_name_the_poll(administrator_client, administrator, ani):
    poll = a_poll(ani, opened=False)
    poll_asking.open_poll(poll.id, by=administrator, now=at(5))
    poll_asking.set_needed(poll.id, asked(poll, ani).id, True, by=administrator, now=at(5))
    log = words(administrator_client.get("/audit").text)
    assert "Date poll" in log
    assert "opened, and everybody asked" in log
    assert "needed or not in a date poll" in log
    assert poll.title in words(administrator_client.get("/messages").text)
    message = db.session.scalars(sa.select(Message)).one()
    assert f'href="/polls/{poll.id}"' in administrator_client.get(f"/messages/{message.id}").text
    poll_asking.remove(poll.id, asked(poll, ani).id, by=None, now=at(5))
    assert "not asked any more" in words(administrator_client.get(f"/messages/{message.id}").text)
    assert count(AuditEntry) > 0


def test_a_polls_text_is_previewed_with_a_proposed_slot(coordinator_client, activity, ani):
    from outreach.queries.reminders import texts as text_pages
    from outreach.services.invitations import invite as inviting

    inviting.invite_people([activity.id], [ani.id], Role.CADRE, by=None, now=NOW)
    shown = text_pages.preview("poll", "id", None, None, now=NOW)
    assert "Senin, 18 Januari 2027, 08.00–12.00 WIB" in shown.text
    assert values().title not in shown.subject


def test_a_slot_on_a_day_off_gives_a_warning_while_it_is_entered_and_once_before_saving(coordinator_client, office):
    entered = form(("2027-01-17", "08:00", "10:00"), ("2027-01-19", "08:00", "10:00"), ("2027-01-24", "", ""))
    seen = coordinator_client.post("/polls/new", data={**entered, "look": "1"})
    assert seen.status_code == 200
    notes = re.findall(r'id="slot-notes-\d" role="status">(.*?)</div>', seen.text, re.DOTALL)
    assert [words(note) for note in notes] == [
        "Sunday, 17 January 2027 is at the weekend.", "", "Sunday, 24 January 2027 is at the weekend.",
    ]  # fmt: skip
    del entered["slots-2-on"]
    asked_first = coordinator_client.post("/polls/new", data=entered)
    assert asked_first.status_code == 200
    assert "Nothing is saved yet." in words(asked_first.text)
    assert count(DatePoll) == 0
    digest = re.search(r'name="seen" value="(\w+)"', asked_first.text)[1]
    assert coordinator_client.post("/polls/new", data={**entered, "seen": digest}).status_code == 302


def test_proposals_on_working_days_are_saved_at_once(coordinator_client, office):
    rows = form(("2027-01-18", "08:00", "10:00"), ("2027-01-19", "08:00", "10:00"))
    assert coordinator_client.post("/polls/new", data=rows).status_code == 302
