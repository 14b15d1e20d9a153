"""Letters written by people are shown beside their invitation; automatic mails are ignored."""

from outreach.delivery import tokens
from outreach.domain.answers import Choice, Representative
from outreach.domain.kinds import IncomingKind, Role
from outreach.domain.mail.incoming import IncomingReason
from outreach.extensions import db
from outreach.services.activities import publish as publishing
from outreach.services.answers import answer as answering
from outreach.services.invitations import links
from outreach.services.reminders import tick as reminding
from tests.services.inbox.inbox_help import IGNORED, TO_READ, first_invitation_of, result, sent_to
from tests.world import NOW, at, draft_activity, invite, invite_and_publish
from tests.world import mail_samples as samples
from tests.world.mail_samples import letter


def test_anis_letter_is_shown_beside_the_invitation_it_answers(programme, hall, activity, ani, arrives):
    invite_and_publish(activity, ani)
    message = sent_to(ani)
    invite_and_publish(draft_activity(programme, hall, 12), ani)
    mail = arrives(letter(original=message.rfc_message_id, sender="ani.pribadi@example.net"))
    assert (mail.kind, *result(mail)) == (IncomingKind.LETTER, TO_READ, "")
    assert (mail.text, mail.sender) == ("Apakah boleh membawa anak?", "ani.pribadi@example.net")
    assert (mail.message_id, mail.person_id, mail.invitation.activity_id) == (message.id, ani.id, activity.id)
    assert not mail.guessed


def test_a_letter_that_answers_nothing_is_shown_beside_its_senders_next_invitation(
    programme, hall, activity, ani, arrives
):
    invite_and_publish(activity, ani)
    next_one = invite_and_publish(draft_activity(programme, hall, 12), ani)
    first = arrives(letter(original=""))
    assert (first.invitation.activity_id, first.guessed) == (next_one.id, True)
    later = arrives(letter(original="", message_id="<2@example.com>"), now=at(13))
    assert later.invitation.activity_id == activity.id


def test_one_of_several_invitations_in_a_mail_is_only_a_guess(programme, hall, activity, ani, arrives):
    both = [activity, draft_activity(programme, hall, 12)]
    for meeting in both:
        invite(meeting, ani)
    publishing.publish([meeting.id for meeting in both], by=None, now=NOW)
    reminding.tick(NOW)
    mail = arrives(letter(original=sent_to(ani).rfc_message_id))
    assert (mail.invitation.activity.starts_at.day, mail.guessed) == (12, True)


def test_a_strangers_letter_is_shown_too(activity, ani, arrives):
    mail = arrives(letter(sender="x@example.net", original="<99.1@example.com>"))
    assert (result(mail), mail.person_id, mail.invitation_id) == ((TO_READ, ""), None, None)


def test_out_of_office_and_our_own_mails_are_ignored(activity, ani, arrives):
    invite_and_publish(activity, ani)
    assert result(arrives(samples.out_of_office())) == (IGNORED, "")
    own = arrives(letter(sender="undangan@example.com"))
    assert result(own) == (IGNORED, IncomingReason.OWN)


def test_a_letter_from_a_group_address_is_read_if_it_answers_us_or_its_sender_is_known(activity, ani, arrives):
    invite_and_publish(activity, ani)
    message = sent_to(ani)
    by_list = b"List-Id: <kader.example.com>\r\nPrecedence: list\r\n"
    mail = arrives(by_list + letter(original=message.rfc_message_id, sender="bersama@example.net"))
    assert (mail.kind, *result(mail), mail.message_id) == (IncomingKind.LETTER, TO_READ, "", message.id)
    mail = arrives(by_list + letter(original="", message_id="<2@example.com>"))
    assert (mail.kind, *result(mail), mail.person_id) == (IncomingKind.LETTER, TO_READ, "", ani.id)
    mail = arrives(by_list + letter(original="", sender="berita@example.net", message_id="<3@example.com>"))
    assert (mail.kind, *result(mail)) == (IncomingKind.AUTOMATIC, IGNORED, "")


def test_a_representatives_letter_is_shown_beside_the_invitation_they_represent(activity, chief, arrives):
    invite_and_publish(activity, chief, role=Role.SPEAKER)
    token = tokens.token(links.link_for(db.session, chief))
    rina = Representative("Rina", email="Rina@example.com")
    answering.answer(token, activity.id, Choice.REPRESENTED, rina, now=at(5, 7))
    mail = arrives(letter(original="", sender="rina@example.com"))
    assert (mail.kind, *result(mail)) == (IncomingKind.LETTER, TO_READ, IncomingReason.REPRESENTATIVE)
    assert (mail.invitation_id, mail.person_id) == (first_invitation_of(chief).id, chief.id)
    own = arrives(letter(original="", sender="kapolres@example.com"))
    assert (result(own), own.person_id) == ((TO_READ, ""), chief.id)
