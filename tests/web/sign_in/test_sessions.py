"""The page of one's devices, the security events, and what somebody reads about their last sign-in."""

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach.domain.kinds import AccountNews
from outreach.domain.sign_in.events import SecurityKind
from outreach.extensions import db
from outreach.models import AccountMail, SecurityEvent, StaffSession, User
from outreach.services.sign_in import alarm
from tests.web.browsers import sign_in
from tests.web.reading import text_of
from tests.world import NOW, log_in

pytestmark = pytest.mark.usefixtures("browsers")


def test_a_user_sees_their_devices_and_signs_one_out(current_app_: Flask, coordinator: User, coordinator_client):
    phone = log_in(current_app_, coordinator)
    html = coordinator_client.get("/account/sign-ins").text
    page, other = text_of(html), db.session.scalar(sa.select(sa.func.max(StaffSession.id)))
    assert ("this device" in page, page.count("Sign out there")) == (True, 2)  # a button, and in the advice
    assert (f'action="/account/sign-ins/{other}/end"' in html, "/users/" in html) == (True, False)
    coordinator_client.post(f"/account/sign-ins/{other}/end")
    assert [client.get("/").status_code for client in (phone, coordinator_client)] == [302, 200]


def test_nobody_ends_a_session_of_another_account_but_an_administrator(
    current_app_: Flask, coordinator: User, coordinator_client, viewer_client, administrator_client
):
    theirs = db.session.scalar(sa.select(StaffSession.id).where(StaffSession.user_id == coordinator.id))
    viewer_client.post(f"/account/sign-ins/{theirs}/end")
    assert viewer_client.post(f"/users/{coordinator.id}/sign-ins/end-all").status_code == 403
    assert coordinator_client.get("/").status_code == 200
    page = administrator_client.get(f"/users/{coordinator.id}/sign-ins").text
    assert f'action="/users/{coordinator.id}/sign-ins/{theirs}/end"' in page
    assert f'action="/users/{coordinator.id}/sign-ins/end-all"' in page
    administrator_client.post(f"/users/{coordinator.id}/sign-ins/end-all")
    assert coordinator_client.get("/").status_code == 302


def test_everybody_signs_out_on_all_other_devices(current_app_: Flask, viewer: User, viewer_client):
    phone = log_in(current_app_, viewer)
    viewer_client.post("/account/sign-ins/end-others")
    assert [client.get("/").status_code for client in (phone, viewer_client)] == [302, 200]


def test_somebody_who_signs_in_reads_when_they_last_did_and_a_new_device_is_told_by_mail(app: Flask, coordinator: User):
    client, _ = sign_in(app, coordinator.email)
    assert "You last signed in" not in client.get("/account").text  # type: ignore[attr-defined]
    assert db.session.scalar(sa.select(AccountMail.message_id)) is None
    sign_in(app, coordinator.email, "bukan-ini")
    phone, _ = sign_in(app, coordinator.email)
    page = text_of(phone.get("/account").text)  # type: ignore[attr-defined]
    assert "You last signed in on Monday, 4 January 2027 at 08:00 WIB." in page
    assert "Since then a wrong password was given 1 time." in page
    mail = db.session.scalars(sa.select(AccountMail)).one()
    assert (mail.news, mail.facts["network_address"]) == (AccountNews.NEW_DEVICE, "127.0.0.1")


def test_administrators_see_filter_and_download_security_events(
    any_app: Flask, administrator_client, coordinator: User
):
    db.session.add_all([
        SecurityEvent(at=NOW, kind=SecurityKind.SIGNED_IN, user_id=coordinator.id, network_address="192.0.2.7",
                      browser="Chrome", system="Android", detail={"via": ["password"], "stays": False}),
        SecurityEvent(at=NOW, kind=SecurityKind.ROLE_CHANGED, user_id=coordinator.id, detail={"by": None, "role": "viewer"}),
        *(SecurityEvent(at=NOW, kind=SecurityKind.SIGN_IN_FAILED, network_address="192.0.2.66") for _ in range(alarm.FROM)),
    ])  # fmt: skip
    db.session.commit()
    page = text_of(administrator_client.get("/security-events").text)
    assert all(word in page for word in ("Chrome on Android", "192.0.2.7", "Role changed", "by command line; Viewer"))
    failures = administrator_client.get("/security-events?kind=failures").text.partition("<tbody>")[2]
    assert ("Wrong password" in failures, "Role changed" in failures) == (True, False)
    only = administrator_client.get("/security-events?from_address=192.0.2.7").text.partition("<tbody>")[2]
    assert ("Chrome on Android" in only, "192.0.2.66" in only) == (True, False)
    assert administrator_client.get("/security-events?kind=horse&from=x").status_code == 200
    file = administrator_client.get("/security-events?file=csv&from_address=192.0.2.7").text
    assert ("Chrome on Android" in file, "192.0.2.66" in file) == (True, False)
    assert f"Within the last hour, {alarm.FROM} tries to sign in failed." in administrator_client.get("/").text
    db.session.rollback()
    assert SecurityKind.EXPORTED in set(db.session.scalars(sa.select(SecurityEvent.kind)))


def test_only_administrators_see_security_events(coordinator_client):
    assert coordinator_client.get("/security-events").status_code == 403
    db.session.rollback()
    found = db.session.scalars(sa.select(SecurityEvent)).one()
    assert (found.kind, found.detail) == (SecurityKind.FORBIDDEN, {"page": "securityevents.index"})
