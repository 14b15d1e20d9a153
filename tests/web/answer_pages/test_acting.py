"""The page of whoever comes in an invitee's place: what it shows, what its buttons do; only buttons change anything."""

import pytest

from outreach.delivery import tokens
from outreach.domain.answers import Choice, Representative
from outreach.domain.kinds import Role
from outreach.domain.states import InvitationState
from outreach.extensions import db
from outreach.services.answers import answer as answering
from outreach.web.answer_pages.forms import form_token
from tests.support.copied import copied
from tests.world import NOW, at, invitation_of, invite, mark_as_invited, publish, token_of

pytestmark = pytest.mark.usefixtures("clock_on_tuesday")
RINA = Representative("Kompol Rina Dewi", "Wakapolres", email="rina@example.com")


@copied
def represented(activity, chief):
    invite(activity, chief, role=Role.SPEAKER)
    publish(activity)
    mark_as_invited()
    answering.answer(token_of(chief), activity.id, Choice.REPRESENTED, RINA, now=NOW)
    return activity


def page_of(activity, invitee) -> str:
    db.session.rollback()
    return tokens.acting_token(invitation_of(activity, invitee).acting.nonce)


def press(client, token, activity, choice, **values):
    fields = {f"{activity.id}-{name}": value for name, value in {"choice": choice, **values}.items()}
    return client.post(f"/j/{token}/acting/{activity.id}", data={"csrf_token": form_token(token), **fields})


def state(activity, invitee) -> InvitationState:
    db.session.rollback()
    return invitation_of(activity, invitee).state


def test_the_page_says_for_whom_they_come_and_opening_it_changes_nothing(phone, represented, chief):
    token = page_of(represented, chief)
    page = phone.get(f"/j/{token}?pilih=tidak-{represented.id}").text
    assert "Yth. Kompol Rina Dewi" in page
    assert f"Bapak/Ibu hadir mewakili {chief.display_name}." in page
    assert represented.public_title in page or represented.title in page
    assert state(represented, chief) is InvitationState.REPRESENTED
    assert len(page.encode()) < 14_000


def test_they_say_that_they_come(phone, represented, chief):
    token = page_of(represented, chief)
    assert press(phone, token, represented, "coming").status_code == 303
    page = phone.get(f"/j/{token}/thanks").text
    assert "✓ Saya hadir" in page
    assert "sudah menyatakan akan hadir" in phone.get(f"/j/{token_of(chief)}").text


def test_they_pass_it_on_and_the_invitees_page_says_so(phone, represented, chief):
    rinas = page_of(represented, chief)
    passed = press(phone, rinas, represented, "represented", name="AKP Tono", email="tono@example.com")
    assert passed.status_code == 303
    assert "Diteruskan kepada: <b>AKP Tono</b>" in phone.get(f"/j/{rinas}").text
    assert "Bapak/Ibu hadir mewakili" not in phone.get(f"/j/{rinas}").text
    page = phone.get(f"/j/{token_of(chief)}").text
    assert "AKP Tono" in page
    assert "Diteruskan oleh orang yang Bapak/Ibu tunjuk." in page
    tonos = phone.get(f"/j/{page_of(represented, chief)}").text
    assert "Saya hadir" in tonos
    assert "Teruskan</button>" not in tonos
    by_mail = phone.get(f"/j/{page_of(represented, chief)}?pilih=wakil-{represented.id}").text
    assert (
        "Undangan ini sudah pernah diteruskan. Bila berhalangan, mohon hubungi Bidang PPA (0812-0000-0001)." in by_mail
    )
    assert "-choice" not in phone.get(f"/j/{rinas}").text


def test_a_refused_name_stays_on_the_page(phone, represented, chief):
    token = page_of(represented, chief)
    refused = press(phone, token, represented, "represented", name="AKP Tono", phone="kantor")
    assert refused.status_code == 422
    assert 'value="AKP Tono"' in refused.text
    assert '<details class="w" open>' in refused.text


def test_they_do_not_come_and_the_invitee_is_asked_again(phone, represented, chief):
    token = page_of(represented, chief)
    assert press(phone, token, represented, "not_coming").status_code == 303
    assert state(represented, chief) is InvitationState.INVITED
    assert "tidak lagi diharapkan" in phone.get(f"/j/{token}").text
    assert "Bapak/Ibu hadir mewakili" not in phone.get(f"/j/{token}").text


def test_the_invitee_undoes_it_and_chooses_the_notices(phone, represented, chief):
    token = token_of(chief)
    page = phone.get(f"/j/{token}").text
    assert "Batalkan penunjukan" in page
    secret = {"csrf_token": form_token(token)}
    off = phone.post(f"/j/{token}/notices/{represented.id}", data={**secret, "wanted": "0"})
    assert off.status_code == 303
    assert "Kirim pemberitahuan juga kepada saya" in phone.get(f"/j/{token}").text
    assert phone.post(f"/j/{token}/back/{represented.id}", data=secret).status_code == 303
    assert state(represented, chief) is InvitationState.INVITED


def test_a_post_without_the_pages_own_token_changes_nothing(phone, represented, chief):
    theirs, rinas = token_of(chief), page_of(represented, chief)
    assert phone.post(f"/j/{theirs}/back/{represented.id}").status_code == 404
    refused = phone.post(f"/j/{rinas}/acting/{represented.id}", data={f"{represented.id}-choice": "not_coming"})
    assert refused.status_code == 400
    assert state(represented, chief) is InvitationState.REPRESENTED


def test_after_the_deadline_they_are_asked_to_call(phone, clock_on_tuesday, represented, chief):
    clock_on_tuesday.now = at(16, 16)
    page = phone.get(f"/j/{page_of(represented, chief)}").text
    assert "Bidang PPA (0812-0000-0001)" in page
    assert "-choice" not in page


def test_their_calendar_file_is_theirs_alone(phone, represented, chief):
    token = page_of(represented, chief)
    assert "BEGIN:VEVENT" in phone.get(f"/j/{token}/{represented.id}.ics").text
    press(phone, token, represented, "not_coming")
    assert phone.get(f"/j/{token}/{represented.id}.ics").status_code == 404


@pytest.mark.parametrize("path", ["away", "calendar", "stop", "polls/1"])
def test_their_link_opens_none_of_the_invitees_pages(phone, represented, chief, path):
    assert phone.get(f"/j/{page_of(represented, chief)}/{path}").status_code == 404


def test_addresses_that_only_take_posts_lead_back_to_the_page(phone, represented, chief):
    rinas, theirs = page_of(represented, chief), token_of(chief)
    for address in (f"/j/{rinas}/acting/1", f"/j/{theirs}/back/1", f"/j/{theirs}/notices/1"):
        assert phone.get(address).headers["Location"].startswith(address.rsplit("/", 2)[0])


def test_a_rank_has_a_field_of_its_own_where_somebody_is_named(phone, represented, chief):
    rinas = page_of(represented, chief)
    assert f'name="{represented.id}-rank"' in phone.get(f"/j/{rinas}").text
    press(phone, rinas, represented, "represented", name="Tono", rank="AKP", email="tono@example.com")
    db.session.rollback()
    acting = invitation_of(represented, chief).acting
    assert (acting.name, acting.rank) == ("AKP Tono", "AKP")
    assert f'name="{represented.id}-rank" value="AKP"' in phone.get(f"/j/{token_of(chief)}").text


def test_a_refused_name_that_begins_with_a_rank_suggests_it(phone, represented, chief):
    refused = press(phone, page_of(represented, chief), represented, "represented", name="AKP Tono", phone="kantor")
    assert f'name="{represented.id}-rank" value="AKP"' in refused.text


def test_a_cadres_page_asks_for_no_rank(phone, represented, ani):
    invite(represented, ani)
    mark_as_invited()
    assert f'name="{represented.id}-post"' in phone.get(f"/j/{token_of(ani)}").text
    assert "-rank" not in phone.get(f"/j/{token_of(ani)}").text
