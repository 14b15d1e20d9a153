"""After the door on a phone: what does not agree is settled, and the signed list is compared with the ticks."""

import pytest

from outreach import clock
from outreach.domain.states import InvitationState
from outreach.extensions import db
from outreach.models import Activity, User
from outreach.services.door import batch
from outreach.services.door.receive import receive
from tests.browser.pages import PHONE, holds, log_in
from tests.services.door.devices import ONE, TWO, ms, scan
from tests.world import fresh, invitation_of, set_state, uploads

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("default_rules")]


def send(activity_id, by_id, device, *scans):
    now = clock.now()
    sent = batch.read({"device": device, "clock_ms": ms(now), "scans": [one(now) for one in scans]})
    receive(activity_id, sent, by=db.session.get_one(User, by_id), now=now)
    db.session.commit()


def test_staff_settle_what_does_not_agree_compare_the_signed_list_and_merge_who_walked_in(
    running_today, ani, budi, coordinator, chromium, whole
):
    set_state(running_today, InvitationState.COMING, ani, budi)
    activity_id, by_id = running_today.id, coordinator.id
    anis, budis = invitation_of(running_today, ani).id, invitation_of(running_today, budi).id
    page = chromium.new_context(own_clock=True, viewport=PHONE, reduced_motion="reduce").new_page()
    log_in(page, whole, coordinator.email)
    page.goto(f"{whole}/activities/{activity_id}/attendance")
    page.get_by_text("0 there, 2 expected").wait_for()
    send(activity_id, by_id, ONE, lambda now: scan(1, now, invitation=anis), lambda now: scan(2, now, invitation=budis))
    send(activity_id, by_id, TWO, lambda now: scan(1, now, invitation=anis, action="undo"))
    page.get_by_text("1 person to look at").wait_for()  # without loading the page again
    assert page.get_by_text("1 there, 2 expected").is_visible()

    page.get_by_text("1 person to look at").click()
    page.reload()
    holds(page, PHONE["width"])
    page.get_by_role("button", name="Was there Ani Wijaya").click()
    page.get_by_text("Ani Wijaya was there.").wait_for()
    assert fresh(invitation_of(db.session.get_one(Activity, activity_id), ani)).attendance.present

    page.get_by_role("link", name="Signed list").click()
    photo = {"name": "daftar.png", "mimeType": "image/png", "buffer": uploads.png(width=40, height=60)}
    page.get_by_label("Photo or scan of the signed list").set_input_files(photo)
    page.get_by_role("button", name="Upload").click()
    page.get_by_role("img", name="Signed list: daftar.png").wait_for()
    page.get_by_label("1. Ani Wijaya").check()
    page.get_by_role("button", name="Save who signed").click()
    page.get_by_role("heading", name="Ticked, and not signed").wait_for()
    holds(page, PHONE["width"])
    page.get_by_role("button", name="Take over: was not there Budi Santoso").click()
    page.get_by_text("1 change is saved.").wait_for()
    assert not page.get_by_role("heading", name="Differences").is_visible()

    send(activity_id, by_id, ONE, lambda now: scan(3, now, how="walk_in", person={"name": "Ani Wijaya"}))
    page.goto(f"{whole}/walk-ins")
    holds(page, PHONE["width"])
    page.get_by_role("button", name="Merge Ani Wijaya").click()
    page.get_by_text("Merged: Ani Wijaya was there.").wait_for()
    page.goto(f"{whole}/activities/{activity_id}")
    page.get_by_text("By kelurahan and sector").click()
    holds(page, PHONE["width"])
