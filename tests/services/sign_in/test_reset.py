"""A new password by mail: one link, for half an hour, for one password."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask_security.utils import verify_password

from outreach.delivery.mail.kept import whole_of
from outreach.domain.kinds import MailKind, StaffRole
from outreach.domain.sign_in.events import SecurityKind
from outreach.extensions import db
from outreach.models import AuditEntry, Message, PasswordReset, SecurityEvent, SentMail, User
from outreach.services.office import staff
from outreach.services.office.staff import UserValues
from outreach.services.sign_in import passwords, reset
from outreach.services.sign_in.reset import VALID_FOR, ResetLinkUnusable
from tests.world import NOW, StandingClock, drain

NEW = "payung biru jalan sepatu"
LATER = NOW + timedelta(minutes=1)


def links(server) -> list[str]:
    """Return the tokens in the mails that the server took."""
    found = []
    for taken in server.taken:
        text = taken.mail.get_body(("plain",)).get_content()
        found += [line.rpartition("/r/")[2].strip() for line in text.splitlines() if "/r/" in line]
    return found


def ask_for(address: str, now=NOW) -> None:
    reset.ask(address, now=now)
    reset.tick(now)
    drain(StandingClock(now))


def test_who_forgot_the_password_chooses_a_new_one_once_and_is_signed_out_everywhere(any_app, server, coordinator):
    before = coordinator.fs_uniquifier
    ask_for(" Coordinator@EXAMPLE.com ")
    [token] = links(server)
    assert [taken.recipient for taken in server.taken] == [coordinator.email]
    assert reset.opened(token, now=LATER).id == coordinator.id
    reset.choose(token, NEW, now=LATER)
    db.session.expire_all()
    assert verify_password(NEW, coordinator.password)
    assert coordinator.fs_uniquifier != before
    with pytest.raises(ResetLinkUnusable):
        reset.choose(token, NEW, now=LATER)
    drain(StandingClock(LATER))
    assert server.taken[-1].mail["Subject"] == "Your password for Outreach was changed"
    assert [entry.action for entry in db.session.query(AuditEntry)] == ["user.password_chosen_by_mail"]


def test_the_link_counts_for_half_an_hour(app, server, coordinator):
    ask_for(coordinator.email)
    [token] = links(server)
    assert reset.opened(token, now=NOW + VALID_FOR - timedelta(seconds=1)).id == coordinator.id
    with pytest.raises(ResetLinkUnusable):
        reset.opened(token, now=NOW + VALID_FOR)


def test_a_forged_link_and_one_of_a_closed_account_open_nothing(app, server, coordinator, viewer):
    ask_for(coordinator.email)
    [token] = links(server)
    for forged in (token[:-1] + ("A" if token[-1] != "A" else "B"), "x" * len(token), ""):
        with pytest.raises(ResetLinkUnusable):
            reset.opened(forged, now=NOW)
    db.session.get_one(User, coordinator.id).active = False
    db.session.commit()
    with pytest.raises(ResetLinkUnusable):
        reset.choose(token, NEW, now=NOW)


def test_another_change_of_the_password_ends_the_link(app, server, coordinator):
    ask_for(coordinator.email)
    [token] = links(server)
    staff.note_own_password(db.session.get_one(User, coordinator.id), now=NOW)
    db.session.commit()
    with pytest.raises(ResetLinkUnusable):
        reset.opened(token, now=LATER)


def test_a_new_password_by_an_administrator_and_another_address_end_the_link(
    any_app, server, coordinator, administrator
):
    ask_for(coordinator.email)
    staff.renew_password(coordinator.id, by=administrator, now=NOW)
    with pytest.raises(ResetLinkUnusable):
        reset.opened(links(server)[0], now=LATER)
    ask_for(coordinator.email)
    other = UserValues(coordinator.name, "baru@example.com", StaffRole.COORDINATOR)
    staff.edit(coordinator.id, other, by=administrator, now=NOW)
    for token in links(server):
        with pytest.raises(ResetLinkUnusable):
            reset.opened(token, now=LATER)
    assert len(links(server)) == 2
    changed = db.session.query(SecurityEvent).filter_by(kind=SecurityKind.ADDRESS_CHANGED).one()
    assert (changed.user_id, changed.detail) == (coordinator.id, {"by": administrator.id})


def test_a_password_that_is_refused_does_not_use_up_the_link(app, server, coordinator):
    ask_for(coordinator.email)
    [token] = links(server)
    with pytest.raises(passwords.PasswordKnown):
        reset.choose(token, "indonesiamerdeka", now=LATER)
    assert reset.choose(token, NEW, now=LATER).id == coordinator.id


def test_no_mail_goes_to_unknown_or_closed_accounts_and_nothing_of_the_question_stays(
    any_app, server, coordinator, viewer
):
    viewer.active = False
    db.session.commit()
    for address in ("nobody@example.com", viewer.email, "no address at all", "x" * 400):
        ask_for(address)
    assert server.taken == []
    assert db.session.query(PasswordReset).all() == []
    assert db.session.query(SecurityEvent).all() == []  # strangers would fill the list of events
    ask_for(coordinator.email)
    assert len(server.taken) == 1
    reset.tick(NOW + VALID_FOR + reset.KEPT_FOR + timedelta(seconds=1))
    assert db.session.query(PasswordReset).all() == []


def test_a_stranger_who_asks_again_and_again_sends_three_mails_an_hour(app, server, coordinator):
    for minute in range(6):
        ask_for(coordinator.email, NOW + timedelta(minutes=minute))
    assert len(server.taken) == 3
    ask_for(coordinator.email, NOW + timedelta(hours=1, seconds=1))
    assert len(server.taken) == 4


def test_the_kept_mail_does_not_have_the_link(app, server, coordinator):
    ask_for(coordinator.email)
    [token] = links(server)
    message = db.session.scalars(sa.select(Message).where(Message.kind == MailKind.ACCOUNT)).one()
    kept = db.session.get_one(SentMail, message.id)
    text = whole_of(kept.data, None).decode()
    assert ("/r/xxxx" in text, token in text) == (True, False)


def test_the_account_reads_the_mail_in_its_language(app, server, coordinator):
    db.session.get_one(User, coordinator.id).locale = "id"
    db.session.commit()
    ask_for(coordinator.email)
    assert server.taken[0].mail["Subject"] == "Kata sandi baru untuk Outreach"


def test_a_stranger_who_uses_the_mails_up_never_leaves_the_owner_without_a_link(any_app, server, coordinator):
    for seconds in range(5):
        ask_for(coordinator.email, NOW + timedelta(seconds=seconds))
    ended = NOW + timedelta(seconds=2) + VALID_FOR  # of the third, which is the last one
    ask_for(coordinator.email, ended - timedelta(seconds=1))
    assert len(links(server)) == 3
    for seconds in range(3):
        ask_for(coordinator.email, ended + timedelta(seconds=seconds))
    assert len(links(server)) == 4
    assert reset.opened(links(server)[3], now=ended + timedelta(minutes=29)).id == coordinator.id
