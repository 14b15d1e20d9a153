"""Calling one after the other: the list, recording for all activities of a person, and continuing at the same place."""

from html import unescape
from urllib.parse import unquote

import pytest

from outreach.domain.activities.values import Move
from outreach.domain.answers import Choice
from outreach.domain.calls import CallOutcome
from outreach.domain.kinds import AnswerSource
from outreach.domain.states import InvitationState
from outreach.extensions import db
from outreach.models import Call
from outreach.services.activities import move as moves
from outreach.services.directory import assistants
from tests.support.copied import copied
from tests.world import NOW, answer, at, draft_activity, invitation_of, invite, invite_organisation, publish, rows_of

COMING, NOT_COMING, INVITED = InvitationState.COMING, InvitationState.NOT_COMING, InvitationState.INVITED


@copied
def days(activity, programme, hall, ani, budi, police, coordinator):
    """Two days of a programme. Ani is invited to both; Budi and the police to the first."""
    police.phone = "+62725123456"
    db.session.commit()
    other_activity = draft_activity(programme, hall, 19, title="Hari kedua", public_title="Hari kedua")
    invite([activity, other_activity], ani, by=coordinator)
    invite(activity, budi, by=coordinator)
    invite_organisation(activity, police, by=coordinator)
    publish(activity, other_activity, by=coordinator)
    return activity, other_activity


def test_the_lists_show_everybody_once_whether_or_not_mail_reaches_them(days, programme, budi, coordinator_client):
    budi.email = ""
    db.session.commit()
    lists = [f"/activities/{days[0].id}/invitees/to-call", f"/programmes/{programme.id}/to-call", "/to-call"]
    for address in lists:
        page = coordinator_client.get(address).text
        assert [page.count(f">{name}</a>") for name in ("Ani Wijaya", "Budi Santoso", "Polres Metro")] == [1, 1, 1]
        assert "Hari kedua" in page
        page = coordinator_client.get(f"{address}?no_address=1").text
        assert [page.count(f">{name}</a>") for name in ("Ani Wijaya", "Budi Santoso", "Polres Metro")] == [0, 1, 0]
        assert "Ani Wijaya" not in coordinator_client.get(f"{address}?q=santoso").text


def test_the_list_and_the_call_name_the_adjutant_with_their_number(days, budi, coordinator_client):
    assistants.write(budi, "Rina Astuti", "+6281200000001", "")
    db.session.commit()
    for address in ("/to-call", f"/to-call/person/{budi.id}"):
        page = coordinator_client.get(address).text
        assert ("Adjutant or secretary: Rina Astuti" in page, 'href="tel:+6281200000001"' in page) == (True, True)


def test_people_who_answered_before_a_move_are_not_listed_as_not_having_answered(days, budi, coordinator_client):
    sentences = ("They have not answered yet. Each", "They have not answered yet, or not since a move. Each")
    answer(days[0], budi, Choice.COMING)
    assert [sentence in coordinator_client.get("/to-call").text for sentence in sentences] == [True, False]
    move = Move(at(20), at(20, 12), days[0].zone, days[0].venue_id)
    moves.move(days[0].id, move, "Aula dipakai", days[0].version, by=None, now=NOW)
    assert [sentence in coordinator_client.get("/to-call").text for sentence in sentences] == [False, True]


def press(client, address, outcome, about, **fields):
    """Press the button of an outcome on a call's page."""
    data = {"source": "phone", "outcome": outcome, "about": [invitation.id for invitation in about], **fields}
    return client.post(address, data=data, follow_redirects=True)


def test_calling_goes_from_one_person_of_the_filtered_list_to_the_next(
    days, programme, ani, budi, coordinator, coordinator_client
):
    query = f"programme={programme.id}&role=cadre"
    page = unescape(coordinator_client.get(f"/programmes/{programme.id}/to-call?role=cadre").text)
    assert f'action="/to-call/next?{query}"' in page
    call = coordinator_client.post(f"/to-call/next?{query}", follow_redirects=True)
    assert call.request.full_path == f"/to-call/person/{ani.id}?{query}"
    assert "Yours until" in call.text
    first, second = invitation_of(days[0], ani), invitation_of(days[1], ani)
    assert [f'name="about" value="{invitation.id}"' in call.text for invitation in (first, second)] == [True, True]
    call = press(coordinator_client, call.request.full_path, "coming", [first])
    assert call.request.path == f"/to-call/person/{ani.id}"
    assert [f'name="about" value="{invitation.id}"' in call.text for invitation in (first, second)] == [False, True]
    call = press(coordinator_client, call.request.full_path, "not_coming", [second], note="Anak sakit")
    assert call.request.full_path == f"/to-call/person/{budi.id}?{query}"
    assert "The answer of Ani Wijaya is recorded." in call.text
    stored = [(own.state, own.answer_note, own.answer_source, own.answer_recorded_by_id) for own in
              (invitation_of(days[0], ani), invitation_of(days[1], ani))]  # fmt: skip
    assert stored == [
        (COMING, "", AnswerSource.PHONE, coordinator.id),
        (NOT_COMING, "Anak sakit", AnswerSource.PHONE, coordinator.id),
    ]
    call = press(coordinator_client, call.request.full_path, "coming", [invitation_of(days[0], budi)])
    assert call.request.full_path == f"/programmes/{programme.id}/to-call?role=cadre"
    assert "Nobody is left to call on this list." in call.text


def test_who_does_not_pick_up_is_said_to_be_called_later(days, ani, budi, police, coordinator_client, clock_stands):
    call = coordinator_client.post("/to-call/next?role=cadre", follow_redirects=True)
    for person in (ani, budi):
        assert call.request.path == f"/to-call/person/{person.id}"
        call = press(coordinator_client, call.request.full_path, "no_answer", [])
    assert "Noted for Budi Santoso: Did not pick up." in call.text
    assert "Nobody is left to call for now. The next can be called again: 11:00" in call.text
    assert call.text.count("not again before") == 2


def test_coming_back_to_the_list_and_starting_again_gives_the_same_person(days, coordinator_client):
    first = coordinator_client.post("/to-call/next").headers["Location"]
    coordinator_client.get("/to-call")
    assert coordinator_client.post("/to-call/next").headers["Location"] == first


def test_another_caller_sees_who_calls_whom_and_is_given_somebody_else(
    browsers, days, ani, police, coordinator_client, administrator_client
):
    mine = coordinator_client.post("/to-call/next").headers["Location"]
    page = administrator_client.get(mine).text
    assert "Coordinator is calling them at the moment" in page
    assert "Coordinator calls them until" in administrator_client.get("/to-call").text
    assert administrator_client.post("/to-call/next").headers["Location"] != mine
    kind, id_ = mine.strip("/").split("/")[1:]
    taken = administrator_client.post(f"/to-call/{kind}/{id_}/take", follow_redirects=True)
    assert "Somebody else is calling them at the moment." in taken.text
    coordinator_client.post("/to-call/leave")
    taken = administrator_client.post(f"/to-call/{kind}/{id_}/take", follow_redirects=True)
    assert "Yours until" in taken.text


def test_skipping_goes_on_to_the_next(days, ani, budi, coordinator_client):
    call = coordinator_client.post("/to-call/next?role=cadre").headers["Location"]
    assert call == f"/to-call/person/{ani.id}?role=cadre"
    skipped = coordinator_client.post(f"/to-call/person/{ani.id}/skip?role=cadre")
    assert skipped.headers["Location"] == f"/to-call/person/{budi.id}?role=cadre"


def test_a_representative_without_a_name_is_refused_and_the_input_stays_in_the_form(days, ani, coordinator_client):
    invitations = [invitation_of(day, ani) for day in days]
    page = press(coordinator_client, f"/to-call/person/{ani.id}", "represented", invitations[:1], note="Siang")
    assert page.status_code == 422
    assert "Please write the name of the person who will come in their place." in page.text
    assert 'value="Siang"' in page.text
    ticked = [f'value="{invitation.id}" checked' in page.text for invitation in invitations]
    assert ticked == [True, False]
    assert [invitation_of(day, ani).state for day in days] == [INVITED, INVITED]


@pytest.mark.parametrize("outcome", ["", "whatsapp_opened", "maybe"])
def test_a_form_without_an_outcome_gets_a_message(days, ani, coordinator_client, outcome):
    page = press(coordinator_client, f"/to-call/person/{ani.id}", outcome, [invitation_of(days[0], ani)])
    assert (page.status_code, "Nothing is chosen yet." in page.text) == (422, True)


def test_calling_again_at_a_moment_in_the_offices_zone(days, ani, coordinator_client, clock_stands):
    page = press(coordinator_client, f"/to-call/person/{ani.id}", "again", [], again_on="2027-01-03", again_at="09:00")
    assert "Please write when to call again" in page.text
    press(coordinator_client, f"/to-call/person/{ani.id}", "again", [], again_on="2027-01-05", again_at="09:00")
    [call] = rows_of(Call)
    assert (call.outcome, call.again_at) == (CallOutcome.AGAIN, at(5, 9))


def test_a_question_is_news_for_other_coordinators_and_waits_on_the_overview(
    browsers, days, ani, coordinator_client, administrator_client
):
    press(coordinator_client, f"/to-call/person/{ani.id}", "question", [], question="Boleh membawa anak?")
    assert "Ani Wijaya asks: Boleh membawa anak?" in administrator_client.get("/bell").text
    assert "1 question from a call waits for a coordinator" in administrator_client.get("/").text
    page = administrator_client.get("/to-call/questions").text
    assert "Boleh membawa anak?" in page
    [call] = rows_of(Call)
    settled = administrator_client.post(f"/to-call/questions/{call.id}/settled", follow_redirects=True)
    assert "No open questions" in settled.text
    assert "waits for a coordinator" not in administrator_client.get("/").text
    assert administrator_client.post("/to-call/questions/99/settled").status_code == 404


def test_a_wrong_number_stands_among_the_unreachable_until_it_is_used_again(days, ani, budi, coordinator_client):
    budi.phone = "+6281299990000"
    db.session.commit()
    press(coordinator_client, f"/to-call/person/{budi.id}", "wrong_number", [])
    page = coordinator_client.get("/incoming/unreachable").text
    assert ("Budi Santoso" in page, "Ani Wijaya" in page, "0812-9999-0000" in page) == (True, False, True)
    assert "wrong number" in coordinator_client.get("/to-call").text
    coordinator_client.post("/to-call/numbers", data={"number": "+6281299990000"})
    assert "Budi Santoso" not in coordinator_client.get("/incoming/unreachable").text


def test_opening_whatsapp_is_logged_and_leads_there_by_itself(days, ani, coordinator_client):
    opened = coordinator_client.post(f"/to-call/person/{ani.id}/whatsapp")
    assert opened.headers["Refresh"].startswith("0; url=https://wa.me/6281234567890?text=Yth.")
    assert [(call.outcome, len(call.about)) for call in rows_of(Call)] == [(CallOutcome.WHATSAPP_OPENED, 2)]
    assert "WhatsApp opened" in coordinator_client.get(f"/to-call/person/{ani.id}").text


def test_a_landline_opens_no_whatsapp_and_logs_none(days, police, coordinator_client):
    opened = coordinator_client.post(f"/to-call/organisation/{police.id}/whatsapp")
    assert (opened.status_code, rows_of(Call)) == (302, [])


def test_after_the_names_of_an_organisation_its_page_leads_to_the_next(days, police, coordinator_client):
    activity = days[0]
    call = f"/to-call/organisation/{police.id}?activity={activity.id}"
    page = unescape(coordinator_client.get(call).text)
    address = page.split("/nominees?back=")[1].split('"')[0]
    names = f"/invitations/{invitation_of(activity, police).id}/nominees?back={address}"
    answered = coordinator_client.post(
        names, data={"source": "phone", "rows-0-name": "Zainal Abidin"}, follow_redirects=True
    )
    assert answered.request.full_path == call
    assert ("Everything is answered" in answered.text, "To the next" in answered.text) == (True, True)


def test_recording_from_a_persons_page_comes_back_to_it(days, ani, coordinator_client):
    page = unescape(coordinator_client.get(f"/people/{ani.id}").text)
    call = f"/to-call/person/{ani.id}?back=%2Fpeople%2F{ani.id}"
    assert call in page
    first, second = invitation_of(days[0], ani), invitation_of(days[1], ani)
    still = press(coordinator_client, call, "coming", [second])
    assert still.request.path == f"/to-call/person/{ani.id}"
    done = press(coordinator_client, still.request.full_path, "coming", [first])
    assert done.request.path == f"/people/{ani.id}"
    single = f"/invitations/{second.id}/answer?back=%2Fpeople%2F{ani.id}"
    assert single in unescape(done.text)
    answer = coordinator_client.post(single, data={"source": "phone", "choice": "not_coming"})
    assert answer.headers["Location"] == f"/people/{ani.id}"
    assert invitation_of(days[1], ani).state is NOT_COMING


def test_the_page_of_calls_and_callers_counts_and_gives_the_log_as_a_file(days, ani, coordinator_client):
    press(coordinator_client, f"/to-call/person/{ani.id}", "coming", [invitation_of(days[0], ani)], note="Siang")
    page = coordinator_client.get("/to-call/figures").text
    assert ("1 of 3 reached" in page, "Coordinator" in page) == (True, True)
    lines = coordinator_client.get("/to-call/figures?file=csv").text.splitlines()
    assert len(lines) == 2
    assert "Ani Wijaya,Rapat koordinasi pencegahan kekerasan,Coming,,Siang,Coordinator" in lines[1]


def test_recording_from_the_list_of_invitees_comes_back_to_the_same_filter(days, ani, coordinator_client):
    listed = f"/activities/{days[0].id}/invitees?state=invited&role=cadre"
    page = unescape(coordinator_client.get(listed).text)
    start = page.index(f"/invitations/{invitation_of(days[0], ani).id}/answer?back=")
    answer = coordinator_client.post(page[start:].split('"')[0], data={"source": "phone", "choice": "coming"})
    assert answer.headers["Location"] == listed


def test_a_landline_gets_no_whatsapp_link_and_a_mobile_one_with_office_and_sender(
    days, ani, budi, office, coordinator, coordinator_client
):
    budi.phone = "+6272541122"
    db.session.commit()
    page = coordinator_client.get("/to-call").text
    assert "(0725) 41122" in page
    assert [f"/to-call/person/{person.id}/whatsapp" in page for person in (ani, budi)] == [True, False]
    opened = coordinator_client.post(f"/to-call/person/{ani.id}/whatsapp").headers["Refresh"]
    text = unquote(opened.split("https://wa.me/", 1)[1])
    assert [office.name in text, coordinator.name in text, "tidak dipungut biaya" in text] == [True, True, True]


def test_the_file_has_one_line_for_each_answer_to_ask_for(days, coordinator_client):
    lines = coordinator_client.get("/to-call?file=csv&q=wijaya").text.splitlines()
    assert len(lines) == 3
    assert "Hari kedua" in lines[2]


def test_a_viewer_can_read_the_list_but_record_nothing(days, ani, viewer_client):
    page = viewer_client.get("/to-call").text
    assert ("Ani Wijaya" in page, "Start calling" in page, "/whatsapp" in page) == (True, False, False)
    assert viewer_client.get(f"/to-call/person/{ani.id}").status_code == 403
    data = {"source": "phone", "outcome": "coming", "about": [invitation_of(days[0], ani).id]}
    assert viewer_client.post(f"/to-call/person/{ani.id}", data=data).status_code == 403
    assert invitation_of(days[0], ani).state is INVITED


def test_unknown_people_and_programmes_give_a_not_found_page(office, coordinator_client):
    addresses = [
        "/to-call/person/99",
        "/to-call/organisation/99",
        "/programmes/99/to-call",
        "/activities/99/invitees/to-call",
    ]
    assert [coordinator_client.get(address).status_code for address in addresses] == [404] * 4
    acts = [
        "/to-call/venue/1/take",
        "/to-call/person/99/take",
        "/to-call/person/99/skip",
        "/to-call/person/99/whatsapp",
    ]
    assert [coordinator_client.post(address).status_code for address in acts] == [404] * 4


def test_the_form_that_opens_whatsapp_takes_no_place_beside_the_menu(office, coordinator_client):
    assert '<form id="open-whatsapp" hidden' in coordinator_client.get("/to-call").text
