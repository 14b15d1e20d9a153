"""The pages of organisations and venues."""

import pytest
import sqlalchemy as sa

from outreach.domain.kinds import Sector
from outreach.extensions import db
from outreach.models import Organisation, Person, Venue
from tests.web.reading import linked_names

POLICE = {
    "name": "Polres Metro",
    "short_name": "",
    "sector": "police",
    "region_code": "",
    "email": "polres@example.com",
    "phone": "0725-41122",
    "address": "",
    "locale": "id",
}
HALL = {"name": "Aula Bappeda", "capacity": "100", "address": "Jl. Jenderal Sudirman", "region_code": "", "note": ""}


def test_an_organisation_is_added_shown_and_found(coordinator_client, office):
    response = coordinator_client.post("/organisations/new", data=POLICE)
    police = db.session.scalars(sa.select(Organisation)).one()
    assert (response.location, police.phone, police.sector) == (
        f"/organisations/{police.id}",
        "+6272541122",
        Sector.POLICE,
    )
    assert coordinator_client.get(response.location).status_code == 200
    for query, found in (("", 1), ("?q=polres", 1), ("?q=kodim", 0), ("?sector=school", 0), ("?no_address=1", 0)):
        assert len(linked_names(coordinator_client.get(f"/organisations{query}").text)) == found


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"name": " "}, "Please write the organisation&#39;s name, such as Polres Metro."),
        ({"sector": ""}, "Please choose its sector."),
        ({"sector": "circus"}, "Please choose one from the list."),
        ({"email": "polres@example,com"}, "Is it perhaps polres@example.com?"),
        ({"phone": "abc"}, "“abc” is not a phone number."),
        ({"region_code": "1"}, "Please choose one from the list."),
    ],
)
def test_bad_input_gets_a_message_and_changes_nothing(coordinator_client, wrong, sentence):
    response = coordinator_client.post("/organisations/new", data={**POLICE, "address": "Jl. Nasution", **wrong})
    text = response.get_data(as_text=True)
    assert response.status_code == 422
    assert sentence in text
    assert 'value="Jl. Nasution"' in text
    assert db.session.scalar(sa.select(Organisation)) is None


def test_a_name_is_unique_ignoring_case(coordinator_client, police):
    response = coordinator_client.post("/organisations/new", data={**POLICE, "name": "POLRES METRO"})
    assert response.status_code == 422
    assert "“Polres Metro” is in the list already." in response.get_data(as_text=True)
    assert coordinator_client.post(f"/organisations/{police.id}/edit", data=POLICE).status_code == 302


def test_an_organisations_reminders_and_link(coordinator_client, police):
    coordinator_client.post(f"/organisations/{police.id}/reminders/stop")
    coordinator_client.post(f"/organisations/{police.id}/link")
    text = coordinator_client.get(f"/organisations/{police.id}").get_data(as_text=True)
    assert "Send reminders again" in text
    assert "http://localhost/j/" in text


def test_an_organisations_secretary_is_written_and_shown(coordinator_client, police):
    secretary = {"assistant_name": "Dewi Lestari", "assistant_email": "dewi@example.com"}
    assert coordinator_client.post(f"/organisations/{police.id}/edit", data=POLICE | secretary).status_code == 302
    page = coordinator_client.get(f"/organisations/{police.id}").text
    assert [word in page for word in ("Dewi Lestari", "dewi@example.com")] == [True, True]


def test_an_organisations_page_lists_its_people(viewer_client, chief, police):
    assert linked_names(viewer_client.get(f"/organisations/{police.id}").text) == ["Kapolres Metro"]


def test_the_lists_take_as_many_queries_for_300_rows_as_for_three(viewer_client, queries, office):
    def add(start, count):
        for n in range(start, start + count):
            organisation = Organisation(name=f"Kantor {n}", sector=Sector.OTHER, region_code="18.72.01.1003")
            db.session.add(organisation)
            db.session.add(Venue(name=f"Aula {n}", region_code="18.72.01.1003"))
            db.session.add(Person(name=f"Orang {n}", organisation=organisation))
        db.session.commit()

    def both():
        return [queries(lambda p=path: viewer_client.get(p)) for path in ("/organisations", "/venues")]

    add(0, 3)
    both()
    few = both()
    add(3, 297)
    assert both() == few


def test_a_venue_is_added_listed_and_corrected(coordinator_client, office):
    assert coordinator_client.post("/venues/new", data=HALL).location == "/venues"
    hall = db.session.scalars(sa.select(Venue)).one()
    assert linked_names(coordinator_client.get("/venues?q=bappeda").text) == ["Aula Bappeda"]
    coordinator_client.post(f"/venues/{hall.id}/edit", data={**HALL, "capacity": ""})
    db.session.expire_all()
    assert hall.capacity is None


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"name": ""}, "Please write the venue&#39;s name, such as Aula Bappeda."),
        ({"capacity": "0"}, "Please write a number from 1 to 100000."),
        ({"capacity": "many"}, "Please write a whole number, such as 40."),
    ],
)
def test_a_venue_with_bad_input_is_not_stored(coordinator_client, wrong, sentence):
    response = coordinator_client.post("/venues/new", data={**HALL, **wrong})
    assert response.status_code == 422
    assert sentence in response.get_data(as_text=True)
    assert db.session.scalar(sa.select(Venue)) is None


def test_a_venues_name_is_unique(coordinator_client, hall):
    response = coordinator_client.post("/venues/new", data={**HALL, "name": "aula bappeda"})
    assert response.status_code == 422
    assert "“Aula Bappeda” is in the list already." in response.get_data(as_text=True)


def test_a_viewer_may_read_and_not_change(viewer_client, police, hall):
    for path in (f"/organisations/{police.id}", "/organisations", "/venues"):
        assert viewer_client.get(path).status_code == 200
    for path in ("/organisations/new", f"/organisations/{police.id}/edit", "/venues/new", f"/venues/{hall.id}/edit"):
        assert viewer_client.get(path).status_code == 403


def test_an_unknown_record_gives_a_not_found_page(coordinator_client):
    for path in ("/organisations/9", "/organisations/9/edit", "/venues/9/edit"):
        assert coordinator_client.get(path).status_code == 404
