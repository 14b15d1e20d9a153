"""What people ask by their own link or at the office: who gets the copy, what staff carry out, and the clock of 3 × 24 hours."""

from contextlib import contextmanager
from datetime import timedelta

import pytest
import sqlalchemy as sa

from outreach.delivery import tokens
from outreach.domain.kinds import AgeGroup, LinkPurpose, MailKind
from outreach.domain.privacy.requests import (
    AddressUnconfirmed,
    ConsentWay,
    CopyGone,
    CorrectionMissing,
    Corrections,
    RequestClock,
    RequestDone,
    RequestKind,
    RequestOutcome,
    RequestWay,
    StillWaiting,
    clock_of,
)
from outreach.domain.states import MessageState
from outreach.extensions import db
from outreach.models import Assistant, AuditEntry, DataRequest, Message, PrivacyMail
from outreach.queries import privacy as lists
from outreach.services.invitations.links import LinkUnknown
from outreach.services.privacy import consents, requests
from outreach.services.privacy import person as privacy
from outreach.services.privacy.consents import ConsentValues
from outreach.services.privacy.requests import Entered
from tests.support.copied import copied
from tests.world import NOW, a_person, an_organisation, drain, fresh, give_link, rows_of

HOUR, A_SECOND = timedelta(hours=1), timedelta(seconds=1)


@copied
def token(any_app, ani):
    give_link(ani)
    return tokens.token(tokens.link_for(db.session(), ani))


def told():
    return [(mail.purpose.value, mail.address) for mail in rows_of(PrivacyMail)]


def test_the_copy_goes_to_the_known_address_and_is_there_for_24_hours(token, ani):
    assert requests.ask_for_copy(token, now=NOW)
    assert requests.ask_for_copy(token, now=NOW + timedelta(minutes=1))  # a second press
    (request,) = rows_of(DataRequest)
    assert (request.kind, request.outcome, told()) == (RequestKind.COPY, None, [("copy", "ani@example.com")])
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
    with pytest.raises(AddressUnconfirmed):
        requests.apply_corrections(request.id, by=coordinator, now=NOW + HOUR)
    requests.confirm_address(requests.link_of(request, LinkPurpose.ADDRESS), now=NOW + HOUR)
    assert fresh(ani).email == "ani@example.com"  # who holds a forwarded link could confirm an address of their own
    requests.apply_corrections(request.id, by=coordinator, now=NOW + 2 * HOUR)
    assert (fresh(ani).email, ani.post, ani.name) == ("baru@example.com", "Ketua RT", "Ani Wijaya")
    (done,) = rows_of(DataRequest)
    assert (done.what_done, done.wanted, done.done_by_id) == ("email, post", {}, coordinator.id)
    assert told()[2:] == [("former", "ani@example.com"), ("settled", "baru@example.com")]


def test_an_address_that_nobody_confirmed_is_entered_once_staff_say_that_they_have_checked_it(token, ani, coordinator):
    request = requests.ask_to_correct(token, Corrections(email="baru@example.com"), now=NOW)
    requests.apply_corrections(request.id, by=coordinator, now=NOW + HOUR, checked=True)
    assert fresh(ani).email == "baru@example.com"


def test_a_correction_that_breaks_off_changes_nothing_and_is_applied_whole_the_next_time(token, ani, coordinator):
    request = requests.ask_to_correct(token, Corrections(post="Ketua RT", email="baru@example.com"), now=NOW)
    before = told()
    for table in ("UPDATE person ", "INSERT INTO privacy_mail ", "UPDATE data_request "):
        with broken_at(table), pytest.raises(ConnectionError):
            requests.apply_corrections(request.id, by=coordinator, now=NOW + HOUR, checked=True)
        assert (fresh(ani).email, ani.post, told(), rows_of(AuditEntry)) == ("ani@example.com", "", before, [])
        assert (fresh(request).done_at, request.wanted["email"]) == (None, "baru@example.com")
    requests.apply_corrections(request.id, by=coordinator, now=NOW + HOUR, checked=True)
    assert (fresh(ani).email, ani.post) == ("baru@example.com", "Ketua RT")
    assert told()[len(before) :] == [("former", "ani@example.com"), ("settled", "baru@example.com")]
    assert [entry.action for entry in rows_of(AuditEntry)] == ["person.edited", "data_request.settled"]
    with pytest.raises(RequestDone):
        requests.apply_corrections(request.id, by=coordinator, now=NOW + HOUR, checked=True)


@contextmanager
def broken_at(statement: str):
    """Lose the database's connection at this statement."""

    def lose(_connection, _cursor, words, *_arguments):
        if words.startswith(statement):
            raise ConnectionError

    sa.event.listen(db.engine, "before_cursor_execute", lose)
    try:
        yield
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", lose)


def test_the_mail_to_an_address_that_nobody_confirmed_does_not_say_whom_the_office_knows(server, token, ani):
    requests.ask_to_correct(token, Corrections(name="Ani Wijayanti", email="baru@example.com"), now=NOW)
    drain(NOW)
    mail = next(mail.mail for mail in server.taken if mail.recipient == "baru@example.com")
    shown = mail.as_bytes() + mail.get_body(("plain",)).get_content().encode()
    assert (mail["To"], mail["Subject"]) == ("baru@example.com", "Apakah ini alamat Bapak/Ibu?")
    assert "Yth. Bapak/Ibu," in mail.get_body(("plain",)).get_content()
    assert [word for word in ("Ani", "Wijaya") if word.encode() in shown] == []


def test_who_asked_is_told_by_mail_what_was_done_or_why_not_and_the_former_address_of_the_new_one(
    server, token, ani, coordinator
):
    corrected = requests.ask_to_correct(token, Corrections(email="baru@example.com"), now=NOW)
    drain(NOW)  # to the new address and to the old one: is it yours, somebody asks
    requests.apply_corrections(corrected.id, by=coordinator, now=NOW + HOUR, checked=True)
    refused = requests.ask_other(token, "Hapus kehadiran saya", now=NOW)
    requests.settle(refused.id, RequestOutcome.REFUSED, "Daftar hadir {link} arsip", by=coordinator, now=NOW + HOUR)
    ani.locale = "en"
    db.session.commit()
    copied = requests.ask_other(token, "Salinan kertas", now=NOW)
    requests.settle(copied.id, RequestOutcome.DONE, "Printed at the counter", by=coordinator, now=NOW + HOUR)
    server.taken.clear()
    drain(NOW + HOUR)
    texts = [mail.mail.get_body(("plain",)).get_content().replace("\r\n", "\n") for mail in server.taken]
    assert [(mail.recipient, mail.mail["Subject"]) for mail in server.taken] == [
        ("ani@example.com", "We write to another address now"),
        *[("baru@example.com", "Your request about your data")] * 3,
    ]
    for text, said in zip(
        texts,
        (
            "we then put this address back",
            "a correction.\n\nThis is done:\ncorrected: E-mail",
            "something else.\n\nWe cannot do this, for this reason:\nDaftar hadir {link} arsip",
            "This is done:\nPrinted at the counter",
        ),
        strict=True,
    ):
        assert said in text
    ani.locale = "id"
    db.session.commit()
    copied = requests.ask_other(token, "Salinan kertas lagi", now=NOW)
    requests.settle(copied.id, RequestOutcome.DONE, "Dicetak di loket", by=coordinator, now=NOW + HOUR)
    drain(NOW + HOUR)
    assert "sudah dilaksanakan:\r\nDicetak di loket" in server.taken[-1].mail.get_body(("plain",)).get_content()


def test_no_mail_tells_who_shares_an_address_wants_no_mails_or_took_it_back(token, ani, coordinator, administrator):
    def settled(kind, outcome=RequestOutcome.DONE, person_id=ani.id):
        asked = Entered(person_id, "Warga", kind, RequestWay.PHONE, NOW)
        request = requests.enter(asked, by=coordinator, now=NOW)
        requests.settle(request.id, outcome, "selesai", by=coordinator, now=NOW)
        return len(told()), lists.telling(request).otherwise

    assert settled(RequestKind.OTHER) == (1, False)
    assert settled(RequestKind.STOP) == (1, True)
    assert settled(RequestKind.OTHER, RequestOutcome.WITHDRAWN) == (1, False)
    assert settled(RequestKind.COPY, person_id=None) == (1, True)
    a_person("Budi", email="ANI@example.com")
    assert settled(RequestKind.OTHER) == (1, True)


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
    requests.settle(other.id, RequestOutcome.WITHDRAWN, "ditarik", by=administrator, now=NOW + 50 * HOUR)
    drain(NOW + 51 * HOUR)
    found = db.session.execute(sa.select(Message.kind, Message.state, Message.reason).order_by(Message.id)).all()
    assert [tuple(row) for row in found] == [
        (MailKind.PRIVACY, MessageState.SKIPPED, "too_late"),
        (MailKind.PRIVACY, MessageState.SENT, ""),  # the copy never went out, so its request waits
        (MailKind.PRIVACY, MessageState.SKIPPED, "request_done"),
    ]
    assert requests.ask_for_copy(token, now=NOW + 51 * HOUR)
    assert requests.close_mailed(NOW + 51 * HOUR) == 0
    drain(NOW + 51 * HOUR)
    assert (requests.close_mailed(NOW + 51 * HOUR), requests.close_mailed(NOW + 51 * HOUR)) == (1, 0)
    _told, copy = server.taken
    text = copy.mail.get_body(("plain",)).get_content()
    assert "/copy" in text
    assert tokens.page_url(token) not in text  # a forwarded mail opens the copy, and nothing else
    assert "://localhost/privacy" in text
