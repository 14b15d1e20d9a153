"""Venues in their form and list: their kind and their position on the map."""

import pytest

from outreach.domain.kinds import VenueKind
from outreach.extensions import db
from outreach.models import Venue
from tests.web.reading import fields, text_of


def test_a_venue_has_a_kind_and_a_position(coordinator_client, office):
    data = {"name": "Aula Bappeda", "kind": "hall", "position": "-5.1130, 105.3070", "region_code": ""}
    assert coordinator_client.post("/venues/new", data=data).status_code == 302
    venue = db.session.query(Venue).one()
    assert (venue.kind, venue.latitude, venue.longitude) == (VenueKind.HALL, -5.113, 105.307)
    form = fields(coordinator_client.get(f"/venues/{venue.id}/edit").text)
    assert (form["kind"], form["position"]) == (["hall"], ["-5.113, 105.307"])
    assert "Aula Bappeda Hall" in text_of(coordinator_client.get("/venues").text)


def test_kind_and_position_can_be_changed_and_the_position_removed(coordinator_client, hall):
    address = f"/venues/{hall.id}/edit"
    data = {name: found[0] for name, found in fields(coordinator_client.get(address).text).items()}
    assert coordinator_client.post(address, data=data | {"kind": "office", "position": "-5.1 105.3"}).status_code == 302
    assert (db.session.get_one(Venue, hall.id).kind, hall.latitude) == (VenueKind.OFFICE, -5.1)
    assert coordinator_client.post(address, data=data | {"position": ""}).status_code == 302
    assert db.session.get_one(Venue, hall.id).latitude is None


@pytest.mark.parametrize("position", ["Metro", "-5.1", "-5.1, 105.3, 7", "95.0, 105.3", "1, 181", "-5,113, 105,307"])
def test_an_invalid_position_is_reported(coordinator_client, office, position):
    data = {"name": "Aula Bappeda", "kind": "hall", "position": position, "region_code": ""}
    answer = coordinator_client.post("/venues/new", data=data)
    assert answer.status_code == 422
    assert "Please write the position as a map shows it" in answer.text
    assert db.session.query(Venue).count() == 0
