"""The mails about a new device and about many failed sign-ins, as their reader gets them from a real mail server."""

from datetime import timedelta

import pytest

from outreach.domain.kinds import AccountNews
from outreach.domain.sign_in.events import SecurityKind
from outreach.extensions import db
from outreach.models import SecurityEvent, User
from outreach.services.sign_in import alarm, mails
from outreach.services.sign_in.alarm import FROM
from outreach.transactions import writing
from tests.world import NOW, StandingClock, drain
from tests.world.composed import links_in_html, text_of, words_in_html

DEVICE = {"browser": "Chrome", "system": "Android", "network_address": "192.0.2.7"}
SAID = {
    "id": (
        "Akun Anda dipakai di perangkat baru",
        "Yth. Administrator,",
        "Seseorang masuk ke akun Anda di perangkat yang baru pertama kali dipakai: Chrome / Android / 192.0.2.7. "
        "(Senin, 4 Januari 2027 pukul 08.00 WIB)",
        "Bila bukan Anda yang melakukannya, segera pilih kata sandi baru dan beri tahu administrator kantor Anda",
        "http://localhost/reset",
        "Banyak percobaan masuk gagal",
        "Dalam satu jam, 20 percobaan masuk ke Outreach gagal. Mungkin ada yang menebak kata sandi. Tidak ada akun yang terkunci",
        "http://localhost/security-events?kind=failures",
    ),
    "en": (
        "Your account was used on a new device",
        "Dear Administrator,",
        "Somebody signed in to your account on a device for the first time: Chrome / Android / 192.0.2.7. "
        "(Monday, 4 January 2027 at 08:00 WIB)",
        "If it was not you, choose a new password at once, and tell an administrator of your office",
        "http://localhost/reset",
        "Many failed sign-ins",
        "Within an hour, 20 tries to sign in to Outreach failed. Somebody may be guessing passwords. Nobody is locked out by it.",
        "http://localhost/security-events?kind=failures",
    ),
}


@pytest.mark.parametrize("language", ["id", "en"])
def test_an_account_reads_of_a_new_device_and_of_many_failures_in_its_own_language(
    app, office, server, administrator, language
):
    db.session.get_one(User, administrator.id).locale = language
    db.session.add_all([SecurityEvent(at=NOW, kind=SecurityKind.SIGN_IN_FAILED) for _ in range(FROM)])
    db.session.commit()
    with writing() as session:
        mails.tell(session, administrator.id, AccountNews.NEW_DEVICE, now=NOW, **DEVICE)
    assert alarm.tell_administrators(NOW) == 1
    drain(StandingClock(NOW + timedelta(seconds=1)))
    assert [taken.recipient for taken in server.taken] == [administrator.email] * 2
    device, failures = (taken.mail for taken in server.taken)
    named, dear, happened, what_to_do, reset, alarmed, many, events = SAID[language]
    assert (device["Subject"], failures["Subject"]) == (named, alarmed)
    for mail, sentences, link in ((device, (dear, happened, what_to_do), reset), (failures, (dear, many), events)):
        plain = " ".join(text_of(mail).split())
        html = words_in_html(mail.get_body(("html",)).get_content())
        assert [said for said in sentences if said not in plain or said not in html] == []
        assert link in plain
        assert link in links_in_html(mail.get_body(("html",)).get_content())
