"""What devices send from the door: JSON of staff who may change something, of a bounded size, answered scan by scan."""

import json

import pytest

from outreach.extensions import db
from outreach.models import Person, Scan
from outreach.services.door.batch import MOST_BYTES
from tests.world import at, count, draft_activity, invitation_of, invite, publish, stop_clock

KEY = "device-one-0123456789a"


@pytest.fixture
def today(programme, hall, ani, budi, coordinator, monkeypatch):
    stop_clock(monkeypatch, at(4, 8))
    activity = draft_activity(programme, hall)
    invite(activity, ani, budi, by=coordinator)
    publish(activity, by=coordinator, tick=False)
    activity.starts_at, activity.ends_at = at(4, 9), at(4, 12)
    activity.registration_at = activity.respond_by_at = at(4, 9)
    db.session.commit()
    return activity


def path(activity):
    return f"/activities/{activity.id}/door/scans"


def a_batch(*scans):
    return {"device": KEY, "clock_ms": round(at(4, 8).timestamp() * 1000), "scans": list(scans)}


def a_scan(number, invitation, **said):
    return {"number": number, "at_ms": round(at(4, 7, 50).timestamp() * 1000), "how": "name", "action": "in"} | (
        {"invitation": invitation} | said
    )


def test_each_scan_has_an_answer_with_its_name_and_the_sums_follow(today, ani, coordinator_client):
    ids = invitation_of(today, ani).id
    sent = a_batch(a_scan(1, ids), a_scan(2, ids), a_scan(3, 99_999))
    answer = coordinator_client.post(path(today), json=sent)
    assert answer.get_json() == {
        "device": 1, "next": 4, "expected": 0, "present": 1,
        "scans": [
            {"number": 1, "outcome": "present", "sentence": "", "counted": True, "invitation": ids, "name": "Ani Wijaya",
             "earlier": None},
            {"number": 2, "outcome": "already", "sentence": "", "counted": True, "invitation": ids, "name": "Ani Wijaya",
             "earlier": {"device": 1, "time": "07:50"}},
            {"number": 3, "outcome": "unknown", "sentence": "Nobody is invited by this any more.", "counted": False,
             "invitation": None, "name": "", "earlier": None},
        ],
    }  # fmt: skip
    assert coordinator_client.post(path(today), json=sent).get_json() == answer.get_json()
    assert count(Scan) == 3


def test_a_batch_without_scans_tells_a_device_its_number(today, coordinator_client):
    found = coordinator_client.post(path(today), json=a_batch()).get_json()
    assert (found["device"], found["next"], found["scans"]) == (1, 1, [])


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[" * 100_000, b'{"device": 1}', b"\xff\xfe", b'{"a": ' + b"9" * 5000 + b"}"]
)
def test_a_body_that_cannot_be_read_is_refused_with_a_sentence(today, coordinator_client, body):
    answer = coordinator_client.post(path(today), data=body, content_type="application/json")
    assert (answer.status_code, count(Scan)) == (422, 0)
    assert answer.get_json() == {"error": "The device sent something that cannot be read. Load the page again."}


def test_a_body_that_is_too_large_is_refused_unread(today, coordinator_client):
    body = json.dumps(a_batch({"number": 1, "code": "x" * MOST_BYTES}))
    assert coordinator_client.post(path(today), data=body, content_type="application/json").status_code == 413


def test_invisible_characters_do_not_reach_the_database(today, coordinator_client):
    person = {"name": "Wati\x00\u202e Lestari\ud800", "region": "", "sex": "", "age_group": ""}
    sent = a_batch({**a_scan(1, None, how="walk_in"), "person": person})
    assert coordinator_client.post(path(today), json=sent).get_json()["scans"][0]["outcome"] == "present"
    assert db.session.query(Person).filter_by(name="Wati Lestari").count() == 1


def test_a_viewer_writes_nothing(today, ani, viewer_client):
    sent = a_batch(a_scan(1, invitation_of(today, ani).id))
    assert (viewer_client.post(path(today), json=sent).status_code, count(Scan)) == (403, 0)


def test_a_device_whose_user_is_signed_out_is_told_so(current_app_, office):
    client = current_app_.test_client()
    answer = client.post("/activities/1/door/scans", json=a_batch(), headers={"HX-Request": "true"})
    assert answer.status_code == 401


def test_an_activity_that_is_gone_is_not_found(coordinator_client):
    assert coordinator_client.post("/activities/999/door/scans", json=a_batch()).status_code == 404
