"""A link that was forwarded: two devices, one answer. Neither overwrites the other's unseen, and both see what changed."""

import re
from dataclasses import replace

import pytest
import sqlalchemy as sa

from outreach.domain.kinds import MailKind
from outreach.extensions import db
from outreach.models import Invitation, Reminder
from outreach.web.answer_pages.forms import form_token
from tests.support.copied import copied
from tests.world import at, invite, invite_organisation, mark_as_invited, publish, token_of

pytestmark = pytest.mark.usefixtures("clock_on_tuesday")


@copied
def invited(activity, ani):
    invite(activity, ani)
    publish(activity)
    mark_as_invited()
    return activity


@copied
def chiefs(app):
    return app.test_client()


@copied
def secretarys(app):
    return app.test_client()


def opened(client, invitee) -> str:
    return client.get(f"/j/{token_of(invitee)}").text


def press(client, invitee, activity, page: str, choice: str, **values):
    """Press a button of a page that was opened before."""
    token = token_of(invitee)
    drawn = re.search(r"name=at value=(\d+)", page)[1]
    fields = {f"{activity.id}-{name}": value for name, value in {"choice": choice, **values}.items()}
    data = {"csrf_token": form_token(token), "at": drawn, **fields}
    return client.post(f"/j/{token}/answers", data=data)


def answer_of(invitee) -> tuple[str, str]:
    db.session.rollback()
    found = db.session.scalars(sa.select(Invitation).where(Invitation.person_id == invitee.id)).one()
    return found.state.value, found.representative_name


def test_a_second_device_does_not_overwrite_the_answer_unseen(chiefs, secretarys, clock_on_tuesday, invited, ani):
    page, other_page = opened(chiefs, ani), opened(secretarys, ani)
    assert press(chiefs, ani, invited, page, "coming").status_code == 303
    clock_on_tuesday.now = at(5, 9)
    refused = press(secretarys, ani, invited, other_page, "represented", name="Budi")
    assert (refused.status_code, answer_of(ani)) == (422, ("coming", ""))
    assert "Orang lain telah menjawab dengan tautan ini" in refused.text
    assert "Jawaban ini diberikan melalui perangkat lain" in refused.text
    assert 'value="Budi"' in refused.text
    clock_on_tuesday.now = at(5, 10)
    assert press(secretarys, ani, invited, opened(secretarys, ani), "represented", name="Budi").status_code == 303
    assert answer_of(ani) == ("represented", "Budi")


def test_both_see_who_answered_and_what_changed(chiefs, secretarys, clock_on_tuesday, invited, ani):
    press(chiefs, ani, invited, opened(chiefs, ani), "coming")
    clock_on_tuesday.now = at(5, 9)
    page = opened(secretarys, ani)
    assert "Jawaban ini diberikan melalui perangkat lain" in page
    assert press(secretarys, ani, invited, page, "not_coming").status_code == 303
    db.session.rollback()
    theirs, mine = opened(secretarys, ani), opened(chiefs, ani)
    assert "Menggantikan jawaban dari perangkat lain: Menyatakan hadir" in theirs
    assert "Jawaban ini diberikan melalui perangkat lain" in mine
    assert "Sebelumnya: Menyatakan hadir" in mine


def test_the_invitee_gets_a_mail_when_another_device_replaces_the_answer(
    chiefs, secretarys, clock_on_tuesday, invited, ani
):
    press(chiefs, ani, invited, opened(chiefs, ani), "coming")
    confirming = sa.select(sa.func.count()).where(Reminder.kind == MailKind.CONFIRMATION)
    assert db.session.scalar(confirming) == 0
    clock_on_tuesday.now = at(5, 9)
    press(secretarys, ani, invited, opened(secretarys, ani), "not_coming")
    db.session.rollback()
    assert db.session.scalar(confirming) == 1


def test_the_same_device_changes_its_answer_from_an_old_tab(chiefs, clock_on_tuesday, invited, ani):
    page = opened(chiefs, ani)
    press(chiefs, ani, invited, page, "coming")
    clock_on_tuesday.now = at(5, 9)
    assert press(chiefs, ani, invited, page, "not_coming").status_code == 303
    assert answer_of(ani)[0] == "not_coming"
    assert "perangkat lain" not in opened(chiefs, ani).partition("<footer>")[0]


def test_the_same_answer_from_another_device_is_no_conflict(chiefs, secretarys, clock_on_tuesday, invited, ani):
    page = opened(secretarys, ani)
    press(chiefs, ani, invited, opened(chiefs, ani), "coming")
    clock_on_tuesday.now = at(5, 9)
    assert press(secretarys, ani, invited, page, "coming").status_code == 303


def test_an_organisations_list_is_not_overwritten_unseen_either(chiefs, secretarys, clock_on_tuesday, activity, police):
    invite_organisation(activity, police)
    publish(activity)
    mark_as_invited()
    page, other_page = opened(chiefs, police), opened(secretarys, police)
    assert press(chiefs, police, activity, page, "coming", **{"rows-0-name": "Aipda Rudi"}).status_code == 303
    clock_on_tuesday.now = at(5, 9)
    refused = press(secretarys, police, activity, other_page, "coming", **{"rows-0-name": "Aipda Sari"})
    assert refused.status_code == 422
    assert "Rudi" in opened(chiefs, police)


def test_only_a_stored_answer_gives_the_device_a_cookie(chiefs, invited, ani):
    token = token_of(ani)
    assert "Set-Cookie" not in chiefs.get(f"/j/{token}").headers
    assert "Set-Cookie" not in chiefs.get(f"/j/{token}?pilih=hadir-{invited.id}").headers
    cookie = press(chiefs, ani, invited, opened(chiefs, ani), "coming").headers["Set-Cookie"]
    assert re.match(r"device=[\w-]{22}; ", cookie)
    assert {"HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))


def test_under_https_the_devices_cookie_is_bound_to_the_host_and_one_that_another_host_can_set_is_not_read(
    app, clock_on_tuesday, chiefs, invited, ani
):
    app.extensions["outreach"] = replace(app.extensions["outreach"], base_url="https://undangan.example.com")
    chiefs.set_cookie("device", "a" * 22)
    cookie = press(chiefs, ani, invited, opened(chiefs, ani), "coming").headers["Set-Cookie"]
    assert re.match(r"__Host-device=[\w-]{22}; ", cookie)
    assert "a" * 22 not in cookie
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
    assert "Domain" not in cookie
    chiefs.set_cookie("__Host-device", "b" * 22)
    clock_on_tuesday.now = at(5, 9)
    again = press(chiefs, ani, invited, opened(chiefs, ani), "not_coming").headers["Set-Cookie"]
    assert again.startswith(f"__Host-device={'b' * 22}; ")


def test_what_is_stored_of_a_device_differs_from_link_to_link(chiefs, invited, ani, budi):
    invite(invited, budi)
    mark_as_invited()
    for person in (ani, budi):
        press(chiefs, person, invited, opened(chiefs, person), "coming")
    db.session.rollback()
    marks = db.session.scalars(sa.select(Invitation.answer_device)).all()
    assert len(set(marks) - {""}) == 2
    assert chiefs.get_cookie("device").value not in marks
