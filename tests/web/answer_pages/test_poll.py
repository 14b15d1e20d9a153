"""The answer page of a date poll, as the browser of a cheap phone without script shows it."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from outreach.delivery import tokens
from outreach.domain.kinds import AnswerSource
from outreach.domain.polls import MOST_SLOTS, Proposed
from outreach.extensions import db
from outreach.models import AuditEntry, DatePoll
from outreach.services.activities import publish as publishing
from outreach.services.invitations import links
from outreach.services.polls import ask as poll_asking
from outreach.services.polls import decide as poll_deciding
from outreach.web.answer_pages.forms import form_token
from tests.web.reading import words
from tests.world import all_rows, at, log_in, mark_as_invited, token_of
from tests.world.polls import a_poll, asked

pytestmark = pytest.mark.usefixtures("clock_on_tuesday")


def path(invitee, poll) -> str:
    return f"/j/{token_of(invitee)}/polls/{poll.id}"


def slot_ids(poll) -> list[int]:
    db.session.rollback()
    return [slot.id for slot in db.session.get_one(DatePoll, poll.id).slots]


def answer_poll(phone, invitee, poll, *choices, **values):
    fields = {f"s{id_}": choice for id_, choice in zip(slot_ids(poll), choices, strict=False)}
    return phone.post(path(invitee, poll), data={"csrf_token": form_token(token_of(invitee)), **fields, **values})


def checked(page: str) -> list[str]:
    return re.findall(r'<input type="radio" name="s\d+" value="(\w+)" id="\w+" checked>', page)


def test_opening_the_page_shows_all_slots_and_changes_nothing(phone, ani):
    poll = a_poll(ani, note="Mohon pimpinan hadir")
    before = all_rows()
    page = phone.get(path(ani, poll))
    assert page.status_code == 200
    assert page.text.count('type="radio"') == 9
    assert checked(page.text) == []
    assert "Senin, 18 Januari 2027" in words(page.text)
    assert "Mohon pimpinan hadir" in words(page.text)
    assert "Bidang PPA, 0812-0000-0001" in words(page.text)
    assert "pencegahan kekerasan" not in page.text
    phone.head(path(ani, poll))
    assert all_rows() == before


def test_an_answer_is_confirmed_and_preselected_next_time(phone, ani):
    poll = a_poll(ani)
    reply = answer_poll(phone, ani, poll, "yes", "if_need_be", "no", note="Selasa pagi saja")
    assert reply.status_code == 303
    page = phone.get(reply.location)
    assert 'role="status"' in page.text
    assert checked(page.text) == ["yes", "if_need_be", "no"]
    assert ">Selasa pagi saja</textarea>" in page.text
    assert asked(poll, ani).answer_source is AnswerSource.LINK
    english = words(phone.get(path(ani, poll) + "?lang=en").text)
    assert "This is what you answered for" in english
    assert "You can change it until" in english
    assert "You can close this page" not in english


def test_a_slot_without_an_answer_is_marked_and_the_other_choices_stay(phone, ani):
    poll = a_poll(ani)
    page = answer_poll(phone, ani, poll, "yes", "nonsense", "no", note="Catatan")
    assert page.status_code == 422
    assert checked(page.text) == ["yes", "no"]
    assert page.text.count('class="m"') == 1
    assert ">Catatan</textarea>" in page.text
    assert asked(poll, ani).answered_at is None


def test_an_office_enters_who_answers(phone, police):
    poll = a_poll(organisations=[police])
    page = answer_poll(phone, police, poll, "yes", "yes", "yes")
    assert page.status_code == 422
    assert 'aria-invalid="true"' in page.text
    assert answer_poll(phone, police, poll, "yes", "yes", "yes", who="Staf Bagops").status_code == 303
    assert asked(poll, police).answered_by == "Staf Bagops"


@pytest.mark.parametrize(
    ("token_of", "headers", "status"),
    [
        (lambda invitee: "", {}, 400),
        (lambda invitee: form_token("another" * 6), {}, 400),
        (lambda invitee: form_token(token_of(invitee)), {"Sec-Fetch-Site": "cross-site"}, 400),
        (lambda invitee: form_token(token_of(invitee)), {"Sec-Fetch-Site": "same-origin"}, 303),
    ],
)
def test_only_the_pages_own_form_is_accepted(phone, ani, token_of, headers, status):
    poll = a_poll(ani)
    fields = {f"s{id_}": "yes" for id_ in slot_ids(poll)}
    reply = phone.post(path(ani, poll), data={"csrf_token": token_of(ani), **fields}, headers=headers)
    assert reply.status_code == status
    assert (asked(poll, ani).answered_at is not None) == (status == 303)


def test_foreign_polls_drafts_and_invalid_links_open_nothing(phone, ani, budi, clock_on_tuesday):
    poll = a_poll(ani)
    draft = a_poll(ani, opened=False)
    tokens.ensure_links(db.session, person_ids=[budi.id], expires_at=at(30))
    db.session.commit()
    assert phone.get(path(budi, poll)).status_code == 404
    assert answer_poll(phone, budi, poll, "yes", "yes", "yes").status_code == 404
    assert phone.get(path(ani, draft)).status_code == 404
    assert phone.get(f"/j/{token_of(ani)}/polls/999").status_code == 404
    assert phone.get(f"/j/{'x' * 38}/polls/{poll.id}").status_code == 404
    links.revoke(ani, by=None, now=at(5))
    assert phone.get(path(ani, poll)).status_code == 410


def test_after_closing_the_page_says_so_and_accepts_no_answers(phone, ani, clock_on_tuesday):
    poll = a_poll(ani)
    answer_poll(phone, ani, poll, "yes", "no", "no")
    clock_on_tuesday.now = at(7, 16)
    page = phone.get(path(ani, poll))
    assert 'type="radio"' not in page.text
    assert "<form" not in page.text
    refused = answer_poll(phone, ani, poll, "no", "no", "no")
    assert refused.status_code == 422
    assert "Kamis, 7 Januari 2027 pukul 16.00 WIB" in words(refused.text)
    assert [row.choice for row in asked(poll, ani).choices] == ["yes", "no", "no"]


def test_an_answer_after_an_early_close_is_told_of_the_close_and_not_of_a_future_deadline(phone, ani, clock_on_tuesday):
    poll = a_poll(ani)
    answer_poll(phone, ani, poll, "yes", "no", "no")
    poll_asking.close(poll.id, by=None, now=at(5))
    clock_on_tuesday.now = at(5)
    late = answer_poll(phone, ani, poll, "if_need_be", "no", "no")
    said = words(late.text)
    assert late.status_code == 422
    assert "7 Januari 2027" not in said
    assert "Yang Bapak/Ibu kirim: Bila perlu" in said
    assert "Jawaban Bapak/Ibu:" not in said
    assert [row.choice for row in asked(poll, ani).choices] == ["yes", "no", "no"]


def test_after_the_decision_the_page_shows_the_chosen_slot(phone, ani, clock_on_tuesday):
    poll = a_poll(ani)
    poll_deciding.decide(poll.id, slot_ids(poll)[1], publish=False, by=None, now=at(5))
    page = phone.get(path(ani, poll))
    assert "Selasa, 19 Januari 2027, 08.00–12.00 WIB" in words(page.text)
    assert 'type="radio"' not in page.text


def test_if_the_activity_of_the_chosen_slot_is_postponed_the_page_says_so_and_names_no_day(
    phone, ani, clock_on_tuesday
):
    poll = a_poll(ani)
    made = poll_deciding.decide(poll.id, slot_ids(poll)[1], publish=True, by=None, now=at(5))
    publishing.postpone(made.id, "Banjir", by=None, now=at(5))
    said = words(phone.get(path(ani, poll)).text)
    assert "ditunda." in said
    assert "Waktu barunya belum ditetapkan." in said
    assert "this time was chosen" not in words(phone.get(path(ani, poll) + "?lang=en").text)


def test_the_answer_page_links_only_to_open_polls(phone, ani, clock_on_tuesday):
    poll, other = a_poll(ani), a_poll(ani, public_title="Pertemuan lain")
    poll_asking.close(other.id, by=None, now=at(5))
    page = phone.get(f"/j/{token_of(ani)}?lang=en").text
    assert f'href="/j/{token_of(ani)}/polls/{poll.id}?lang=en"' in page
    assert f"/polls/{other.id}" not in page
    answer_poll(phone, ani, poll, "yes", "no", "no")
    assert "answered" in words(phone.get(f"/j/{token_of(ani)}?lang=en").text)
    clock_on_tuesday.now = at(7, 16)
    assert "/polls/" not in phone.get(f"/j/{token_of(ani)}").text


def test_a_page_requested_in_english_stays_english(phone, ani):
    poll = a_poll(ani)
    page = phone.get(path(ani, poll) + "?lang=en").text
    assert "Monday, 18 January 2027" in words(page)
    assert f'action="{path(ani, poll)}?lang=en"' in page
    reply = phone.post(path(ani, poll) + "?lang=en", data={
        "csrf_token": form_token(token_of(ani)), **{f"s{id_}": "yes" for id_ in slot_ids(poll)}
    })  # fmt: skip
    assert "lang=en" in reply.location


def test_a_page_with_the_maximum_of_slots_stays_small(phone, police, hall):
    hall.name = (
        "Gedung Sesat Agung Bumi Sai Wawai Kompleks Perkantoran Pemerintah Kota Metro, ruang rapat besar lantai dua"
    )
    db.session.commit()
    slots = [Proposed(at(10) + timedelta(days=n), at(10, 12) + timedelta(days=n), hall.id) for n in range(MOST_SLOTS)]
    poll = a_poll(organisations=[police], slots=slots, note="n" * 500)
    page = phone.get(path(police, poll), headers={"Accept-Encoding": "identity"})
    assert page.text.count('type="radio"') == 3 * MOST_SLOTS
    assert len(page.data) <= 14_000
    assert len(phone.get(path(police, poll), headers={"Accept-Encoding": "gzip"}).data) <= 4_000
    for header, value in {"Cache-Control": "private, no-store", "Referrer-Policy": "no-referrer"}.items():
        assert page.headers[header] == value
    assert "script" not in page.text


def test_a_link_with_too_many_requests_has_to_wait(app, phone, ani):
    from dataclasses import replace

    app.extensions["outreach"] = replace(app.extensions["outreach"], rate_answer="3/minute")
    poll = a_poll(ani)
    assert [phone.get(path(ani, poll)).status_code for _ in range(4)] == [200, 200, 200, 429]


def test_an_answer_opens_the_link_once_for_the_page_and_once_under_the_lock(phone, ani, clock_on_tuesday, statements):
    poll = a_poll(ani)
    address, key, slots = path(ani, poll), form_token(token_of(ani)), slot_ids(poll)

    def press(*choices: str) -> tuple[int, int]:
        answers = []
        data = {"csrf_token": key, **{f"s{id_}": choice for id_, choice in zip(slots, choices, strict=False)}}
        took = statements(lambda: answers.append(phone.post(address, data=data)))
        return answers[0].status_code, sum(bool(re.search(r"\bFROM link\b", statement)) for statement in took)

    assert press("yes", "no", "no") == (303, 2)
    assert press("yes") == (422, 2)
    clock_on_tuesday.now = at(7, 16)
    assert press("no", "no", "no") == (422, 2)


def test_an_answered_poll_no_longer_asks_for_an_answer(phone, ani):
    poll = a_poll(ani)
    page = phone.get(f"/j/{token_of(ani)}").text
    assert ("Mohon dijawab paling lambat" in words(page), "Dapat diubah sampai" in words(page)) == (True, False)
    answer_poll(phone, ani, poll, "yes", "no", "yes")
    page = phone.get(f"/j/{token_of(ani)}").text
    assert ("Mohon dijawab paling lambat" in words(page), "Dapat diubah sampai" in words(page)) == (False, True)


def test_an_answer_to_a_poll_is_undone_from_its_thanks_page(phone, ani):
    poll = a_poll(ani)
    undo = f"{path(ani, poll)}/undo"
    sent = {"csrf_token": form_token(token_of(ani))}
    page = phone.get(answer_poll(phone, ani, poll, "yes", "no", "yes").location).text
    assert f'action="{undo}"' in page
    assert phone.post(undo, data=sent).location == f"{path(ani, poll)}?undone=1"
    undone = words(phone.get(f"{path(ani, poll)}?undone=1").text)
    assert ("sudah diurungkan" in undone, "sudah boleh ditutup" in undone) == (True, False)
    assert checked(phone.get(path(ani, poll)).text) == []
    answer_poll(phone, ani, poll, "yes", "no", "yes")
    answer_poll(phone, ani, poll, "no", "no", "no", note="Rapat")
    assert phone.post(undo, data=sent).status_code == 303
    page = phone.get(path(ani, poll)).text
    assert (checked(page), "Rapat</textarea>" in page) == (["yes", "no", "yes"], False)
    assert phone.post(undo, data=sent).status_code == 422
    assert phone.get(undo).location == path(ani, poll)
    assert phone.post(undo, data={}).status_code == 400


def test_errors_in_a_poll_lead_to_each_time_without_an_answer(phone, police):
    poll = a_poll(organisations=[police])
    _one, two, three = slot_ids(poll)
    page = answer_poll(phone, police, poll, "yes").text
    top = page.split("<section")[0]
    assert "<title>Galat: " in page
    assert re.findall(r'<a href="#(\w+)">', top) == [f"y{two}", f"y{three}", "who"]
    assert f'id="y{two}"' in page
    assert 'id="who"' in page
    assert checked(page) == ["yes"]
    long = answer_poll(phone, police, poll, "yes", "no", "no", who="Rina", note="x" * 301).text
    assert re.findall(r'<a href="#(\w+)">', long.split("<section")[0]) == ["note"]
    assert "300 huruf" in long


def test_a_too_long_note_can_be_corrected_and_sent(phone, ani):
    poll = a_poll(ani)
    page = words(answer_poll(phone, ani, poll, "yes", "no", "yes", note="y" * 400).text)
    assert "Mohon perbaiki yang ditandai" in page
    assert "Mohon persingkat sampai 300 huruf." in page


def test_poll_answers_by_link_from_a_signed_in_browser_are_in_the_audit_log(app, phone, ani, budi, coordinator):
    poll = a_poll(ani, budi)
    answer_poll(phone, budi, poll, "yes", "no", "no")
    answer_poll(log_in(app, coordinator), ani, poll, "yes", "no", "no")
    entries = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "person.answered_by_link")).all()
    assert [(entry.user_id, entry.subject_id, entry.detail) for entry in entries] == [
        (coordinator.id, ani.id, {"poll": poll.title})
    ]


def test_poll_answers_undone_by_link_from_a_signed_in_browser_are_in_the_audit_log(app, ani, coordinator):
    poll, client = a_poll(ani), log_in(app, coordinator)
    answer_poll(client, ani, poll, "yes", "no", "no")
    client.post(f"{path(ani, poll)}/undo", data={"csrf_token": form_token(token_of(ani))})
    wanted = sa.select(AuditEntry).where(AuditEntry.action == "person.answer_undone_by_link")
    assert [(entry.user_id, entry.subject_id, entry.detail) for entry in db.session.scalars(wanted)] == [
        (coordinator.id, ani.id, {"poll": poll.title})
    ]


def test_the_note_of_a_first_answer_stays_when_the_answer_is_undone(phone, ani, police):
    poll = a_poll(ani, organisations=[police])
    for invitee in (ani, police):
        answer_poll(phone, invitee, poll, "yes", "no", "yes", note="Selasa pagi saja", who="Rina")
        phone.post(f"{path(invitee, poll)}/undo", data={"csrf_token": form_token(token_of(invitee))})
        page = phone.get(path(invitee, poll)).text
        assert (checked(page), ">Selasa pagi saja</textarea>" in page) == ([], True)
        assert asked(poll, invitee).answered_at is None
    assert 'value="Rina"' in page


def test_a_poll_greets_people_as_the_mails_do(phone, ani, police):
    poll = a_poll(ani, organisations=[police])
    assert "Yth. Bapak/Ibu Ani Wijaya" in words(phone.get(path(ani, poll)).text)
    assert "Dear Ani Wijaya" in words(phone.get(path(ani, poll) + "?lang=en").text)


def test_beside_a_choice_that_is_not_sent_yet_a_date_poll_has_no_second_green_button(
    phone, ani, anis_invitation_id, published
):
    poll = a_poll(ani)
    mark_as_invited()
    button = f'class="b g" href="{path(ani, poll)}"'
    address = f"/j/{token_of(ani)}"
    assert button in phone.get(address).text
    assert button not in phone.get(f"{address}?pilih=hadir-{published.id}").text
