"""Polling a real Dovecot: which mails are new, which are marked, and what happens when either side disconnects."""

import os
import socket
import threading
from datetime import UTC, date, datetime

import pytest

from outreach.delivery.inbox.connection import MailboxDown
from outreach.delivery.inbox.mailbox import TAKEN, FetchedMail, Folder, PollProgress, poll, reach
from outreach.delivery.inbox.reading import MOST_BYTES
from outreach.domain.mail.failures import ChannelTrouble
from tests.servers.dovecot import imap_settings
from tests.servers.smtp import free_port

FIRST, SECOND = b"Subject: satu\r\n\r\nBaik.\r\n", b"Subject: dua\r\n\r\nTidak.\r\n"


class Reader:
    """Takes mails and stores its position, as services/inbox/receive.py does in the database."""

    def __init__(self, server, **values) -> None:
        self.settings = imap_settings(server, **values)
        self.taken: list[FetchedMail] = []
        self.folders: list[Folder] = []
        self.since: date | None = None
        self.fail_at = ""

    def poll(self, stop=lambda: False) -> int:
        return poll(self.settings, progress=self.progress, take=self.take, stop=stop)

    def progress(self, folder: Folder) -> PollProgress:
        self.folders.append(folder)
        return PollProgress(max((mail.uid for mail in self.taken), default=0), self.since)

    def take(self, _folder: Folder, mail: FetchedMail) -> None:
        if self.fail_at and self.fail_at.encode() in mail.data:
            raise ZeroDivisionError
        self.taken.append(mail)


def test_new_mails_are_read_once_in_order_and_marked(mailbox):
    mailbox.deliver(FIRST, SECOND, at=datetime(2026, 1, 4, 1, tzinfo=UTC))
    reader = Reader(mailbox)
    assert reader.poll() == 2
    assert [mail.data for mail in reader.taken] == [FIRST, SECOND]
    assert {mail.received_at for mail in reader.taken} == {datetime(2026, 1, 4, 1, tzinfo=UTC)}
    assert mailbox.flags() == {1: {r"\Seen", TAKEN}, 2: {r"\Seen", TAKEN}}
    assert reader.poll() == 0
    mailbox.deliver(b"Subject: tiga\r\n\r\n")
    assert (reader.poll(), reader.taken[-1].uid) == (1, 3)


def test_a_mail_already_read_in_a_mail_program_is_still_taken(mailbox):
    mailbox.deliver(FIRST)
    with mailbox.client() as client:
        client.uid("store", "1", "+FLAGS", r"(\Seen)")
    assert Reader(mailbox).poll() == 1


def test_nothing_is_deleted_not_even_mails_marked_as_deleted(mailbox):
    mailbox.deliver(FIRST, SECOND)
    with mailbox.client() as client:
        client.uid("store", "1", "+FLAGS", r"(\Deleted)")
    assert Reader(mailbox).poll() == 2
    assert sorted(mailbox.flags()) == [1, 2]


def test_a_mail_whose_handling_fails_is_not_marked_and_comes_again(mailbox):
    mailbox.deliver(FIRST, SECOND)
    reader = Reader(mailbox)
    reader.fail_at = "dua"
    with pytest.raises(ZeroDivisionError):
        reader.poll()
    assert mailbox.flags() == {1: {r"\Seen", TAKEN}, 2: set()}
    reader.fail_at = ""
    assert reader.poll() == 1
    assert [mail.uid for mail in reader.taken] == [1, 2]


def test_a_crash_between_effect_and_mark_loses_only_the_mark_which_is_set_later(mailbox):
    mailbox.deliver(FIRST)
    reader = Reader(mailbox)
    reader.taken.append(FetchedMail(1, None, FIRST))  # committed; then the process crashed
    assert mailbox.flags() == {1: set()}
    assert reader.poll() == 0
    assert mailbox.flags() == {1: {r"\Seen", TAKEN}}


def test_a_mail_marked_as_unread_by_a_person_stays_unread(mailbox):
    mailbox.deliver(FIRST)
    reader = Reader(mailbox)
    reader.poll()
    with mailbox.client() as client:
        client.uid("store", "1", "-FLAGS", r"(\Seen)")
    reader.poll()
    assert mailbox.flags() == {1: {TAKEN}}


def test_a_recreated_mailbox_is_recognised_by_its_uid_validity(mailbox):
    mailbox.deliver(FIRST)
    reader = Reader(mailbox)
    reader.poll()
    mailbox.empty()
    mailbox.deliver(SECOND)
    reader.poll()
    assert reader.folders[0].name == reader.folders[1].name == f"{mailbox.user}@localhost/INBOX"
    assert reader.folders[0].uid_validity != reader.folders[1].uid_validity


def test_only_recent_mails_are_new_in_an_unknown_mailbox(mailbox):
    mailbox.deliver(FIRST, at=datetime(2025, 12, 1, 1, tzinfo=UTC))
    mailbox.deliver(SECOND, at=datetime(2026, 1, 4, 1, tzinfo=UTC))
    reader = Reader(mailbox)
    reader.since = date(2026, 1, 3)
    assert (reader.poll(), [mail.uid for mail in reader.taken]) == (1, [2])


def test_only_the_beginning_of_a_too_large_mail_is_fetched(mailbox):
    head = b"Subject: besar\r\n\r\n"
    mailbox.deliver(head + b"x" * (MOST_BYTES - len(head)), head + b"x" * (MOST_BYTES - len(head) + 1))
    reader = Reader(mailbox)
    reader.poll()
    assert [(len(mail.data), mail.whole) for mail in reader.taken] == [(MOST_BYTES, True), (64 * 1024, False)]


def no_file(path):
    path.unlink()
    path.mkdir()  # Dovecot answers NIL


def no_permission(path):
    path.chmod(0)
    if os.geteuid() == 0:
        os.chown(path, 0, 0)  # Dovecot closes the connection


@pytest.mark.parametrize("damage", [no_file, no_permission])
def test_a_mail_that_the_server_cannot_deliver_is_recorded_and_the_next_ones_are_read(mailbox, damage):
    mailbox.deliver(FIRST, SECOND)
    (path,) = [path for path in mailbox.files() if b"satu" in path.read_bytes()]
    damage(path)
    reader = Reader(mailbox)
    assert reader.poll() == 2
    assert [(mail.uid, mail.data, mail.whole) for mail in reader.taken] == [(1, b"", False), (2, SECOND, True)]
    assert reader.poll() == 0


def test_a_mail_that_is_gone_before_it_could_be_read_is_skipped(mailbox):
    mailbox.deliver(FIRST, SECOND)
    with mailbox.client() as other:
        reader = Reader(mailbox)

        def take_and_expunge(_folder, mail):
            reader.taken.append(mail)
            other.uid("store", "2", "+FLAGS", r"(\Deleted)")
            other.expunge()

        reader.take = take_and_expunge
        assert reader.poll() == 1


def test_polling_stops_between_two_mails_on_request(mailbox):
    mailbox.deliver(FIRST, SECOND)
    reader = Reader(mailbox)
    assert reader.poll(stop=lambda: len(reader.taken) == 1) == 1
    assert mailbox.flags() == {1: {r"\Seen", TAKEN}, 2: set()}


def test_another_folder_is_read_if_the_settings_say_so(mailbox):
    with mailbox.client() as client:
        client.create("Undangan")
    mailbox.deliver(FIRST, folder="Undangan")
    assert Reader(mailbox, imap_folder="Undangan").poll() == 1


def test_starttls_is_used_where_it_is_offered(mailbox):
    mailbox.deliver(FIRST)
    assert Reader(mailbox, imap_port=mailbox.port, imap_use_ssl=False).poll() == 1
    assert "TLS, session" in (mailbox.folder / "log").read_text().split("Logged in")[-1]


def test_an_untrusted_certificate_is_named_with_starttls_too(mailbox):
    with pytest.raises(MailboxDown, match="certificate verify failed") as caught:
        reach(imap_settings(mailbox, imap_port=mailbox.port, imap_use_ssl=False, imap_ca_file=""))
    assert caught.value.trouble is ChannelTrouble.TLS


def test_a_configuration_is_checked_without_touching_a_mail(mailbox):
    mailbox.deliver(FIRST)
    assert reach(imap_settings(mailbox)).name == f"{mailbox.user}@localhost/INBOX"
    assert mailbox.flags() == {1: set()}
    with pytest.raises(MailboxDown):
        reach(imap_settings(mailbox, imap_password="salah"))


@pytest.mark.parametrize(
    ("values", "trouble"),
    [
        ({"imap_ca_file": ""}, ChannelTrouble.TLS),
        ({"imap_ca_file": "/nowhere.pem"}, ChannelTrouble.TLS),
        ({"imap_server": "127.0.0.1"}, ChannelTrouble.TLS),  # not the certificate's name
        ({"imap_password": "salah"}, ChannelTrouble.LOGIN),
        ({"imap_password": "sandi-é"}, ChannelTrouble.LOGIN),
        ({"imap_folder": "Tidak ada"}, ChannelTrouble.FOLDER),
        ({"imap_port": 1}, ChannelTrouble.UNREACHABLE),
    ],
)
def test_each_mailbox_problem_has_a_name(mailbox, values, trouble):
    mailbox.deliver(FIRST)
    assert Reader(mailbox).poll() == 1
    with pytest.raises(MailboxDown) as raised:
        Reader(mailbox, **values).poll()
    assert raised.value.trouble is trouble
    assert str(raised.value)


def test_a_connection_closed_midway_is_unreachable_and_mails_already_taken_stay_taken(mailbox):
    mailbox.deliver(FIRST, SECOND)
    reader = Reader(mailbox)
    take = reader.take

    def take_and_break(folder, mail):
        take(folder, mail)
        mailbox.kill()

    reader.take = take_and_break
    try:
        with pytest.raises(MailboxDown) as raised:
            reader.poll()
    finally:
        mailbox.start()
    assert raised.value.trouble is ChannelTrouble.UNREACHABLE
    reader.take = take
    assert reader.poll() == 1
    assert [mail.uid for mail in reader.taken] == [1, 2]
    assert mailbox.flags() == {1: {r"\Seen", TAKEN}, 2: {r"\Seen", TAKEN}}


class Fake(threading.Thread):
    """A server that greets, lists its capabilities, and then does whatever the test needs."""

    def __init__(self, answer: bytes) -> None:
        super().__init__(daemon=True)
        self.answer, self.port, self.heard = answer, free_port(), b""
        self.socket = socket.create_server(("127.0.0.1", self.port))

    def run(self) -> None:
        connection, _address = self.socket.accept()
        with connection:
            connection.sendall(b"* OK hello\r\n")
            while line := connection.recv(4096):
                self.heard += line
                tag = line.split(b" ")[0]
                connection.sendall(self.answer.replace(b"TAG", tag))


def test_a_silent_server_ends_at_the_timeout(mailbox):
    server = Fake(b"")
    server.start()
    with pytest.raises(MailboxDown) as raised:
        Reader(mailbox, imap_port=server.port, imap_use_ssl=False, imap_timeout_s=0.2).poll()
    assert raised.value.trouble is ChannelTrouble.UNREACHABLE


def test_the_password_is_not_sent_unencrypted_to_another_machine(mailbox, monkeypatch):
    server = Fake(b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\nTAG OK done\r\n")
    server.start()
    connect = socket.create_connection
    monkeypatch.setattr(
        socket, "create_connection", lambda address, *rest, **named: connect(("127.0.0.1", address[1]), *rest, **named)
    )
    with pytest.raises(MailboxDown) as raised:
        Reader(mailbox, imap_server="imap.example.com", imap_port=server.port, imap_use_ssl=False).poll()
    assert raised.value.trouble is ChannelTrouble.TLS
    assert b"CAPABILITY" in server.heard
    assert b"rahasia" not in server.heard


def test_eight_thousand_old_mails_do_not_slow_a_poll(mailbox):
    mailbox.deliver(FIRST)
    with mailbox.client() as client:
        for _ in range(13):
            client.uid("copy", "1:*", "INBOX")
        _status, found = client.uid("search", None, "ALL")
    count = len(found[0].split())
    reader = Reader(mailbox)
    reader.taken.append(FetchedMail(count, None, b""))
    mailbox.deliver(SECOND)
    assert reader.poll() == 1
    sent = (mailbox.folder / "log").read_text().rstrip().split("Disconnected: Logged out in=")[-1]
    assert count == 2**13
    assert int(sent.split("out=")[1].split()[0]) < 3000  # bytes sent by the server
