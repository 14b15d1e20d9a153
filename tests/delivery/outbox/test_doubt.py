"""A real Postfix behind a line that breaks: each reader gets the mail, and doubles are mails that were in doubt."""

import time
from collections import Counter
from datetime import timedelta
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from outreach.delivery.outbox import channel, leases, results
from outreach.delivery.outbox.connection import Drainer
from outreach.delivery.outbox.job import Job
from outreach.delivery.outbox.keeper import Keeper
from outreach.domain.mail.failures import ChannelTrouble
from outreach.domain.states import FINISHED, MessageState
from outreach.extensions import db
from outreach.models import Attempt, Message
from tests.delivery.wire_help import CHUNKING
from tests.servers.cutting import Break, CuttingProxy
from tests.servers.postfix import Postfix, missing
from tests.servers.scripted import DROP, ScriptedServer
from tests.world import NOW, StandingClock, drain, invite_many, send_through, until

pytestmark = pytest.mark.slow
with_postfix = pytest.mark.skipif(bool(missing()), reason=missing())
KB = 1000
DEFAULTS = {"mail_timeout_s": 20.0, "mail_answer_s": 600.0}  # a test's other settings are the defaults
PATTERNS = {
    "cut after 200 kB": (200, lambda _number, _chance: Break(after_bytes=200 * KB)),
    "cut after 20 kB": (60, lambda _number, _chance: Break(after_bytes=20 * KB)),
    "cut anywhere": (200, lambda _number, chance: Break(after_bytes=chance.randrange(1, 400 * KB))),
    "closes after 10 mails": (120, lambda _number, _chance: Break(after_mails=10)),
    "closes after 1 mail": (40, lambda _number, _chance: Break(after_mails=1)),
    "one connection of four lasts": (
        60, lambda number, chance: Break() if number % 4 == 0 else Break(after_bytes=chance.randrange(1, 60 * KB))
    ),
}  # fmt: skip
STALLS = {  # where the first three connections stand still, for longer than the client waits
    "in the text of a mail": Break(after_bytes=14 * KB, stalls=True),
    "after the last dot": Break(before_answer=3, stalls=True),
}
IMPATIENT = {"mail_timeout_s": 1.0, "mail_answer_s": 1.0}
HIDDEN = {"with CHUNKING": "", "without CHUNKING": "chunking", "plain": "pipelining, chunking"}


@pytest.fixture(scope="module")
def postfix():
    with Postfix(tuple(HIDDEN.values())) as server:
        yield server


@pytest.fixture(params=HIDDEN)
def port(request, postfix) -> int:
    """The port at which Postfix announces what the parameter says."""
    return postfix.ports[HIDDEN[request.param]]


def unfinished() -> int:
    db.session.rollback()
    return db.session.scalar(sa.select(sa.func.count()).where(Message.state.not_in(FINISHED)))


def work(clock: StandingClock, *, days: float) -> None:
    """Send as an engine does, with the clock a minute ahead after each round."""
    until = clock.now + timedelta(days=days)
    while unfinished() and clock.now < until:
        drain(clock)
        clock.now += timedelta(minutes=1)


def arrived(postfix: Postfix, before: Counter[str], connections: int, people: int) -> Counter[str]:
    """Return how often each recipient got a mail since `before`, once Postfix has delivered all that it took.

    That is when so many connections have ended, its queues are empty, and it writes no more into its log.
    """
    said: list[str] = []

    def at_rest() -> bool:
        said.append(postfix.log())
        quiet = said[-2:] == [said[-1]] * 2 and postfix.connections() >= connections and not postfix.queued()
        return quiet and len(Counter(postfix.delivered()) - before) >= people

    until(at_rest, 60, every=0.05)
    return Counter(postfix.delivered()) - before


def in_doubt() -> int:
    return db.session.scalar(sa.select(sa.func.count()).where(Attempt.outcome == MessageState.UNKNOWN))


@pytest.fixture
def scripted_server():
    with ScriptedServer(CHUNKING) as server:
        yield server


def group_size() -> int | None:
    db.session.rollback()
    found = channel.state()
    return found.group_size if found is not None else None


def test_one_connection_that_breaks_with_fifty_mails_does_not_pause_the_channel(app, office, clock, scripted_server):
    invite_many(50, now=NOW)
    scripted_server.at["BDAT", 2] = lambda _recipient: time.sleep(1) or DROP  # all mails are under way by then
    send_through(app, scripted_server, mail_connections=1)
    drain(clock)
    assert in_doubt() > 3
    assert channel.trouble() is None
    clock.now += timedelta(minutes=1)
    drain(clock)
    assert Counter(db.session.scalars(sa.select(Message.state))) == {MessageState.SENT: 50}


def test_three_connections_in_a_row_without_a_word_pause_the_channel(app, office, clock, scripted_server):
    invite_many(50, now=NOW)
    scripted_server.at["BDAT", 0] = DROP
    send_through(app, scripted_server)
    drain(clock)
    assert channel.trouble().trouble is ChannelTrouble.UNRELIABLE
    assert in_doubt() <= 3


def test_after_a_doubt_groups_are_halved_and_grow_by_one_mail_each(app, office, clock, scripted_server):
    invite_many(150, now=NOW)
    scripted_server.at["BDAT", 10] = DROP
    send_through(app, scripted_server, mail_connections=1)
    drain(clock, limit=50)
    assert group_size() == 25
    connections = scripted_server.connections
    drain(clock, limit=100)
    assert 25 < group_size() <= 28
    assert scripted_server.connections >= connections + 4  # while groups are smaller, each has a connection of its own


def test_groups_also_grow_if_so_few_mails_are_due_at_once_that_none_is_full(app, office, clock, scripted_server):
    invite_many(150, now=NOW)
    scripted_server.at["BDAT", 10] = DROP
    send_through(app, scripted_server, mail_connections=1)
    drain(clock, limit=50)
    assert group_size() == 25
    for _ in range(3):
        drain(clock, limit=10)
    assert group_size() == 26


def test_mails_without_a_doubt_count_on_when_another_connection_makes_the_groups_larger(app, office, clock):
    with Keeper(app, 60, clock) as keeper:
        job = Job(app, app.extensions["outreach"], clock, keeper, lambda: False, None)
        drainer = Drainer(job, "w1")
        job.group = channel.shrunk(50, 50)
        for mails in (20, 5):
            drainer._learn(SimpleNamespace(tried=mails, doubts=0))
            if mails == 20:
                assert channel.grow(25, 50) == (26, True)  # another connection, of another process
        assert group_size() == 26
        drainer._learn(SimpleNamespace(tried=1, doubts=0))
        assert group_size() == 27


def test_a_killed_workers_group_makes_the_next_ones_smaller(app, office, clock, scripted_server):
    invite_many(40, now=NOW)
    send_through(app, scripted_server, mail_connections=1)
    held = leases.claim("w1", 400, 120, now=NOW)
    results.turn([], held, "w1", lease_s=120, now=NOW)
    clock.now += timedelta(minutes=3)
    drain(clock)
    assert group_size() == 21  # 20, and one more after 20 mails that went well
    assert len(scripted_server.taken) == 40


def test_a_mail_that_was_in_doubt_twice_goes_alone_and_plainly(app, office, clock, scripted_server):
    invite_many(2, now=NOW)
    scripted_server.at["BDAT", 0] = DROP
    send_through(app, scripted_server, mail_connections=1)
    for _ in range(4):
        drain(clock)
        clock.now += timedelta(hours=1)
    assert len(scripted_server.taken) == 2
    assert scripted_server.verbs.count("DATA") == 2


@pytest.mark.parametrize("pattern", PATTERNS)
@with_postfix
def test_each_reader_gets_the_mail_however_the_line_breaks(any_app, office, postfix, port, pattern):
    people, breaks = PATTERNS[pattern]
    invite_many(people, now=NOW)
    assert until(lambda: postfix.connections() >= 0)  # none of another test is open
    before, connected = Counter(postfix.delivered()), postfix.connections()
    clock = StandingClock(NOW)
    with CuttingProxy(port, breaks) as line:
        send_through(any_app, line, **DEFAULTS)
        work(clock, days=20)
        assert line.broken
    expected = {f"warga{number}@example.com" for number in range(people)}
    came = arrived(postfix, before, connected + line.connections, people)
    doubles = came.total() - len(came)
    print(f"{pattern}: {len(came)} of {people} arrived, {doubles} doubled, {in_doubt()} in doubt, "
          f"{line.broken} of {line.connections} connections broken, {(clock.now - NOW)}")  # fmt: skip
    assert set(came) == expected
    assert doubles <= in_doubt()
    states = db.session.scalars(sa.select(Message.state)).all()
    assert Counter(states) == {MessageState.SENT: people}


@pytest.mark.parametrize("where", STALLS)
@pytest.mark.parametrize("port", ["with CHUNKING", "without CHUNKING"], indirect=True)
@with_postfix
def test_each_reader_gets_the_mail_if_the_line_stands_still(any_app, office, postfix, port, where):
    """What the client had sent arrives once it has given up: a mail whose last dot it never knew to be there is taken."""
    people = 12
    invite_many(people, now=NOW)
    assert until(lambda: postfix.connections() >= 0)  # none of another test is open
    before, connected = Counter(postfix.delivered()), postfix.connections()
    clock = StandingClock(NOW)
    with CuttingProxy(port, lambda number, _chance: STALLS[where] if number <= 3 else Break()) as line:
        send_through(any_app, line, **IMPATIENT)
        work(clock, days=10)
        assert line.broken
        came = arrived(postfix, before, connected + line.connections, people)
    print(f"{where}: {came.total() - len(came)} doubled of {in_doubt()} in doubt, {line.broken} connections stalled")
    assert set(came) == {f"warga{number}@example.com" for number in range(people)}
    assert came.total() - len(came) <= in_doubt()
    assert in_doubt()
