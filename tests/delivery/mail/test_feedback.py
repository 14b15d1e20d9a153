"""The mail that thanks those who were there asks for feedback, with a button to their own page."""

from outreach.delivery import tokens
from outreach.domain.kinds import Audience, MailKind
from outreach.domain.states import InvitationState
from outreach.extensions import db
from outreach.models import FeedbackQuestions
from tests.support.copied import copied
from tests.world import at, token_of
from tests.world.composed import dewi, html_of, line, mail_of, published_invitation, text_of


@copied
def coming(activity, ani):
    return published_invitation(activity, ani, state=InvitationState.COMING)


def thanks(invitation, audience=Audience.PRESENT, **values):
    return mail_of(line(invitation, MailKind.THANKS, audience, due_at=at(19)), now=at(19), **values)


def test_who_was_there_is_asked_with_a_link_to_their_own_page(coming, ani):
    mail = thanks(coming)
    address = f"/j/{token_of(ani)}/feedback/{coming.activity_id}"
    assert f"Beri umpan balik: http://localhost{address}" in text_of(mail)
    assert address in html_of(mail)


def test_who_came_in_their_place_gets_a_link_of_their_own(activity, ani):
    invitation = published_invitation(activity, ani, state=InvitationState.REPRESENTED, acting=dewi())
    token = tokens.acting_token(invitation.acting.nonce)
    assert f"/j/{token}/feedback/{activity.id}" in text_of(thanks(invitation, to_representative=True))


def test_who_was_not_there_is_not_asked(coming):
    assert "/feedback/" not in text_of(thanks(coming, Audience.ABSENT))


def test_no_other_mail_asks(coming):
    for kind in (MailKind.REMINDER, MailKind.CHANGE, MailKind.CONFIRMATION):
        assert "/feedback/" not in text_of(mail_of(line(coming, kind)))


def test_an_activity_about_which_the_office_does_not_ask_is_thanked_for_only(coming):
    db.session.add(FeedbackQuestions(activity_id=coming.activity_id, asked=False))
    db.session.commit()
    assert "/feedback/" not in text_of(thanks(coming))
