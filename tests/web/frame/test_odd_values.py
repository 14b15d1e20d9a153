"""Values that no page offers but somebody may send: each gets a response quickly."""

import time

import pytest

from outreach.extensions import db
from outreach.models import Activity

pytestmark = pytest.mark.usefixtures("clock_stands")


LONG = "9" * 5000  # more digits than int() accepts
FREE = "/free-times?length=120&first=2027-01-18&last=2027-01-22&venue=any"


HANGS_S = 60  # of work: no speed limit, but a check of each day of a century takes minutes


@pytest.mark.parametrize(
    ("address", "status"),
    [
        (f"/placements/new?programme={LONG}", 200),
        (f"/findings?programme={LONG}", 200),
        (f"{FREE}&not_before=08:00%2B07:00", 422),
        (f"{FREE}&not_after=15:00Z", 422),
        ("/calendar/1/move?starts=0001-01-01T00:00:00&ends=0001-01-01T03:00:00&version=1", 422),
        ("/calendar/1/move?starts=2027-01-18T08:00:00&ends=9999-12-31T23:00:00&version=1", 422),
        ("/calendar/1/move?starts=2027-01-18T08:00:00&ends=2199-12-31T23:00:00&version=1", 422),
        ("/polls/new?slot=0001-01-01,00:00,01:00&slot=9999-12-31,22:00,23:59", 200),
    ],
)
def test_an_odd_address_gets_a_page(any_app, coordinator_client, activity, address, status):
    began = time.process_time()
    assert coordinator_client.get(address).status_code == status
    assert time.process_time() - began < HANGS_S


@pytest.mark.parametrize(
    ("name", "value"),
    [("detour", "sNaN"), ("detour", "Infinity"), ("speed_km_h", "NaN"), ("usual_opens", "07:30+07:00")],
)
def test_odd_numbers_and_hours_are_refused_as_rules(any_app, administrator_client, name, value):
    page = administrator_client.post("/planning-rules", data={name: value})
    assert page.status_code == 422
    assert "Please write" in page.text


@pytest.mark.parametrize("seats", ["0", LONG, "0000000019999999999"])
def test_an_odd_number_of_seats_invites_nobody(any_app, coordinator_client, activity, police, seats):
    fields = {"title": "Rapat", "kind": "coordination", "zone": "Asia/Jakarta", "closes_on": "2027-01-08"}
    slot = {"slots-0-on": "2027-01-18", "slots-0-begins": "08:00", "slots-0-ends": "12:00"}
    made = coordinator_client.post("/polls/new", data={**fields, **slot, "closes_at": "16:00"})
    asked = {"organisation_ids": str(police.id), f"quota-{police.id}": seats, "do": "add"}
    assert coordinator_client.post(made.headers["Location"], data=asked).status_code == 422
    assert coordinator_client.post(f"/activities/{activity.id}/invite/organisations", data=asked).status_code == 422


def test_a_date_a_century_off_is_reported_at_once_and_not_saved(any_app, coordinator_client):
    """Otherwise every planning page would check each of its 36,000 days."""
    fields = {"title": "Rapat", "kind": "other", "zone": "Asia/Jakarta", "on": "2027-01-18", "ends_on": "2127-01-18"}
    began = time.process_time()
    page = coordinator_client.post("/activities/new", data={**fields, "begins": "08:00", "ends": "12:00"})
    assert time.process_time() - began < HANGS_S
    assert page.status_code == 422
    assert "at most 31 days" in page.text
    assert db.session.query(Activity).count() == 0
