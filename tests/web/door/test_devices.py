"""The devices used at doors have a number, and a name if staff give one."""

from outreach.extensions import db
from outreach.models import AuditEntry, Device
from tests.services.door.devices import ONE, scan, send
from tests.support.copied import copied
from tests.web.reading import page, text_of
from tests.world import at, invite_and_publish


@copied
def device(activity, ani, coordinator):
    invite_and_publish(activity, ani, by=coordinator)
    send(activity, coordinator, scan(1, at(18, 8), invitation=99_999), device=ONE)
    return db.session.query(Device).one()


def test_a_device_is_listed_with_its_number_account_and_scans_and_gets_a_name(device, coordinator_client):
    listed = text_of(page(coordinator_client, "/devices"))
    assert "Device 1 1 scan · last used on Monday, 18 January 2027 at 08:00 WIB · Coordinator" in listed
    coordinator_client.post(f"/devices/{device.id}", data={"name": "  HP  Sari "})
    db.session.rollback()
    assert db.session.get(Device, device.id).name == "HP Sari"
    [entry] = db.session.query(AuditEntry).filter_by(action="device.changed")
    assert entry.detail == {"number": 1, "name_given": ["", "HP Sari"]}
    assert "Device 1 · HP Sari" in text_of(page(coordinator_client, "/devices"))


def test_a_name_that_is_too_long_and_a_device_that_is_gone_are_refused(device, coordinator_client):
    long = coordinator_client.post(f"/devices/{device.id}", data={"name": "x" * 61}, follow_redirects=True)
    gone = coordinator_client.post("/devices/999", data={"name": "HP"}, follow_redirects=True)
    assert ("longer than 60 characters" in long.text, "There is no such device." in gone.text) == (True, True)


def test_a_viewer_names_no_device(device, viewer_client):
    assert "Save" not in page(viewer_client, "/devices").partition("<main")[2].partition("</main")[0]
    assert viewer_client.post(f"/devices/{device.id}", data={"name": "HP"}).status_code == 403
