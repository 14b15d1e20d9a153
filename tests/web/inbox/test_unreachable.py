"""People that mail does not reach, as a coordinator sees them: the reason, what they would miss, and what to do."""

from outreach.domain.kinds import IncomingKind, IncomingOutcome, MailKind
from outreach.domain.mail.address_faults import AddressFault
from outreach.domain.states import MessageState
from outreach.extensions import db
from outreach.models import Message
from tests.web.reading import page
from tests.world import NOW, at
from tests.world.incoming import blocked, mail


def test_unreachable_people_are_listed_with_a_plain_reason_and_what_they_would_miss(
    anis_invitation_id, ani, activity, coordinator_client
):
    blocked(ani.email, fault=AddressFault.UNKNOWN)
    shown = page(coordinator_client, "/incoming/unreachable")
    assert "This address does not exist. Perhaps it was mistyped." in shown
    assert f'<a href="/activities/{activity.id}">{activity.title}</a>' in shown
    assert "This address does not exist." in page(coordinator_client, f"/people/{ani.id}")


def test_allowing_an_address_again_says_that_nothing_is_sent_again(anis_invitation_id, ani, police, coordinator_client):
    for address, path, data in (
        (ani.email, "/incoming/unreachable", {"address": ani.email}),
        (ani.email, f"/people/{ani.id}/address", {}),
        (police.email, f"/organisations/{police.id}/address", {}),
    ):
        blocked(address)
        assert "is not sent again by itself" in coordinator_client.post(path, data=data, follow_redirects=True).text


def test_a_mail_to_a_blocked_address_cannot_be_sent_again_from_its_page(anis_invitation_id, ani, coordinator_client):
    message = Message(
        person=ani, kind=MailKind.INVITATION, local_day=NOW.date(), due_at=NOW, expires_at=at(18),
        state=MessageState.FAILED, address=ani.email,
    )  # fmt: skip
    db.session.add(message)
    db.session.commit()
    assert "Send again" in page(coordinator_client, f"/messages/{message.id}")
    blocked(ani.email)
    shown = page(coordinator_client, f"/messages/{message.id}")
    assert ("Send again" in shown, f"No mail arrives at {ani.email}." in shown) == (False, True)


def test_a_report_s_page_says_that_mail_there_has_stopped(ani, coordinator_client):
    report = mail(IncomingKind.BOUNCE, IncomingOutcome.APPLIED, person=ani).id
    assert "No mail arrives at" not in page(coordinator_client, f"/incoming/{report}")
    blocked(ani.email, fault=AddressFault.CLOSED)
    shown = page(coordinator_client, f"/incoming/{report}")
    assert f"No mail arrives at {ani.email}." in shown
    assert "This mailbox takes no mail any more. Please ask for another address." in shown
