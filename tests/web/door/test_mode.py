"""What door mode gives a device: a page that names nobody, a list without names, and a search with names."""

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256

import pytest

from outreach.delivery import door_codes
from outreach.domain.answers import Choice, Representative
from outreach.domain.door.codes import parse
from outreach.domain.states import InvitationState
from outreach.extensions import db
from outreach.queries.door import manifest
from outreach.services.door import batch, codes
from outreach.services.door.receive import receive
from tests.world import answer, at, invitation_of, invite, publish, set_state, stop_clock


@pytest.fixture
def invited(activity, ani, budi, monkeypatch):
    publish(activity, tick=False)
    invite(activity, ani, budi)
    set_state(activity, InvitationState.COMING, ani, budi)
    stop_clock(monkeypatch, at(18, 7))
    return invitation_of(activity, ani)


def ms(instant):
    return round(instant.timestamp() * 1000)


def list_of(client, activity):
    answered = client.get(f"/activities/{activity.id}/door/list")
    assert answered.headers["Cache-Control"] == "private, no-store"
    return answered.json


def test_the_list_has_no_name_no_phone_and_no_address(coordinator_client, invited, activity, ani, budi):
    found = list_of(coordinator_client, activity)
    assert [(one["name"], one["place"]) for one in found["people"]] == [("A. W.", "Imopuro"), ("B. S.", "Yosodadi")]
    for hidden in ("Ani", "Wijaya", "Budi", ani.phone, ani.email, "@", "+62"):
        assert not hidden or hidden not in json.dumps(found)
    assert (found["expected"], found["present"]) == (2, 0)
    assert found["until_ms"] == at(19, 0).timestamp() * 1000


def test_a_device_knows_a_code_and_a_name_by_their_fingerprints(coordinator_client, invited, activity):
    found = list_of(coordinator_client, activity)
    key = urlsafe_b64decode(found["key"])

    def print_of(what):
        return urlsafe_b64encode(hmac.digest(key, what, sha256)[:9]).decode()

    code, _signature = parse(codes.code_of(db.session(), invited))
    (ani, _budi) = found["people"]
    assert ani["code"] == print_of(code._replace(key_id=0).signed())
    assert print_of(b"wijaya") in ani["words"]
    assert found["verify"] == {str(key_id): public for key_id, public in door_codes.public_keys().items()}


def test_the_list_says_since_when_and_on_which_device_somebody_is_present(
    coordinator_client, coordinator, invited, activity
):
    code = codes.code_of(db.session(), invited)
    scan = {"number": 1, "at_ms": ms(at(18, 8, 14)), "how": "qr", "action": "in", "code": code}
    sent = {"device": "a" * 22, "clock_ms": ms(at(18, 8, 15)), "scans": [scan]}
    receive(activity.id, batch.read(sent), by=coordinator, now=at(18, 8, 15))
    ani, budi = list_of(coordinator_client, activity)["people"]
    assert (ani["present"], ani["at"], ani["device"]) == (True, ms(at(18, 8, 14)), 1)
    assert (budi["present"], budi["at"], budi["device"]) == (False, 0, 0)


def test_who_acts_stands_in_the_list_with_their_own_code(coordinator_client, invited, activity, ani):
    before = list_of(coordinator_client, activity)["people"][0]
    answer(activity, ani, Choice.REPRESENTED, representative=Representative("Rina Sari"))
    after = next(one for one in list_of(coordinator_client, activity)["people"] if one["id"] == before["id"])
    assert (before["name"], after["name"]) == ("A. W.", "R. S.")
    assert before["code"] != after["code"]


def test_each_activity_has_a_key_of_its_own(app):
    assert manifest.list_key(1) != manifest.list_key(2)


def test_two_letters_find_people_with_their_names(coordinator_client, invited, activity):
    def find(q):
        return coordinator_client.get(f"/activities/{activity.id}/door/people", query_string={"q": q}).json["people"]

    assert [(one["name"], one["present"]) for one in find("wi")] == [("Ani Wijaya", False)]
    assert find("w") == []


def test_the_page_names_nobody_and_may_use_the_camera_and_webassembly(coordinator_client, invited, activity):
    page = coordinator_client.get(f"/activities/{activity.id}/door")
    assert "Ani Wijaya" not in page.text
    assert page.headers["Permissions-Policy"] == "camera=(self), microphone=(), geolocation=()"
    assert page.headers["Content-Security-Policy"].endswith("; script-src 'self' 'wasm-unsafe-eval'")
    other = coordinator_client.get(f"/activities/{activity.id}")
    assert "camera=()" in other.headers["Permissions-Policy"]
    assert "wasm" not in other.headers["Content-Security-Policy"]


@pytest.mark.parametrize(("now", "is_over"), [(at(18, 23, 59), False), (at(19, 0), True)])
def test_after_the_last_day_the_page_only_sends_what_waits(
    coordinator_client, invited, activity, monkeypatch, now, is_over
):
    stop_clock(monkeypatch, now)
    page = coordinator_client.get(f"/activities/{activity.id}/door").text
    assert ((" data-over" in page), ('<div id="over" hidden>' not in page)) == (is_over, is_over)


@pytest.mark.parametrize("path", ["door", "door/list", "door/people?q=ani"])
def test_a_viewer_has_no_door_mode(viewer_client, invited, activity, path):
    assert viewer_client.get(f"/activities/{activity.id}/{path}").status_code == 403
