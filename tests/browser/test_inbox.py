"""The pages of received mails and unreachable addresses, in a real Chromium on a phone and on a desktop."""

from dataclasses import replace

import pytest
import sqlalchemy as sa

from outreach.domain.kinds import IncomingKind, IncomingOutcome, Role
from outreach.domain.mail.failures import ChannelTrouble
from outreach.extensions import db
from outreach.models import Channel, Invitation
from outreach.services.activities import publish as publishing
from outreach.services.invitations import invite as inviting
from tests.browser.accessibility import engines
from tests.browser.pages import press
from tests.support.copied import copied
from tests.world import NOW, PASSWORD
from tests.world.incoming import blocked, mail

pytestmark = pytest.mark.browser


@copied
def address_with_mailbox(app, address) -> str:
    """The address of the app, whose office has a mailbox that is read."""
    app.extensions["outreach"] = replace(app.extensions["outreach"], imap_server="imap.example.com")
    return address


@copied
def paths(activity, ani, police, coordinator) -> list[str]:
    """Pages on which a long letter, an unreadable mail, a refused answer and two unreachable addresses are shown."""
    inviting.invite_people([activity.id], [ani.id], Role.CADRE, by=None, now=NOW)
    publishing.publish([activity.id], by=None, now=NOW)
    hers = db.session.scalars(sa.select(Invitation.id)).one()
    letter = mail(person=ani, invitation_id=hers, text="Mohon maaf, saya terlambat.\n" * 60, subject="Undangan " * 20)
    mail(IncomingKind.ANSWER, IncomingOutcome.REFUSED, reason="tentative", person=ani, invitation_id=hers, text="")
    mail(
        IncomingKind.UNREADABLE, reason="broken", subject="", sender_name="",
        sender="alamat.yang.sangat.panjang.sekali.dan.tidak.pernah.berakhir@bagian.dari.domain.yang.panjang.example.com",
    )  # fmt: skip
    blocked(ani.email, reply="550 5.1.1 Recipient address rejected: User unknown in virtual mailbox table " * 3)
    blocked(police.email)
    db.session.add(Channel(name="inbox", trouble=ChannelTrouble.LOGIN, reply="NO wrong password", since_at=NOW))
    db.session.commit()
    return [
        "/incoming", "/incoming?show=all", f"/incoming/{letter.id}", "/incoming/unreachable", f"/people/{ani.id}",
        f"/organisations/{police.id}", f"/activities/{activity.id}/invitees", f"/invitations/{hers}", "/",
    ]  # fmt: skip


def log_in_by_keyboard(page, address: str, email: str) -> None:
    page.goto(address + "/login")
    page.fill("#email", email)
    page.fill("#password", PASSWORD)
    page.press("#password", "Enter")
    page.wait_for_url(address + "/")


@pytest.mark.parametrize("width", [360, 1280])
def test_no_engine_finds_anything_and_nothing_overflows(chromium, address_with_mailbox, paths, coordinator, width):
    context = chromium.new_context(viewport={"width": width, "height": 740}, bypass_csp=True, reduced_motion="reduce")
    page = context.new_page()
    log_in_by_keyboard(page, address_with_mailbox, coordinator.email)
    found = {}
    for path in paths:
        page.goto(address_with_mailbox + path)
        found[path] = engines.violations(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    assert found == {path: {} for path in paths}
    context.close()


def test_a_coordinator_handles_a_letter_on_a_phone_without_script(chromium, address_with_mailbox, paths, coordinator):
    context = chromium.new_context(viewport={"width": 360, "height": 740}, java_script_enabled=False)
    page = context.new_page()
    log_in_by_keyboard(page, address_with_mailbox, coordinator.email)
    page.goto(address_with_mailbox + "/incoming")
    assert page.locator("article.mail").count() == 3
    press(page.locator("article.mail").last.get_by_role("button", name="Handled"))
    assert page.locator("article.mail").count() == 2
    assert page.locator(".alert-success").is_visible()
    context.close()
