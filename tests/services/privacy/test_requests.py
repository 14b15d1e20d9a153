"""What people ask by their own link or at the office: who gets the copy, what staff carry out, and the clock of 3 × 24 hours."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from outreach.delivery import tokens
from outreach.domain.kinds import AgeGroup, LinkPurpose, MailKind
from outreach.domain.privacy.requests import (
    ConsentWay,
    CopyGone,
    CorrectionMissing,
    Corrections,
    RequestClock,
    RequestKind,
    RequestOutcome,
    RequestWay,
    StillWaiting,
    clock_of,
)
from outreach.domain.states import MessageState
from outreach.extensions import db
from outreach.models import Assistant, DataRequest, Message, PrivacyMail
from outreach.services.invitations.links import LinkUnknown
from outreach.services.privacy import consents, requests
from outreach.services.privacy import person as privacy
from outreach.services.privacy.consents import ConsentValues
from outreach.services.privacy.requests import Entered
from tests.world import NOW, a_person, an_organisation, drain, fresh, give_link, rows_of

HOUR, A_SECOND = timedelta(hours=1), timedelta(seconds=1)


@pytest.fixture
def token(any_app, ani):
    give_link(ani)
    return tokens.token(tokens.link_for(db.session(), ani))


def told():
    return [(mail.purpose.value, mail.address) for mail in rows_of(PrivacyMail)]


def test_the_copy_goes_to_the_known_address_and_is_there_for_24_hours(token, ani):
    assert requests.ask_for_copy(token, now=NOW)
    assert requests.ask_for_copy(token, now=NOW + timedelta(minutes=1))  # a second press
    (request,) = rows_of(DataRequest)
    assert (request.kind, request.outcome, told()) == (
        RequestKind.COPY,
        RequestOutcome.DONE,
        [("copy", "ani@example.com")],
    )
    copy = requests.link_of(request, LinkPurpose.COPY)
    assert requests.opened(copy, LinkPurpose.COPY, now=NOW + 24 * HOUR - A_SECOND).person_id == ani.id
    for wrong, purpose, now in (
        (copy, LinkPurpose.COPY, NOW + 24 * HOUR),
        (copy, LinkPurpose.ADDRESS, NOW),
        (token, LinkPurpose.COPY, NOW),
    ):
        with pytest.raises(CopyGone):
            requests.opened(wrong, purpose, now=now)


def test_a_shared_address_gets_no_copy_and_the_request_waits_for_staff(token, ani):
    others = (a_person("Budi", email="ANI@example.com"), an_organisation("Kelurahan Imopuro", email="ani@example.com"))
    for other in others:
        assert not requests.ask_for_copy(token, now=NOW)
        db.session.delete(other)
        db.session.commit()
    assert ([row.done_at for row in rows_of(DataRequest)], told()) == ([None], [])
    assert requests.ask_for_copy(token, now=NOW + HOUR)


def test_a_new_address_is_confirmed_there_told_to_the_old_one_and_entered_by_staff(token, ani, coordinator):
    wanted = Corrections(post="Ketua RT", email="Baru@Example.com")
    request = requests.ask_to_correct(token, wanted, now=NOW)
    assert told() == [("confirm", "baru@example.com"), ("changed", "ani@example.com")]
    assert fresh(ani).email == "ani@example.com"
    requests.confirm_address(requests.link_of(request, LinkPurpose.ADDRESS), now=NOW + HOUR)
    assert fresh(ani).email == "ani@example.com"  # who holds a forwarded link could confirm an address of their own
    requests.apply_corrections(request.id, by=coordinator, now=NOW + 2 * HOUR)
    assert (fresh(ani).email, ani.post, ani.name) == ("baru@example.com", "Ketua RT", "Ani Wijaya")
    (done,) = rows_of(DataRequest)
    assert (done.what_done, done.wanted, done.done_by_id) == ("email, post", {}, coordinator.id)


def test_nothing_to_correct_is_refused_and_an_adjutants_link_asks_for_nothing(token, ani):
    with pytest.raises(CorrectionMissing):
        requests.ask_to_correct(token, Corrections(name="  "), now=NOW)
    adjutant = Assistant(person=ani, name="Rudi", email="rudi@example.com", nonce=tokens.new_nonce())
    db.session.add(adjutant)
    db.session.commit()
    with pytest.raises(LinkUnknown):
        requests.ask_to_erase(tokens.assistant_token(adjutant.nonce), now=NOW)
    assert rows_of(DataRequest) == []


def test_erasing_a_person_closes_their_requests_and_keeps_what_was_done_without_their_words(token, ani, coordinator):
    requests.ask_to_erase(token, now=NOW)
    requests.ask_other(token, "Hapus nomor saya 0812", now=NOW)
    privacy.erase(ani.id, by=coordinator, now=NOW + HOUR)
    kept = [(row.kind.value, row.outcome.value, row.words, row.what_done) for row in rows_of(DataRequest)]
    assert kept == [("erase", "done", "", "The person was erased."), ("other", "done", "", "The person was erased.")]


def test_a_link_fills_neither_the_list_nor_strangers_mailboxes_nor_that_of_its_owner(token):
    for number in range(requests.MOST_OPEN):
        requests.ask_other(token, f"Pesan {number}", now=NOW)
        requests.ask_to_correct(token, Corrections(email=f"stranger{number}@example.com"), now=NOW)
    with pytest.raises(StillWaiting):
        requests.ask_other(token, "Pesan lain", now=NOW)
    with pytest.raises(StillWaiting):
        requests.ask_to_correct(token, Corrections(email="another@example.com"), now=NOW)
    for hour in range(6):
        requests.ask_for_copy(token, now=NOW + hour * HOUR)
    sent = [purpose for purpose, _address in told()]
    assert (sent.count("confirm"), sent.count("copy")) == (requests.MOST_OPEN, requests.MOST_COPIES)
    assert len(rows_of(DataRequest)) == 2 * requests.MOST_OPEN + requests.MOST_COPIES


def test_a_child_whose_parent_has_not_consented_gets_the_copy_from_staff_and_no_mail(token, ani, coordinator):
    ani.age_group = AgeGroup.UNDER_18
    db.session.commit()
    assert not requests.ask_for_copy(token, now=NOW)
    assert ([row.done_at for row in rows_of(DataRequest)], told()) == ([None], [])
    consents.record(ani.id, ConsentValues("Ibu", NOW.date(), ConsentWay.PAPER), by=coordinator, now=NOW)
    assert requests.ask_for_copy(token, now=NOW + HOUR)


@pytest.mark.parametrize(
    ("after", "clock"),
    [
        (timedelta(0), RequestClock.IN_TIME),
        (48 * HOUR - A_SECOND, RequestClock.IN_TIME),
        (48 * HOUR, RequestClock.SOON),
        (72 * HOUR, RequestClock.SOON),
        (72 * HOUR + A_SECOND, RequestClock.OVERDUE),
    ],
)
def test_the_clock_runs_72_hours(after, clock):
    assert clock_of(NOW, None, NOW + after) is clock
    assert clock_of(NOW, NOW, NOW + after) is RequestClock.DONE


def test_administrators_are_told_once_before_and_once_after(any_app, administrator, coordinator):
    asked = Entered(None, "Warga", RequestKind.COPY, RequestWay.PHONE, NOW, "minta salinan")
    request = requests.enter(asked, by=coordinator, now=NOW)
    assert [requests.remind(NOW + hours * HOUR) for hours in (47, 48, 49, 72)] == [0, 1, 0, 0]
    assert [requests.remind(NOW + 72 * HOUR + A_SECOND), requests.remind(NOW + 80 * HOUR)] == [1, 0]
    assert told() == [("due_soon", administrator.email), ("overdue", administrator.email)]
    requests.settle(request.id, RequestOutcome.REFUSED, "identitas tidak jelas", by=coordinator, now=NOW + 80 * HOUR)
    (kept,) = rows_of(DataRequest)
    assert (kept.name, kept.words, kept.what_done) == ("", "", "identitas tidak jelas")


def test_the_mails_go_out_and_one_about_a_request_that_is_done_does_not(server, token, ani, administrator):
    requests.ask_for_copy(token, now=NOW)
    other = requests.ask_to_erase(token, now=NOW)
    requests.remind(NOW + 50 * HOUR)
    requests.settle(other.id, RequestOutcome.DONE, "dihapus", by=administrator, now=NOW + 50 * HOUR)
    drain(NOW + 51 * HOUR)
    found = db.session.execute(sa.select(Message.kind, Message.state, Message.reason).order_by(Message.id)).all()
    assert [tuple(row) for row in found] == [
        (MailKind.PRIVACY, MessageState.SKIPPED, "too_late"),
        (MailKind.PRIVACY, MessageState.SKIPPED, "request_done"),
    ]
    assert requests.ask_for_copy(token, now=NOW + 51 * HOUR)
    drain(NOW + 51 * HOUR)
    (copy,) = server.taken
    text = copy.mail.get_body(("plain",)).get_content()
    assert "/copy" in text
    assert tokens.page_url(token) not in text  # a forwarded mail opens the copy, and nothing else
    assert "://localhost/privacy" in text
