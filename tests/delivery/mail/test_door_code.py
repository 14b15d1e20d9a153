"""The code for the door in mails: who comes gets a picture and its address, small, and nobody else gets one."""

import re

import pytest

from outreach.delivery import door_codes
from outreach.delivery.mail import kept
from outreach.delivery.mail.compose import compose
from outreach.domain.kinds import MailKind
from outreach.domain.states import InvitationState
from outreach.extensions import db
from outreach.services.door import codes
from tests.support.copied import copied
from tests.world import NOW, draft_activity
from tests.world.barcodes import read_from_png
from tests.world.composed import dewi, html_of, line, mail_of, message_of, parsed, published_invitation, text_of


@copied
def coming(activity, ani):
    return published_invitation(activity, ani, state=InvitationState.COMING)


def pictures(mail):
    return [part for part in mail.walk() if part.get_content_type() == "image/png"]


def shown(mail):
    """Return the addresses in a mail's pictures, after checking that text and HTML name each of them."""
    found = [address for part in pictures(mail) for address in read_from_png(part.get_payload(decode=True))]
    for address in found:
        assert address in text_of(mail)
        assert address in html_of(mail)
    return found


def test_the_confirmation_that_somebody_comes_has_their_code_as_a_picture_and_as_text(coming):
    mail = mail_of(line(coming, MailKind.CONFIRMATION))
    address = door_codes.address_of(codes.code_of(db.session(), coming))
    assert shown(mail) == [address]
    (part,) = pictures(mail)
    assert f'src="cid:{part["Content-ID"].strip("<>")}"' in html_of(mail)
    assert part.get_content_disposition() == "inline"
    assert len(mail.as_bytes()) < 20_000


@pytest.mark.parametrize("state", [InvitationState.NOT_COMING, InvitationState.REPRESENTED])
def test_who_does_not_come_themselves_gets_no_code(activity, ani, state):
    acting = {"acting": dewi()} if state is InvitationState.REPRESENTED else {}
    invitation = published_invitation(activity, ani, state=state, **acting)
    assert pictures(mail_of(line(invitation, MailKind.CONFIRMATION))) == []


def test_a_reminder_has_no_picture(coming):
    assert pictures(mail_of(line(coming, MailKind.REMINDER))) == []


def test_who_acts_gets_a_code_of_their_own(activity, ani):
    invitation = published_invitation(activity, ani, state=InvitationState.REPRESENTED, acting=dewi())
    mail = mail_of(line(invitation, MailKind.APPOINTMENT), to_representative=True)
    (address,) = shown(mail)
    assert codes.judge(db.session(), address, NOW) == (invitation, None)


def test_a_mail_about_two_activities_has_a_code_for_each(coming, programme, hall, ani):
    other = published_invitation(draft_activity(programme, hall, 19), ani, state=InvitationState.COMING)
    found = shown(mail_of(line(coming, MailKind.CONFIRMATION), line(other, MailKind.CONFIRMATION)))
    assert [codes.judge(db.session(), address, NOW).invitation for address in found] == [coming, other]


def test_a_kept_mail_holds_neither_the_code_nor_its_picture(coming):
    message = message_of(line(coming, MailKind.CONFIRMATION))
    data = compose(message, message.lines, now=NOW).data
    code = codes.code_of(db.session(), coming)
    mail = kept.mail_of(kept.kept(data).data)
    assert shown(parsed(data)) == [door_codes.address_of(code)]
    assert code[:20].encode() not in re.sub(rb"=\r\n|\r\n ", b"", mail.as_bytes())
    assert [part.get_payload(decode=True) for part in pictures(mail)] == [b""]
    assert "/k/" + "x" * len(code) in text_of(mail)
