"""Calendar replies that pass an invitation on (RFC 5546, 3.2.2.3), and those of whoever acts for the invitee."""

from outreach.delivery import tokens
from outreach.domain.answers import Choice, Representative
from outreach.domain.kinds import AnswerSource, IncomingOutcome, NamedBy, Role
from outreach.domain.mail.incoming import IncomingReason
from outreach.domain.states import InvitationState
from outreach.extensions import db
from outreach.services.answers import acting
from outreach.services.answers import answer as answering
from tests.services.inbox.inbox_help import APPLIED, IGNORED, TO_READ, confirmations, first_invitation_of, result
from tests.support.copied import copied
from tests.world import at, invite_and_publish, token_of
from tests.world.mail_samples import Answer, gmail
from tests.world.mails import mails


@copied
def invited(activity, chief):
    return invite_and_publish(activity, chief, role=Role.SPEAKER)


def delegating(activity, to="rina@example.com", named="Kompol Rina Dewi", **values) -> bytes:
    """Return the chief's reply that passes the invitation on, with the delegate as a second attendee."""
    values = {"address": "kapolres@example.com", "name": "Kapolres Metro", **values}
    mail = gmail(Answer("DELEGATED", uid=activity.uid, **values))
    mail = mail.replace(b"PARTSTAT=DELEGATED", f'PARTSTAT=DELEGATED;DELEGATED-TO="mailto:{to}"'.encode(), 1)
    line = f'ATTENDEE;CN={named};DELEGATED-FROM="mailto:{values["address"]}";PARTSTAT=NEEDS-ACTION:mailto:{to}\r\n'
    return mail.replace(b"UID:", line.encode() + b"UID:", 1)


def of_the_delegate(activity, partstat="ACCEPTED", **values) -> bytes:
    mail = gmail(
        Answer(partstat, **{"uid": activity.uid, "address": "rina@example.com", "name": "Kompol Rina Dewi", **values})
    )
    return mail.replace(
        f"PARTSTAT={partstat}".encode(), f'DELEGATED-FROM="mailto:kapolres@example.com";PARTSTAT={partstat}'.encode(), 1
    )


def test_a_delegated_reply_names_who_comes(invited, chief, arrives):
    assert result(arrives(delegating(invited))) == (APPLIED, "")
    found = first_invitation_of(chief)
    assert (found.state, found.answer_source) == (InvitationState.REPRESENTED, AnswerSource.CALENDAR)
    acting = found.acting
    assert (acting.name, acting.rank, acting.email, acting.position, acting.named_by, acting.source) == (
        "Kompol Rina Dewi", "Kompol", "rina@example.com", 1, NamedBy.INVITEE, AnswerSource.CALENDAR,
    )  # fmt: skip
    assert confirmations() == ["Kapolres Metro"]


def test_a_delegate_without_a_name_is_called_by_the_address(invited, chief, arrives):
    assert result(arrives(delegating(invited, to="rina.dewi@example.com", named=""))) == (APPLIED, "")
    assert first_invitation_of(chief).representative_name == "Rina Dewi"


def test_the_same_delegation_again_is_no_news(invited, arrives):
    arrives(delegating(invited))
    assert result(arrives(delegating(invited, stamp="20270105T011000Z"))) == (APPLIED, "")
    assert confirmations() == ["Kapolres Metro"]


def test_a_delegation_from_another_address_or_without_proof_is_for_a_coordinator(invited, chief, arrives):
    mail = arrives(delegating(invited, sender="orang@example.com"))
    assert result(mail) == (TO_READ, IncomingReason.SENDER_DIFFERS)
    assert first_invitation_of(chief).state is InvitationState.INVITED


def test_to_oneself_or_to_nobody_is_not_taken_as_a_name(invited, chief, arrives):
    assert result(arrives(delegating(invited, to="kapolres@example.com")))[0] is TO_READ
    nobody = gmail(Answer("DELEGATED", uid=invited.uid, address="kapolres@example.com", stamp="20270105T011000Z"))
    assert result(arrives(nobody)) == (TO_READ, IncomingReason.DELEGATED)
    assert first_invitation_of(chief).state is InvitationState.INVITED


def test_the_delegates_own_reply_confirms_or_opens_the_invitation_again(invited, chief, arrives):
    arrives(delegating(invited))
    assert result(arrives(of_the_delegate(invited, stamp="20270105T030000Z"), now=at(5, 11))) == (APPLIED, "")
    assert first_invitation_of(chief).acting.confirmed_at is not None
    known = arrives(of_the_delegate(invited, stamp="20270105T031000Z"), now=at(5, 12))
    assert result(known) == (IGNORED, IncomingReason.KNOWN)
    no = of_the_delegate(invited, "DECLINED", stamp="20270105T032000Z")
    assert result(arrives(no, now=at(5, 13))) == (APPLIED, "")
    found = first_invitation_of(chief)
    assert (found.state, found.acting) == (InvitationState.INVITED, None)


def test_the_delegates_reply_before_the_invitees_own_is_for_a_coordinator(invited, chief, arrives):
    mail = arrives(of_the_delegate(invited))
    assert (result(mail), mail.person_id) == ((TO_READ, IncomingReason.DELEGATED), chief.id)
    assert first_invitation_of(chief).state is InvitationState.INVITED


def test_who_was_named_on_the_page_passes_it_on_by_calendar(invited, chief, arrives):
    rina = Representative("Kompol Rina Dewi", email="rina@example.com")
    answering.answer(token_of(chief), invited.id, Choice.REPRESENTED, rina, now=at(5, 7))
    passed = delegating(
        invited, to="tono@example.com", named="AKP Tono", address="rina@example.com", name="Kompol Rina Dewi"
    )
    assert result(arrives(passed)) == (APPLIED, "")
    db.session.rollback()
    found = first_invitation_of(chief)
    assert (found.representative_name, found.acting.position, found.acting.source) == (
        "AKP Tono", 2, AnswerSource.CALENDAR,
    )  # fmt: skip
    assert mails()


def test_a_forged_reply_of_the_delegate_changes_nothing(invited, chief, arrives):
    arrives(delegating(invited))
    forged = of_the_delegate(invited, "DECLINED", sender="orang@example.com", stamp="20270105T020000Z")
    assert result(arrives(forged))[0] is TO_READ
    assert first_invitation_of(chief).state is InvitationState.REPRESENTED


def test_an_older_reply_of_the_delegate_that_arrives_later_changes_nothing(invited, chief, arrives):
    arrives(delegating(invited))
    assert result(arrives(of_the_delegate(invited, stamp="20270105T032000Z"))) == (APPLIED, "")
    older = of_the_delegate(invited, "DECLINED", stamp="20270105T031000Z")
    assert result(arrives(older)) == (IncomingOutcome.REFUSED, IncomingReason.NEWER_ANSWER)
    assert first_invitation_of(chief).state is InvitationState.REPRESENTED


def test_a_reply_that_is_no_news_still_makes_older_ones_count_no_more(invited, chief, arrives):
    arrives(delegating(invited))
    arrives(of_the_delegate(invited, stamp="20270105T030000Z"), now=at(5, 11))
    known = arrives(of_the_delegate(invited, stamp="20270105T031000Z"), now=at(5, 12))
    assert result(known) == (IGNORED, IncomingReason.KNOWN)
    older = of_the_delegate(invited, "DECLINED", stamp="20270105T030500Z")
    assert result(arrives(older, now=at(5, 13))) == (IncomingOutcome.REFUSED, IncomingReason.NEWER_ANSWER)
    assert first_invitation_of(chief).state is InvitationState.REPRESENTED


def test_a_reply_that_is_older_than_what_the_delegate_said_on_their_page_changes_nothing(invited, chief, arrives):
    arrives(delegating(invited))
    acting.answer(
        tokens.acting_token(first_invitation_of(chief).acting.nonce), invited.id, Choice.COMING, now=at(5, 12)
    )
    older = of_the_delegate(invited, "DECLINED", stamp="20270105T030000Z")
    assert result(arrives(older, now=at(5, 13))) == (IncomingOutcome.REFUSED, IncomingReason.NEWER_ANSWER)
    assert first_invitation_of(chief).acting.confirmed_at == at(5, 12)
