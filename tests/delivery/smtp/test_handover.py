"""Groups of mails sent plainly, pipelined and in chunks: each fault at each verb, compared with the server."""

import random
import socket
import threading
import time
from dataclasses import replace

import pytest

from outreach.delivery.smtp import pipeline
from outreach.delivery.smtp.stream import ConnectionLost, Stream
from outreach.delivery.smtp.wire import Accepted, ChannelDown
from outreach.domain.mail.failures import ChannelTrouble
from tests.delivery.wire_help import (
    BODY,
    CHUNKING,
    NAMES,
    PIPELINING,
    WAYS,
    a_mail,
    in_short,
    mails,
    patience_s,
    wire_to,
)
from tests.servers.scripted import DROP, GARBAGE, HANG, REPLY_AND_DROP, RESET, TAKE_AND_DROP, WRONG, ScriptedServer

BREAKS = (DROP, RESET, HANG, GARBAGE, WRONG)
ways = pytest.mark.parametrize("way", WAYS)


def check_against(server: ScriptedServer, letters: str, names=NAMES) -> None:
    """Compare outcomes with the server's list: it has each accepted mail, and none of those certainly not sent."""
    taken = server.recipients()
    assert len(taken) == len(set(taken))
    for letter, name in zip(letters.ljust(len(names), "-"), names, strict=True):
        if letter == "A":
            assert f"{name}@example.com" in taken
        elif letter != "D":
            assert f"{name}@example.com" not in taken
    assert all(sender == f"bounces+{to}" and text == BODY for sender, to, text in server.taken)


# The outcomes of five mails when a fault occurs at the third one's verb. Where two are given, the second is for chunks.
FAULTS = [
    *[("MAIL", fault, "AAAAA", "AADDD") for fault in BREAKS],
    ("MAIL", "421 too many", "AAAAA", "AAAAA"),
    ("MAIL", "451 later", "AATAA", "AATAA"),
    ("MAIL", "550 not you", "AA!", "AATAA"),
    ("MAIL", "552 too large", "AAPAA", "AAPAA"),
    ("MAIL", "503 nested", "AAAAA", "AATAA"),
    ("MAIL", REPLY_AND_DROP, "AATAA", "AADDD"),
    *[("RCPT", fault, "AATAA", "AADDD") for fault in (*BREAKS, REPLY_AND_DROP)],
    ("RCPT", "421 closing", "AATAA", "AATAA"),
    ("RCPT", "450 later", "AATAA", "AATAA"),
    ("RCPT", "550 nobody", "AAPAA", "AAPAA"),
    ("RCPT", "550 5.7.1 not from you", "AAPAA", "AAPAA"),
    ("RCPT", "530 log in first", "AA!", "AATAA"),
    *[("DATA", fault, "AATAA", "") for fault in BREAKS],
    ("DATA", REPLY_AND_DROP, "AADAA", ""),
    ("DATA", "421 closing", "AATAA", ""),
    ("DATA", "451 later", "AATAA", ""),
    ("DATA", "554 spam", "AAPAA", ""),
    *[("END", fault, "AADAA", "AADDD") for fault in (*BREAKS, TAKE_AND_DROP)],
    ("END", REPLY_AND_DROP, "AAAAA", "AAADD"),
    ("END", "421 closing", "AATAA", "AATAA"),
    ("END", "451 later", "AATAA", "AATAA"),
    ("END", "552 too much", "AAPAA", "AAPAA"),
]


@pytest.mark.parametrize(
    ("way", "verb", "fault", "expected"),
    [
        (way, verb, fault, chunked if way == "chunking" else by_turns)
        for way in WAYS
        for verb, fault, by_turns, chunked in FAULTS
        if chunked or way != "chunking"
    ],
)
def test_each_fault_at_each_verb_gives_an_outcome_that_matches_the_server(way, verb, fault, expected):
    at = {("BDAT" if (way, verb) == ("chunking", "END") else verb, 3): fault}
    with ScriptedServer(WAYS[way], at) as server, wire_to(server.port, mail_timeout_s=patience_s(fault)) as wire:
        letters = in_short(wire.hand_over_group(mails()))
        check_against(server, letters)
        assert letters == expected
        assert in_short(wire.hand_over_group(mails(["fajar"]))) == "A"  # and the connection works again


@pytest.mark.parametrize(
    ("way", "verb", "fault", "expected"),
    [
        *[(way, "MAIL", fault, "TAAAA") for way in ("plain", "pipelining") for fault in (DROP, "421 closing")],
        *[(way, "END", fault, "DAAAA") for way in ("plain", "pipelining") for fault in (DROP, TAKE_AND_DROP)],
        *[("chunking", "BDAT", fault, "DAAAA") for fault in (DROP, TAKE_AND_DROP, HANG, GARBAGE)],
        ("chunking", "MAIL", "421 closing", "TAAAA"),
        ("chunking", "RCPT", "550 nobody", "PAAAA"),
        ("chunking", "MAIL", "550 not you", "!"),
        ("plain", "MAIL", "550 not you", "!"),
        ("plain", "MAIL", "503 log in first", "!"),
    ],
)
def test_a_fault_at_the_first_mail_of_a_connection_affects_only_that_mail(way, verb, fault, expected):
    with (
        ScriptedServer(WAYS[way], {(verb, 1): fault}) as server,
        wire_to(server.port, mail_timeout_s=patience_s(fault)) as wire,
    ):
        letters = in_short(wire.hand_over_group(mails()))
        check_against(server, letters)
        assert letters == expected


@ways
@pytest.mark.parametrize("verb", ["GREETING", "EHLO"])
@pytest.mark.parametrize("fault", [DROP, HANG, GARBAGE, "421 not now", "554 go away"])
def test_a_server_with_a_bad_greeting_is_a_down_channel(way, verb, fault):
    at = {(verb, 0): fault, ("HELO", 0): fault}
    with ScriptedServer(WAYS[way], at) as server, wire_to(server.port, mail_timeout_s=patience_s(fault)) as wire:
        with pytest.raises(ChannelDown) as caught:
            list(wire.hand_over_group(mails()))
        assert caught.value.trouble is ChannelTrouble.UNREACHABLE
        assert server.taken == []


@ways
def test_a_channel_that_goes_down_midway_reports_the_earlier_outcomes(way):
    at = {("MAIL", 3): "421 closing", ("GREETING", 2): "554 go away"}
    with ScriptedServer(WAYS[way], at) as server, wire_to(server.port) as wire:
        letters = in_short(wire.hand_over_group(mails()))
        assert letters == "AA!"
        check_against(server, letters)


@ways
@pytest.mark.parametrize("fault", [DROP, HANG, GARBAGE, "421 bye", "500 what?"])
def test_a_failing_quit_harms_nothing(way, fault):
    with ScriptedServer(WAYS[way], {("QUIT", 0): fault}) as server:
        with wire_to(server.port, mail_timeout_s=patience_s(fault)) as wire:
            assert in_short(wire.hand_over_group(mails())) == "AAAAA"
        assert server.recipients() == [f"{name}@example.com" for name in NAMES]


@pytest.mark.parametrize("way", ["plain", "pipelining"])
@pytest.mark.parametrize("fault", [None, DROP, HANG, GARBAGE, "421 bye", "500 what?"])
def test_after_a_refusal_the_connection_is_reset_or_a_new_one_opened(way, fault):
    at = {("RCPT", 3): "550 nobody", ("RSET", 1): fault}
    with ScriptedServer(WAYS[way], at) as server, wire_to(server.port, mail_timeout_s=patience_s(fault)) as wire:
        letters = in_short(wire.hand_over_group(mails()))
        assert letters == "AAPAA"
        check_against(server, letters)
        assert server.connections == (2 if fault else 1)


@pytest.mark.parametrize(
    ("fault", "expected"), [(DROP, "AADDD"), (HANG, "AADDD"), ("500 what?", "AADDD"), ("421 bye", "AAAAA")]
)
def test_the_connection_is_reset_between_chunked_mails(fault, expected):
    with (
        ScriptedServer(CHUNKING, {("RSET", 2): fault}) as server,
        wire_to(server.port, mail_timeout_s=patience_s(fault)) as wire,
    ):
        letters = in_short(wire.hand_over_group(mails()))
        assert letters == expected
        check_against(server, letters)


def test_the_sender_of_a_refused_chunk_is_not_used_for_another_mail():
    """Some servers keep the transaction of a mail without recipients open; the next mail must not join it."""
    with ScriptedServer(CHUNKING, {("RCPT", 2): "550 nobody"}) as server, wire_to(server.port) as wire:
        assert in_short(wire.hand_over_group(mails())) == "APAAA"
        check_against(server, "APAAA")


@pytest.mark.parametrize("way", ["plain", "pipelining"])
def test_a_server_that_expects_data_without_recipients_gets_an_empty_text(way):
    at = {("RCPT", 2): "550 nobody", ("DATA", 0): "354 go on"}
    with ScriptedServer(WAYS[way], at) as server, wire_to(server.port) as wire:
        letters = in_short(wire.hand_over_group(mails()))
        assert letters == "APAAA"
        check_against(server, letters)
        assert server.connections == 1


def test_a_421_after_which_the_server_continues_duplicates_nothing():
    """The server says that it closes, and still takes what was already on its way."""
    with ScriptedServer(CHUNKING, {("MAIL", 3): "421 busy"}, closes_after_421=False) as server:
        with wire_to(server.port) as wire:
            outcomes = list(wire.hand_over_group(mails()))
        assert [outcome.code for outcome in outcomes] == [250, 250, 421, 250, 250]
        check_against(server, in_short(outcomes))


@ways
def test_a_connection_that_the_server_closed_meanwhile_is_opened_again(way):
    with ScriptedServer(WAYS[way]) as server, wire_to(server.port) as wire:
        assert in_short(wire.hand_over_group(mails())) == "AAAAA"
        server.hang_up()
        names = ["fajar", "gita", "hadi"]
        assert in_short(wire.hand_over_group(mails(names))) == "AAA"
        assert server.recipients() == [f"{name}@example.com" for name in (*NAMES, *names)]
        assert server.connections == 2


def test_a_connection_that_died_while_idle_is_detected_before_chunked_mails_are_sent(monkeypatch):
    monkeypatch.setattr(pipeline, "IDLE_S", -1.0)
    with (
        ScriptedServer(CHUNKING, {("RSET", 5): HANG}) as server,
        wire_to(server.port, mail_timeout_s=patience_s(HANG)) as wire,
    ):
        assert in_short(wire.hand_over_group(mails())) == "AAAAA"  # with four RSETs between them
        assert in_short(wire.hand_over_group(mails(["fajar"]))) == "A"
        assert server.connections == 2


RELAY_DENIED = "554 5.7.1 <x>: Relay access denied"


@ways
@pytest.mark.parametrize("words", [RELAY_DENIED, "550 relay not permitted", "550-5.7.1 go\r\n550 5.7.1 away"])
def test_a_server_that_refuses_all_our_recipients_uses_up_no_mail(way, words):
    with ScriptedServer(WAYS[way], {("RCPT", 0): words}) as server, wire_to(server.port) as wire:
        told = []
        with pytest.raises(ChannelDown) as caught:
            told.extend(wire.hand_over_group(mails()))
        assert caught.value.trouble is ChannelTrouble.RELAY
        assert (told, server.taken) == ([], [])


@ways
def test_one_or_two_denied_relays_alone_may_be_tried_again(way):
    with ScriptedServer(WAYS[way], {("RCPT", 0): RELAY_DENIED}) as server, wire_to(server.port) as wire:
        assert in_short(wire.hand_over_group(mails(["ani", "budi"]))) == "TT"


@ways
def test_a_denied_relay_is_permanent_if_another_recipient_is_accepted(way):
    def at_rcpt(recipient):
        return None if recipient.startswith(("citra", "eko")) else RELAY_DENIED

    with ScriptedServer(WAYS[way], {("RCPT", 0): at_rcpt}) as server, wire_to(server.port) as wire:
        assert in_short(wire.hand_over_group(mails())) == "PPAPA"
        assert in_short(wire.hand_over_group(mails(["ani", "budi", "dewi", "hadi"]))) == "PPPP"


@ways
def test_unknown_recipients_are_refused_permanently_however_many(way):
    with ScriptedServer(WAYS[way], {("RCPT", 0): "550 5.1.1 no such user"}) as server, wire_to(server.port) as wire:
        assert in_short(wire.hand_over_group(mails())) == "PPPPP"


@pytest.mark.parametrize("code", [500, 502, 504])
def test_a_server_that_announces_chunking_without_supporting_it_gets_plain_data(code):
    with ScriptedServer(CHUNKING, {("BDAT", 0): f"{code} what?"}) as server, wire_to(server.port) as wire:
        assert in_short(wire.hand_over_group(mails())) == "AAAAA"
        check_against(server, "AAAAA")
        assert server.verbs.count("BDAT") == 1
        assert in_short(wire.hand_over_group(mails(["fajar"]))) == "A"
        assert (server.verbs.count("BDAT"), server.connections) == (1, 2)


@ways
@pytest.mark.parametrize(("limit", "connections"), [(1, 5), (2, 3), (5, 1), (0, 1)])
def test_a_connection_carries_at_most_the_allowed_mails(way, limit, connections):
    with ScriptedServer(WAYS[way]) as server, wire_to(server.port, mail_per_connection=limit) as wire:
        assert in_short(wire.hand_over_group(mails())) == "AAAAA"
        check_against(server, "AAAAA")
        assert server.connections == connections
    assert server.verbs.count("QUIT") == connections


@ways
def test_the_limit_of_flask_mail_applies_too(way):
    with ScriptedServer(WAYS[way]) as server, wire_to(server.port, mail_per_connection=4) as wire:
        wire.mail.max_emails = 3
        assert in_short(wire.hand_over_group(mails())) == "AAAAA"
        assert server.connections == 2


@pytest.mark.parametrize(("way", "ahead"), [("plain", 2), ("pipelining", 2), ("chunking", pipeline.WINDOW_MAILS)])
def test_mails_are_composed_only_shortly_before_sending(way, ahead):
    made, told, most = 0, 0, 0

    def making():
        nonlocal made, most
        for number in range(300):
            made += 1
            most = max(most, made - told)
            yield a_mail(f"ani{number}@example.com")

    with ScriptedServer(WAYS[way]) as server, wire_to(server.port) as wire:
        for outcome in wire.hand_over_group(making()):
            told += 1
            assert isinstance(outcome, Accepted)
    assert (made, told) == (300, 300)
    assert most <= ahead + 1


@pytest.mark.parametrize("way", ["plain", "pipelining"])
def test_the_next_mail_is_composed_while_the_server_handles_the_previous_one(way):
    began = threading.Event()
    made = threading.Event()

    def while_working(_recipient):
        began.set()
        return None if made.wait(30) else "451 nothing was made meanwhile"

    def making():
        yield from mails(["ani", "budi"])
        assert began.wait(30)
        made.set()
        yield from mails(["citra"])

    with (
        ScriptedServer(WAYS[way], {("END", 1): while_working}) as server,
        wire_to(server.port) as wire,
    ):
        assert in_short(wire.hand_over_group(making())) == "AAA"


@ways
def test_each_way_of_sending_uses_as_few_round_trips_as_possible(way):
    """Each write is a round trip to a distant server; reducing their number is the purpose of the other ways."""
    with ScriptedServer(WAYS[way]) as server, wire_to(server.port) as wire:
        wire.open()
        writes = _count_writes(wire)
        assert in_short(wire.hand_over_group(mails())) == "AAAAA"
        assert len(writes) == {"plain": 20, "pipelining": 6, "chunking": 2}[way]


def _count_writes(wire) -> list[int]:
    stream, writes = wire._talk.stream, []
    write = stream.write

    def noting(data: bytes) -> None:
        if data:
            writes.append(len(data))
        write(data)

    stream.write = noting
    return writes


@ways
def test_an_error_in_composing_a_mail_comes_after_the_outcomes_of_the_others(way):
    def making():
        yield from mails(["ani", "budi"])
        raise LookupError("no such activity")

    told = []
    with ScriptedServer(WAYS[way]) as server, wire_to(server.port) as wire:
        with pytest.raises(LookupError):
            told.extend(wire.hand_over_group(making()))
        assert in_short(told) == "AA"
        assert in_short(wire.hand_over_group(mails(["citra"]))) == "A"
        assert server.recipients() == ["ani@example.com", "budi@example.com", "citra@example.com"]


@ways
def test_a_caller_that_stops_iterating_leaves_a_working_connection(way):
    with ScriptedServer(WAYS[way]) as server, wire_to(server.port) as wire:
        group = wire.hand_over_group(mails())
        assert isinstance(next(group), Accepted)
        group.close()
        assert in_short(wire.hand_over_group(mails(["fajar"]))) == "A"
        taken = server.recipients()
        assert len(taken) == len(set(taken))
        assert taken[0], taken[-1] == ("ani@example.com", "fajar@example.com")


@ways
def test_nothing_to_send_opens_no_connection(way):
    with ScriptedServer(WAYS[way]) as server, wire_to(server.port) as wire:
        assert list(wire.hand_over_group([])) == []
        assert server.connections == 0


BAD = ["ani@example.com>\r\nRCPT TO:<eve@example.com", "ani\r\n@example.com", "a ni@example.com", "<ani@example.com>",
       "ani@example.com ", "ani", "", "@example.com", "ani@", "ani@exam\x00ple.com", "ani@example.com\n", "an\u2028i@example.com",
       "ani@" + "x" * 300]  # fmt: skip


@ways
def test_an_address_cannot_become_a_command(way):
    with ScriptedServer(WAYS[way]) as server, wire_to(server.port) as wire:
        group = [mail for bad in BAD for mail in (a_mail(bad), *mails(["ani"]))]
        assert in_short(wire.hand_over_group(group)) == "PA" * len(BAD)
        assert in_short(wire.hand_over_group([replace(a_mail(), sender=bad) for bad in BAD if bad])) == "P" * (
            len(BAD) - 1
        )
        assert set(server.recipients()) == {"ani@example.com"}
        assert server.verbs.count("RCPT") == len(BAD)


@ways
def test_a_mail_above_the_servers_size_limit_is_not_sent(way):
    with ScriptedServer((*WAYS[way], f"SIZE {len(BODY)}")) as server, wire_to(server.port) as wire:
        assert (
            in_short(wire.hand_over_group([*mails(["ani"]), a_mail(data=BODY + b"x\r\n"), *mails(["budi"])])) == "APA"
        )
        assert server.verbs.count("MAIL") == 2


def test_the_remaining_mails_get_no_reply_meant_for_another():
    """The third is too large; the second and fourth wait for the first until their check is too old."""
    ani, budi, citra, dewi = mails(NAMES[:4])
    with (
        ScriptedServer(("SIZE 100",)) as server,
        wire_to(server.port, lambda: not server.taken) as wire,
    ):
        found = list(wire.hand_over_group([ani, budi, replace(citra, data=BODY * 9), dewi]))
        assert in_short(found) == "A"
        assert server.recipients() == ["ani@example.com"]


@pytest.mark.parametrize("size", ["SIZE", "SIZE 0", "SIZE many"])
def test_a_server_without_a_size_limit_gets_any_mail(size):
    with ScriptedServer((*PIPELINING, size)) as server, wire_to(server.port) as wire:
        assert in_short(wire.hand_over_group(mails())) == "AAAAA"


def test_a_server_that_reads_on_only_after_its_replies_are_read_does_not_deadlock():
    """Neither side waits forever for the other, however small the buffers are."""
    wordy = ("250-" + "x" * 1000 + "\r\n") * 60 + "250 Ok"
    with ScriptedServer(CHUNKING, {("MAIL", 0): wordy}, buffer=8192) as server:
        with wire_to(server.port) as wire:
            little_room(wire)
            group = [a_mail(f"ani{number}@example.com", BODY + b"Halo\r\n" * 10_000) for number in range(12)]
            assert in_short(wire.hand_over_group(group)) == "A" * 12
        assert len(server.taken) == 12


def little_room(wire) -> None:
    """Allow only a few KB in transit at once."""
    wire.open()
    for buffer in (socket.SO_RCVBUF, socket.SO_SNDBUF):
        wire.host.sock.setsockopt(socket.SOL_SOCKET, buffer, 8192)


@pytest.mark.parametrize(
    ("way", "verb", "fault", "expected"),
    [
        ("plain", "DATA", REPLY_AND_DROP, "ATA"),
        ("pipelining", "DATA", REPLY_AND_DROP, "ATA"),
        ("chunking", "MAIL", lambda _recipient: time.sleep(0.2) or DROP, "AAA"),
        ("chunking", "RCPT", lambda _recipient: time.sleep(0.2) or DROP, "ATA"),
    ],
)
def test_a_mail_whose_end_was_never_sent_is_not_in_doubt(way, verb, fault, expected):
    server = ScriptedServer(WAYS[way], {(verb, 2): fault}, buffer=8192)
    with server, wire_to(server.port) as wire:
        little_room(wire)
        large = BODY + b"Halo\r\n" * 100_000
        assert in_short(wire.hand_over_group([replace(mail, data=large) for mail in mails(NAMES[:3])])) == expected
        assert len(server.taken) == expected.count("A")


def test_an_endless_line_is_not_read_to_its_end():
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_connection(listener.getsockname()) as ours:
        theirs, _ = listener.accept()
        with theirs:
            theirs.sendall(b"250 " + b"x" * 60_000)
            with pytest.raises(ConnectionLost, match="no end"):
                Stream(ours, 1).reply(0.3)


@ways
@pytest.mark.parametrize("words", ["250-" + "x" * 1000 + "\r\n", "x" * 1000, "250-" + "x" * 8000 + "\r\n250-y\r\n"])
def test_an_endless_reply_is_no_reply(way, words):
    with ScriptedServer(WAYS[way], {("RCPT", 3): words * 200 + "250 Ok"}) as server, wire_to(server.port) as wire:
        letters = in_short(wire.hand_over_group(mails()))
        assert letters == ("AADDD" if way == "chunking" else "AATAA")
        check_against(server, letters)


@ways
def test_a_surplus_reply_is_not_used_for_the_next_mail(way):
    verb = "BDAT" if way == "chunking" else "END"
    with ScriptedServer(WAYS[way], {(verb, 1): "250 taken\r\n250 twice"}) as server, wire_to(server.port) as wire:
        assert in_short(wire.hand_over_group(mails(["ani"]))) == "A"
        assert in_short(wire.hand_over_group(mails(["budi"]))) == "A"
        assert server.connections == 2


@ways
@pytest.mark.parametrize("seed", range(25))
def test_the_outcomes_are_true_whatever_the_server_does(way, seed):
    """Random faults at random places; the outcomes must match the server's own list."""
    dice = random.Random(f"{way}{seed}")
    faults = [DROP, RESET, GARBAGE, WRONG, TAKE_AND_DROP, REPLY_AND_DROP, "421 bye", "451 later", "552 no", "500 what?",
              "250 surplus\r\n250 surplus"]  # fmt: skip
    verbs = ["MAIL", "RCPT", "RSET", "BDAT", "DATA", "END", "GREETING"]
    at = {(dice.choice(verbs), dice.randint(1, 20)): dice.choice(faults) for _ in range(dice.randint(1, 12))}
    names = [f"ani{number}" for number in range(20)]
    server = ScriptedServer(WAYS[way], at, closes_after_421=dice.random() < 0.7)
    with server, wire_to(server.port, mail_per_connection=dice.choice([0, 0, 3, 7])) as wire:
        letters = in_short(wire.hand_over_group(mails(names)))
        assert len(letters) == 20 or letters.endswith("!")
        check_against(server, letters.rstrip("!"), names)


@ways
def test_a_caller_that_counts_instead_of_exhausting_the_iterator_leaves_the_connection_open(way):
    with ScriptedServer(WAYS[way]) as server, wire_to(server.port, mail_per_connection=10) as wire:
        for _ in range(3):
            outcomes = zip(NAMES, wire.hand_over_group(mails()), strict=False)
            assert in_short(outcome for _, outcome in outcomes) == "AAAAA"
        assert server.connections == 2
    assert server.verbs.count("QUIT") == 2


@ways
def test_large_mails_with_repaired_lines_do_not_stop_the_others(way):
    group = [replace(mail, data=b"x\n" * 400_000) for mail in mails()]
    with ScriptedServer(WAYS[way]) as server, wire_to(server.port) as wire:
        assert in_short(wire.hand_over_group(group)) == "AAAAA"
        assert [len(text) for _, _, text in server.taken] == [1_200_000] * 5
