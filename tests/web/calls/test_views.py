"""Calling one after the other: the list, recording for all activities of a person, and continuing at the same place."""

from html import unescape
from urllib.parse import unquote

import pytest

from outreach.domain.activity import Move
from outreach.domain.answers import Choice
from outreach.domain.kinds import AnswerSource
from outreach.domain.states import InvitationState
from outreach.extensions import db
from outreach.services.activities import move as moves
from tests.world import NOW, answer, at, draft_activity, invitation_of, invite, invite_organisation, publish

COMING, NOT_COMING, INVITED = InvitationState.COMING, InvitationState.NOT_COMING, InvitationState.INVITED


@pytest.fixture
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


def test_people_who_answered_before_a_move_are_not_listed_as_not_having_answered(days, budi, coordinator_client):
    sentences = ("They have not answered yet. Each", "They have not answered yet, or not since a move. Each")
    answer(days[0], budi, Choice.COMING)
    assert [sentence in coordinator_client.get("/to-call").text for sentence in sentences] == [True, False]
    move = Move(at(20), at(20, 12), days[0].zone, days[0].venue_id)
    moves.move(days[0].id, move, "Aula dipakai", days[0].version, by=None, now=NOW)
    assert [sentence in coordinator_client.get("/to-call").text for sentence in sentences] == [False, True]


def test_after_recording_the_next_person_of_the_same_filtered_list_follows(
    days, programme, ani, budi, coordinator, coordinator_client
):
    page = unescape(coordinator_client.get(f"/programmes/{programme.id}/to-call?role=cadre").text)
    call = f"/to-call/person/{ani.id}?programme={programme.id}&role=cadre"
    assert call in page
    form = coordinator_client.get(call).text
    first, second = invitation_of(days[0], ani), invitation_of(days[1], ani)
    assert all(f'name="i{invitation.id}-choice"' in form for invitation in (first, second))
    answer = coordinator_client.post(
        call,
        data={
            "source": "phone",
            f"i{first.id}-choice": "coming",
            f"i{second.id}-choice": "not_coming",
            f"i{second.id}-note": "Anak sakit",
        },
        follow_redirects=True,
    )
    assert answer.request.path == f"/to-call/person/{budi.id}"
    assert answer.request.args.to_dict() == {"programme": str(programme.id), "role": "cadre"}
    assert "The answer of Ani Wijaya is recorded." in answer.text
    stored = [(own.state, own.answer_note, own.answer_source, own.answer_recorded_by_id) for own in
              (invitation_of(days[0], ani), invitation_of(days[1], ani))]  # fmt: skip
    assert stored == [
        (COMING, "", AnswerSource.PHONE, coordinator.id),
        (NOT_COMING, "Anak sakit", AnswerSource.PHONE, coordinator.id),
    ]
    last = {"source": "whatsapp", f"i{invitation_of(days[0], budi).id}-choice": "coming"}
    answer = coordinator_client.post(answer.request.full_path, data=last, follow_redirects=True)
    assert answer.request.path == f"/programmes/{programme.id}/to-call"
    assert answer.request.args.to_dict() == {"role": "cadre"}
    assert "That was the last one on this list." in answer.text


def test_an_activity_without_a_recorded_answer_stays_open(days, ani, coordinator_client):
    first = invitation_of(days[0], ani)
    data = {"source": "phone", f"i{first.id}-choice": "coming"}
    coordinator_client.post(f"/to-call/person/{ani.id}", data=data)
    assert [invitation_of(day, ani).state for day in days] == [COMING, INVITED]


def test_a_representative_without_a_name_is_refused_and_the_input_stays_in_the_form(days, ani, coordinator_client):
    first, second = invitation_of(days[0], ani).id, invitation_of(days[1], ani).id
    data = {
        "source": "phone",
        f"i{first}-choice": "represented",
        f"i{second}-choice": "coming",
        f"i{second}-note": "Siang",
    }
    answer = coordinator_client.post(f"/to-call/person/{ani.id}", data=data)
    assert answer.status_code == 422
    assert "Please write the name of the person who will come in their place." in answer.text
    assert 'value="Siang"' in answer.text
    assert [invitation_of(day, ani).state for day in days] == [INVITED, INVITED]


def test_a_form_without_a_choice_gets_a_message(days, ani, coordinator_client):
    answer = coordinator_client.post(f"/to-call/person/{ani.id}", data={"source": "phone"})
    assert (answer.status_code, "Nothing is chosen yet." in answer.text) == (422, True)


def test_after_the_names_of_an_organisation_the_next_callee_follows(days, ani, police, coordinator_client):
    activity = days[0]
    call = f"/to-call/organisation/{police.id}?activity={activity.id}"
    page = unescape(coordinator_client.get(call).text)
    address = page.split('href="/invitations/', 2)[2].split('"')[0]
    assert address.startswith(f"{invitation_of(activity, police).id}/nominees?back=")
    answer = coordinator_client.post(
        f"/invitations/{address}", data={"source": "phone", "rows-0-name": "Zainal Abidin"}, follow_redirects=True
    )
    assert answer.request.path == f"/to-call/person/{ani.id}"
    assert answer.request.args["activity"] == str(activity.id)


def test_recording_from_a_persons_page_comes_back_to_it(days, ani, coordinator_client):
    page = unescape(coordinator_client.get(f"/people/{ani.id}").text)
    call = f"/to-call/person/{ani.id}?back=%2Fpeople%2F{ani.id}"
    assert call in page
    invitation_id = invitation_of(days[1], ani).id
    data = {"source": "phone", f"i{invitation_id}-choice": "coming"}
    answer = coordinator_client.post(call, data=data)
    assert answer.headers["Location"] == f"/people/{ani.id}"
    single = f"/invitations/{invitation_id}/answer?back=%2Fpeople%2F{ani.id}"
    assert single in unescape(coordinator_client.get(f"/people/{ani.id}").text)
    answer = coordinator_client.post(single, data={"source": "phone", "choice": "not_coming"})
    assert answer.headers["Location"] == f"/people/{ani.id}"
    assert invitation_of(days[1], ani).state is NOT_COMING


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
    assert page.count("https://wa.me/") == 1
    text = unquote(page.split("https://wa.me/", 1)[1].split('"')[0])
    assert [office.name in text, coordinator.name in text, "tidak dipungut biaya" in text] == [True, True, True]


def test_the_file_has_one_line_for_each_answer_to_ask_for(days, coordinator_client):
    lines = coordinator_client.get("/to-call?file=csv&q=wijaya").text.splitlines()
    assert len(lines) == 3
    assert "Hari kedua" in lines[2]


def test_a_viewer_can_read_the_list_but_record_nothing(days, ani, viewer_client):
    page = viewer_client.get("/to-call").text
    assert ("Ani Wijaya" in page, "Record answer" in page, "wa.me" in page) == (True, False, False)
    assert viewer_client.get(f"/to-call/person/{ani.id}").status_code == 403
    data = {"source": "phone", f"i{invitation_of(days[0], ani).id}-choice": "coming"}
    assert viewer_client.post(f"/to-call/person/{ani.id}", data=data).status_code == 403
    assert invitation_of(days[0], ani).state is INVITED


@pytest.mark.parametrize("after", ["", "person", "person-", "person-x", "venue-1", "person-99999999999", "person-9999"])
def test_an_unknown_callee_leads_to_the_list(office, coordinator_client, after):
    assert coordinator_client.get(f"/to-call/next?after={after}").headers["Location"] == "/to-call"


def test_unknown_people_and_programmes_give_a_not_found_page(office, coordinator_client):
    addresses = [
        "/to-call/person/99",
        "/to-call/organisation/99",
        "/programmes/99/to-call",
        "/activities/99/invitees/to-call",
    ]
    assert [coordinator_client.get(address).status_code for address in addresses] == [404] * 4
