"""The pages of people: the list, adding and correcting, and a person's data rights."""

import json

import pytest
import sqlalchemy as sa

from outreach.domain.kinds import AgeGroup, CadreKind, Sex
from outreach.extensions import db
from outreach.models import Assistant, AuditEntry, Cadre, Link, Person
from tests.web.reading import linked_names
from tests.world import a_person

ANI_FORM = {
    "name": "Ani Wijaya",
    "organisation_id": "",
    "region_code": "18.72.01.1003",
    "sex": "female",
    "kinds": ["patbm"],
    "email": "ani@example.com",
    "phone": "0812-3456-7890",
    "locale": "id",
}


def actions():
    return [entry.action for entry in db.session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id))]


def test_the_list_is_sorted_by_name_and_shows_the_post_for_a_missing_name(viewer_client, budi, ani, chief):
    assert linked_names(viewer_client.get("/people").text) == ["Ani Wijaya", "Budi Santoso", "Kapolres Metro"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=wijaya", ["Ani Wijaya"]),
        ("q=WIJAYA+ani", ["Ani Wijaya"]),
        ("q=polres", ["Kapolres Metro"]),
        ("q=0812-3456", ["Ani Wijaya", "Budi Santoso"]),
        ("q=%2B62812", ["Ani Wijaya", "Budi Santoso"]),
        ("q=%25", []),
        ("q=_", []),
        ("kind=pkk", ["Budi Santoso"]),
        ("kind=nonsense", ["Ani Wijaya", "Budi Santoso", "Kapolres Metro"]),
        ("region=18.72.01", ["Ani Wijaya"]),
        ("region=18.72.04.1001", ["Budi Santoso"]),
        ("region=18.72.0", []),
        ("sector=police", ["Kapolres Metro"]),
        ("no_address=1", []),
        ("page=99", ["Ani Wijaya", "Budi Santoso", "Kapolres Metro"]),
        ("page=x", ["Ani Wijaya", "Budi Santoso", "Kapolres Metro"]),
    ],
)
def test_the_list_is_searched_and_filtered(viewer_client, ani, budi, chief, query, found):
    assert linked_names(viewer_client.get(f"/people?{query}").text) == found


def test_the_list_takes_as_many_queries_for_300_people_as_for_three(viewer_client, queries, office, police):
    def add(count):
        for n in range(count):
            person = Person(name=f"Kader {n}", region_code="18.72.01.1003", organisation_id=police.id)
            person.cadre_roles = [Cadre(kind=CadreKind.PKK, region_code="18.72.01.1003")]
            db.session.add(person)
        db.session.commit()

    add(3)
    viewer_client.get("/people")
    few = queries(lambda: viewer_client.get("/people"))
    add(297)
    assert queries(lambda: viewer_client.get("/people")) == few
    assert len(linked_names(viewer_client.get("/people?page=12").text)) == 25


def test_a_person_is_added_with_titles_split_from_the_name_and_phone_in_e164(coordinator_client):
    form = {**ANI_FORM, "name": "HJ. ANI WIJAYA, S.PD.", "kinds": ["patbm", "pkk"], "age_group": "from_25"}
    response = coordinator_client.post("/people/new", data=form)
    ani = db.session.scalars(sa.select(Person)).one()
    assert (response.status_code, response.location) == (302, f"/people/{ani.id}")
    assert (ani.full_name, ani.phone, ani.email) == ("Hj. Ani Wijaya, S.Pd.", "+6281234567890", "ani@example.com")
    assert (ani.sex, ani.age_group) == (Sex.FEMALE, AgeGroup.FROM_25)
    assert sorted(role.kind for role in ani.cadre_roles) == [CadreKind.PATBM, CadreKind.PKK]
    assert actions() == ["person.added"]


def test_a_person_may_have_only_a_post(coordinator_client):
    form = {**ANI_FORM, "name": "", "post": "Kapolres Metro", "kinds": [], "region_code": ""}
    assert coordinator_client.post("/people/new", data=form).status_code == 302
    assert db.session.scalars(sa.select(Person)).one().full_name == "Kapolres Metro"


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"name": ""}, "Please write a name; or the post, where the name is not known."),
        ({"name": "=1+1"}, "is not a name"),
        ({"email": "ani@example,com"}, "Is it perhaps ani@example.com?"),
        ({"email": "ani"}, "is not an e-mail address. One looks like nama@example.com."),
        ({"phone": "12"}, "“12” is not a phone number. One looks like 0812-1234-5678."),
        ({"region_code": ""}, "A cadre belongs to a kelurahan. Please choose it."),
        ({"region_code": "99"}, "Please choose one from the list."),
        ({"kinds": ["lurah"]}, "One of these choices does not exist any more."),
        ({"name": "a" * 161}, "Please shorten this to at most 160 letters."),
        ({"locale": "xx"}, "Please choose one from the list."),
    ],
)
def test_invalid_input_gets_a_message_stays_in_the_form_and_changes_nothing(coordinator_client, wrong, sentence):
    response = coordinator_client.post("/people/new", data={**ANI_FORM, "note": "via lurah", **wrong})
    text = response.get_data(as_text=True)
    assert response.status_code == 422
    assert sentence in text
    assert 'value="via lurah"' in text
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Person)) == 0


def test_the_same_name_in_the_same_kelurahan_needs_one_confirmation(coordinator_client, ani):
    response = coordinator_client.post("/people/new", data={**ANI_FORM, "name": "ani wijaya"})
    assert response.status_code == 422
    assert "Ani Wijaya of Imopuro is in the list already." in response.get_data(as_text=True)
    again = {**ANI_FORM, "name": "ani wijaya", "namesake": "y"}
    assert coordinator_client.post("/people/new", data=again).status_code == 302
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Person)) == 2


def test_the_form_shows_the_stored_values_and_saving_it_unchanged_changes_nothing(coordinator_client, ani):
    text = coordinator_client.get(f"/people/{ani.id}/edit").get_data(as_text=True)
    assert 'value="Ani Wijaya"' in text
    assert '<option selected value="18.72.01.1003">' in text
    form = {**ANI_FORM, "sex": "", "phone": ani.phone}
    assert coordinator_client.post(f"/people/{ani.id}/edit", data=form).status_code == 302
    assert actions() == []


def test_a_correction_is_in_the_audit_log_without_the_values(coordinator_client, ani):
    form = {**ANI_FORM, "sex": "", "phone": ani.phone, "email": "ani.wijaya@example.com", "kinds": ["pkk"]}
    coordinator_client.post(f"/people/{ani.id}/edit", data=form)
    entry = db.session.scalars(sa.select(AuditEntry)).one()
    assert (entry.action, entry.detail) == ("person.edited", {"changed": ["email", "kinds"]})
    roles = {role.kind: role.active for role in db.session.get(Person, ani.id).cadre_roles}
    assert roles == {CadreKind.PATBM: False, CadreKind.PKK: True}


def test_an_invalid_correction_changes_nothing(coordinator_client, ani):
    response = coordinator_client.post(f"/people/{ani.id}/edit", data={**ANI_FORM, "email": "ani@"})
    assert response.status_code == 422
    db.session.expire_all()
    assert ani.email == "ani@example.com"


def test_an_unknown_person_gives_a_not_found_page(coordinator_client):
    assert coordinator_client.get("/people/1").status_code == 404
    assert coordinator_client.get("/people/1/edit").status_code == 404
    assert coordinator_client.post("/people/1/erase", data={"sure": "y"}).status_code == 404


@pytest.mark.parametrize("path", ["new", "import", "{id}/edit", "{id}/erase"])
def test_a_viewer_may_read_and_not_change(viewer_client, ani, path):
    assert viewer_client.get(f"/people/{ani.id}").status_code == 200
    assert viewer_client.get("/people/" + path.format(id=ani.id)).status_code == 403


@pytest.mark.parametrize("action", ["reminders/stop", "reminders/resume", "link", "export", "erase"])
def test_a_viewer_may_not_change_anything_for_a_person(viewer_client, ani, action):
    assert viewer_client.post(f"/people/{ani.id}/{action}").status_code == 403


def test_reminders_are_stopped_and_resumed(coordinator_client, ani):
    coordinator_client.post(f"/people/{ani.id}/reminders/stop")
    db.session.expire_all()
    assert ani.reminders_stopped_at is not None
    coordinator_client.post(f"/people/{ani.id}/reminders/resume")
    db.session.expire_all()
    assert ani.reminders_stopped_at is None
    assert actions() == ["person.reminders_stopped", "person.reminders_resumed"]


def test_opening_a_person_creates_no_link_and_the_button_creates_and_renews_it(coordinator_client, ani):
    coordinator_client.get(f"/people/{ani.id}")
    assert db.session.scalar(sa.select(Link)) is None
    coordinator_client.post(f"/people/{ani.id}/link")
    first = db.session.scalars(sa.select(Link)).one().nonce
    assert f"http://localhost/j/{first}" in coordinator_client.get(f"/people/{ani.id}").get_data(as_text=True)
    coordinator_client.post(f"/people/{ani.id}/link")
    db.session.expire_all()
    assert db.session.scalars(sa.select(Link)).one().nonce != first


def test_the_export_is_a_download_of_everything_and_in_the_audit_log(coordinator_client, ani):
    response = coordinator_client.post(f"/people/{ani.id}/export")
    assert response.headers["Content-Disposition"] == f"attachment; filename=person-{ani.id}.json"
    found = json.loads(response.data)
    assert (found["person"]["name"], found["kelurahan"]) == ("Ani Wijaya", "Imopuro")
    assert found["cadre_roles"] == [{"kind": "patbm", "kelurahan": "Imopuro", "active": True}]
    assert actions() == ["person.exported"]


def test_erasing_needs_a_tick_and_then_the_person_is_gone_from_the_list(coordinator_client, ani, budi):
    assert coordinator_client.post(f"/people/{ani.id}/erase").status_code == 422
    assert linked_names(coordinator_client.get("/people").text) == ["Ani Wijaya", "Budi Santoso"]
    assert coordinator_client.post(f"/people/{ani.id}/erase", data={"sure": "y"}).location == "/people"
    assert linked_names(coordinator_client.get("/people").text) == ["Budi Santoso"]
    assert coordinator_client.get(f"/people/{ani.id}/edit").status_code == 410
    assert coordinator_client.post(f"/people/{ani.id}/link").status_code == 410
    assert "Erased on" in coordinator_client.get(f"/people/{ani.id}").get_data(as_text=True)


def test_a_name_with_markup_is_shown_as_text(coordinator_client, office):
    person = a_person("x", post="<script>alert(1)</script>")
    text = coordinator_client.get(f"/people/{person.id}").get_data(as_text=True)
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text


SECRETARY = {
    "assistant_name": "Rina Astuti",
    "assistant_phone": "0812-0000-0001",
    "assistant_email": "rina@example.com",
}


def test_an_adjutant_is_written_with_the_person_shown_and_taken_off_again(coordinator_client, ani):
    assert coordinator_client.post(f"/people/{ani.id}/edit", data=ANI_FORM | SECRETARY).status_code == 302
    page = coordinator_client.get(f"/people/{ani.id}").text
    assert [word in page for word in ("Rina Astuti", "0812-0000-0001", "rina@example.com")] == [True] * 3
    assert 'value="rina@example.com"' in coordinator_client.get(f"/people/{ani.id}/edit").text
    coordinator_client.post(f"/people/{ani.id}/edit", data=ANI_FORM)
    assert db.session.scalars(sa.select(Assistant)).all() == []


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"assistant_name": ""}, "Please write who it is"),
        ({"assistant_phone": "12"}, "12"),
        ({"assistant_email": "rina(at)example"}, "is not an e-mail address"),
    ],
)
def test_a_wrong_adjutant_is_refused_and_nothing_is_stored(coordinator_client, ani, wrong, sentence):
    answer = coordinator_client.post(f"/people/{ani.id}/edit", data=ANI_FORM | SECRETARY | wrong)
    assert (answer.status_code, sentence in answer.text) == (422, True)
    assert db.session.scalars(sa.select(Assistant)).all() == []
