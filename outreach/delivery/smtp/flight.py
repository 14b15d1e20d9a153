"""The mails of a group that are under way on a connection, in order, and their outcomes if the connection is lost.

This file sends and reads nothing; smtp/pipeline.py does.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from outreach.delivery.smtp.outcomes import (
    CLOSING,
    MAIL_FROM,
    RCPT_TO,
    Accepted,
    ChannelDown,
    Envelope,
    InDoubt,
    Outcome,
    Permanent,
    Temporary,
)
from outreach.delivery.smtp.stream import ConnectionLost, Stream
from outreach.domain.mail.failures import ChannelTrouble

STRANGERS = 3  # recipients refused by policy before any was accepted: then the refusal is about us
NEVER = 1 << 62


@dataclass(slots=True, eq=False)
class Going:
    """A mail under way. end: number of bytes sent on the stream once the mail's last byte is out."""

    mail: Envelope
    commands: tuple[bytes, bytes, bytes] = (b"", b"", b"")  # MAIL, RCPT and DATA
    resets: bool = False  # RSET is sent first
    outcome: Outcome | ChannelDown | None = None
    end: int = NEVER
    heard: bool = False  # the server has answered its MAIL
    stranger: bool = False  # refused by policy while the server has accepted no recipient from us
    again: bool = False  # begun for the second time, because the first connection had ended


class Ahead:
    """The mails of a group, fetched one by one. Mails that begin again come first."""

    def __init__(self, mails: Iterable[Envelope]) -> None:
        self.error: Exception | None = None  # an error in making a mail; raised once the mails before it have outcomes
        self._mails = iter(mails)
        self._back: deque[Going] = deque()

    def take(self) -> Going | None:
        if self._back:
            return self._back.popleft()
        if self.error is not None:
            return None
        try:
            return Going(next(self._mails))
        except StopIteration:
            return None
        except Exception as error:
            self.error = error
            return None

    def put_back(self, goings: Iterable[Going]) -> None:
        self._back.extendleft(reversed([Going(going.mail, again=going.again) for going in goings]))

    def more(self) -> bool:
        """Return whether there is another mail. This may make the next mail."""
        going = self.take()
        if going is not None:
            self._back.appendleft(going)
        return going is not None


class Flight:
    """Mails under way on one connection, oldest first, until their outcome is yielded."""

    def __init__(self, stream: Stream) -> None:
        self.answered = 0  # mails finished on this connection
        self.relays = False  # the server has accepted a recipient from us
        self.down = False
        self.over: set[ChannelTrouble] = set()  # troubles that the server has shown not to have
        self._stream = stream
        self._goings: deque[Going] = deque()

    def __len__(self) -> int:
        return len(self._goings)

    def add(self, going: Going) -> None:
        self._goings.append(going)

    def leave(self, going: Going) -> None:
        """Remove a mail that has not begun, and all after it: outcomes go to the oldest mail without one."""
        while self._goings.pop() is not going:
            pass

    def granted(self, verb: str) -> None:
        """Note that the server accepted our sender or a recipient."""
        if verb == MAIL_FROM:
            self.over.update((ChannelTrouble.LOGIN, ChannelTrouble.SENDER))
        elif verb == RCPT_TO:
            self.relays = True
            self.over.add(ChannelTrouble.RELAY)

    def settle(self, going: Going, outcome: Outcome | ChannelDown, *, by_policy: bool = False) -> None:
        """Record a mail's outcome. by_policy: "relay access denied" and similar, which may be about us."""
        going.outcome = outcome
        going.stranger = by_policy and not self.relays and isinstance(outcome, Permanent)
        self.answered += 1
        if isinstance(outcome, ChannelDown):
            self.down = True
            return
        self.over.add(ChannelTrouble.UNRELIABLE)
        if going.stranger and not self.relays:
            strangers = [other for other in self._goings if other.stranger]
            if len(strangers) >= STRANGERS:
                self.down = True
                for other in strangers:
                    other.outcome = ChannelDown(ChannelTrouble.RELAY, outcome.code, outcome.words)

    def known(self) -> Iterator[Outcome]:
        """Yield the final outcomes of the oldest mails."""
        while self._goings and not self.down:
            oldest = self._goings[0]
            if oldest.outcome is None or (oldest.stranger and not self.relays):
                return
            self._goings.popleft()
            yield _value(oldest)

    def landed(self) -> Iterator[Outcome]:
        """Yield the outcomes of all mails. One or two refusals by policy prove nothing, so these mails may be retried."""
        while self._goings:
            oldest = self._goings.popleft()
            yield _value(oldest, mild=oldest.stranger and not self.relays)

    def give_back(self, ahead: Ahead) -> None:
        """Let all mails begin again. None of them was handed over."""
        ahead.put_back(self._goings)
        self._goings.clear()

    def crashed(self, lost: ConnectionLost, ahead: Ahead) -> Iterator[Outcome]:
        """Yield the outcomes of the mails after the connection was lost. Mails that had not begun go back to `ahead`.

        Raise ChannelDown if that was the cause or was noticed meanwhile. Mails not yielded by then were not handed
        over.
        """
        goings, self._goings = list(self._goings), deque()
        for going in goings:
            if going.outcome is None and self._stream.sent >= going.end and not lost.certain:
                going.outcome = InDoubt(lost.code, lost.words)
        there = [index for index, going in enumerate(goings) if isinstance(going.outcome, Accepted | InDoubt)]
        firm = there[-1] + 1 if there else 0
        blamed = False  # a mail has already got the lost connection as its outcome
        for index, going in enumerate(goings):
            if index >= firm and isinstance(going.outcome, ChannelDown):
                raise going.outcome
            if going.outcome is None and index >= firm and (blamed or self._stale(going)):
                going.again = going.again or not blamed
                ahead.put_back(goings[index:])
                return
            value = _value(going, lost, mild=going.stranger and not self.relays)
            blamed = blamed or going.outcome is None or isinstance(value, InDoubt) or value.code == CLOSING
            yield value

    def _stale(self, going: Going) -> bool:
        """Return whether the connection had ended before this mail began, as happens to kept connections."""
        return self.answered > 0 and not going.heard and not going.again


def _value(going: Going, lost: ConnectionLost | None = None, *, mild: bool = False) -> Outcome:
    outcome = going.outcome
    if outcome is None:
        assert lost is not None
        return Temporary(lost.code, lost.words)
    if isinstance(outcome, ChannelDown) or mild:
        return Temporary(outcome.code, outcome.words)
    return outcome
