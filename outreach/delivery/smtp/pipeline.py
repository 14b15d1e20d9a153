"""Send mails over one connection: one command after the other, pipelined (RFC 2920), or in chunks (RFC 3030).

For each mail it is always known whether its last byte may have been sent. Without an answer, the mail is in doubt after
that byte, and certainly not handed over before it. smtp/wire.py connects and begins again on a new connection.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator

from outreach.delivery.line_ends import whole
from outreach.delivery.smtp.commands import Extensions, dotted, envelope_commands
from outreach.delivery.smtp.flight import Ahead, Flight, Going
from outreach.delivery.smtp.outcomes import (
    CLOSING,
    DATA,
    END,
    MAIL_FROM,
    OUT_OF_ORDER,
    RCPT_TO,
    RSET,
    Accepted,
    InDoubt,
    Outcome,
    Permanent,
    about_policy,
    refusal,
    text,
)
from outreach.delivery.smtp.stream import ConnectionLost, ServerReply, Stream

WINDOW = 1024 * 1024  # bytes of mails that may wait for answers at the same time
WINDOW_MAILS = 100
WRITE_AT = 64 * 1024  # bytes of commands and mails collected before they are sent
SLOW_S = 0.5  # if a server needs longer for a mail, the next envelope waits for its answer
IDLE_S = 5.0  # after such a pause a connection is tested before mails go over it in chunks
UNKNOWN_COMMAND = frozenset({500, 502, 504})


class NoChunks(Exception):
    """The server announced CHUNKING but does not know BDAT. Its only mail in flight was not accepted."""


class SmtpTalk:
    """One open connection that sends mails."""

    def __init__(
        self, stream: Stream, known: Extensions, timeout_s: float, *, limit: int = 0, chunks: bool = True,
        plainly: bool = False, still_true: Callable[[], bool] = lambda: True, answer_s: float = 0.0,
        waits: Callable[[bool], None] = lambda _waiting: None,
    ) -> None:  # fmt: skip
        """limit: mails over this connection, 0 for no limit. chunks: whether BDAT may be used if announced.

        plainly: neither pipelining nor BDAT are used. answer_s: how long the answer to a whole mail may take. waits: told
        that this answer is not there within `timeout_s` seconds (True), and that waiting for it is over (False), unless
        the first call failed.
        still_true: asked before a mail begins that waited for the answer to another mail.
        """
        self.stream = stream
        self.full = False
        self.flight = Flight(stream)
        self.known = known
        self._timeout_s = timeout_s
        self._answer_s = max(answer_s, timeout_s)
        self._waits = waits
        self._left = limit or -1
        self.plainly = plainly
        self._pipelining = known.pipelining and not plainly
        self._chunks = chunks and known.chunking and self._pipelining
        self._proven = False  # the server has accepted a chunk
        self._still_true = still_true
        self._slow = False  # the server was slow to accept the last mail
        self._begun = 0
        self._goodbye: ServerReply | None = None

    @property
    def clean(self) -> bool:
        """Whether nothing is under way, and the server seems to be still listening."""
        return not self.flight and self._goodbye is None and self.stream.quiet()

    def ready(self) -> bool:
        """Return whether another mail can begin on this connection."""
        if self.full or not self.clean:
            return False
        if self._chunks and time.monotonic() - self.stream.heard_at > IDLE_S:
            try:
                self.stream.write(b"RSET\r\n")
                return self._ask(RSET).code < 400
            except ConnectionLost:
                return False
        return True

    def try_sender(self, command: bytes) -> ServerReply:
        """Return the server's reply to a MAIL command, then reset. Raise ConnectionLost if the connection ends."""
        self.stream.write(command)
        reply = self._ask(MAIL_FROM)
        if reply.code < 400:
            self.stream.write(b"RSET\r\n")
            self._clear(RSET)
        return reply

    def hand_over(self, ahead: Ahead) -> Iterator[Outcome]:
        """Yield each mail's outcome, in order, until no mail is left or the connection has reached its limit.

        Raise ConnectionLost if the connection ends before that; `flight` then has the mails under way. Raise NoChunks
        if the server does not know BDAT, which it announced.
        """
        yield from self._in_chunks(ahead) if self._chunks else self._by_turns(ahead)
        if self._over:
            raise self._parting(self._goodbye or ServerReply(0, b""))
        yield from self.flight.landed()

    def _by_turns(self, ahead: Ahead) -> Iterator[Outcome]:
        """Send one mail's text at a time. With pipelining, the next mail's envelope goes with the final dot.

        This is not done with a slow server: a mail that waited may no longer be true, but a mail that has begun must
        go.
        """
        now = self._take(ahead)
        ending, answered = b"", _nothing
        while now is not None or ending:
            pipelined = self._pipelining and not self._slow
            self.stream.write(b"".join((ending, *now.commands)) if now is not None and pipelined else ending)
            then = None if now is None else self._take(ahead)  # made while the server works
            answered()
            yield from self.flight.known()
            if ending and not self._still_true():
                self._leave(then)
                then = None
                if not pipelined:
                    self._leave(now)
                    now = None
            ending, answered = (b"", _nothing) if now is None else self._open(now, pipelined=pipelined)
            now = then

    def _open(self, now: Going, *, pipelined: bool) -> tuple[bytes, Callable[[], None]]:
        """Send a mail's envelope. Return the bytes to send next, and the function that reads the answer to them."""
        reply = ServerReply(0, b"")
        for verb, command in zip((MAIL_FROM, RCPT_TO, DATA), now.commands, strict=True):
            if not pipelined:
                if now.outcome is not None:
                    break
                self.stream.write(command)
            reply = self._ask(verb)
            if reply.code == CLOSING:
                raise self._parting(reply)
            if verb == MAIL_FROM and reply.code == OUT_OF_ORDER and self.flight.answered:
                raise ConnectionLost(text(reply.words), reply.code)  # it missed the end of the mail before
            now.heard = True
            if now.outcome is None:
                self._note(now, verb, reply)
            if self.flight.down:
                raise self._parting(reply)
        if now.outcome is None:
            body = dotted(now.mail.data)
            now.end = self.stream.queued + len(body)
            return body, lambda: self._end(now)
        if reply.code == 354:  # the server waits for the text of a mail without recipients
            return b".\r\n", lambda: self._clear(END)
        return b"RSET\r\n", lambda: self._clear(RSET)

    def _end(self, going: Going) -> None:
        began = time.monotonic()
        reply = self._ask(END)
        self._slow = time.monotonic() - began > SLOW_S
        if reply.code < 400:
            if self.stream.sent < going.end:
                raise ConnectionLost("The server took a mail before its end.")
            self.flight.settle(going, Accepted(reply.code, text(reply.words)))
            return
        self._note(going, END, reply)
        if reply.code == CLOSING or self.flight.down:
            raise self._parting(reply)

    def _clear(self, verb: str) -> None:
        """Read the answer to the command that ends a refused mail."""
        reply = self._ask(verb)
        if reply.code == CLOSING:
            raise self._parting(reply)
        if verb == RSET and reply.code >= 400:
            raise ConnectionLost("The server does not reset.")

    def _in_chunks(self, ahead: Ahead) -> Iterator[Outcome]:
        """Send several mails at a time, within the window. The first mail goes alone, as a trial."""
        waiting: deque[Going] = deque()
        pieces: list[bytes] = []
        gathered = under_way = 0
        more = True
        while (more and not self._over) or waiting:
            room = not waiting or (self._proven and under_way < WINDOW and len(waiting) < WINDOW_MAILS)
            now = self._take(ahead) if more and room and not self._over else None
            if now is not None:
                data = whole(now.mail.data)
                mail, rcpt, _ = now.commands
                now.resets = self._begun > 1  # a failed mail then never affects the next one
                piece = b"%b%b%bBDAT %d LAST\r\n%b" % (b"RSET\r\n" if now.resets else b"", mail, rcpt, len(data), data)
                pieces.append(piece)
                gathered += len(piece)
                under_way += len(now.mail.data)
                now.end = self.stream.queued + gathered
                waiting.append(now)
                if gathered < WRITE_AT and self._proven:
                    continue
            elif room:
                more = False
            if pieces:
                self.stream.write(b"".join(pieces))
                pieces, gathered = [], 0
                if now is not None:
                    continue  # make the next mail while the server works
            if waiting:
                oldest = waiting.popleft()
                self._hear(oldest)
                under_way -= len(oldest.mail.data)
                if not self._over:
                    yield from self.flight.known()

    def _hear(self, going: Going) -> None:
        """Read all answers to a chunked mail, also after a 421, because the server may still continue."""
        replies: dict[str, ServerReply] = {}
        try:
            if going.resets and self._ask(RSET).code >= 400 and self._goodbye is None:
                raise ConnectionLost("The server does not reset.")
            for verb in (MAIL_FROM, RCPT_TO, END):
                replies[verb] = self._ask(verb)
                going.heard = going.heard or replies[verb].code != CLOSING
        except ConnectionLost as lost:
            if self._goodbye is not None and lost.closed:
                raise self._parting(self._goodbye) from lost
            if any(reply.code >= 400 for reply in replies.values()):
                self._conclude(going, replies)
            raise
        if replies[MAIL_FROM].code < 400:
            self.flight.granted(MAIL_FROM)
            if replies[RCPT_TO].code < 400:
                self.flight.granted(RCPT_TO)
                if replies[END].code in UNKNOWN_COMMAND and not self._proven:
                    raise NoChunks
                self._proven = self._proven or replies[END].code < 400
        self._conclude(going, replies)

    def _conclude(self, going: Going, replies: dict[str, ServerReply]) -> None:
        refused = next(((verb, reply) for verb, reply in replies.items() if reply.code >= 400), None)
        if refused is None:
            self.flight.settle(going, Accepted(replies[END].code, text(replies[END].words)))
        elif refused[0] == MAIL_FROM and all(replies[verb].code < 400 for verb in (RCPT_TO, END) if verb in replies):
            self.flight.settle(going, InDoubt(None, text(refused[1].words)))  # the server contradicts itself
        else:
            self._note(going, *refused)

    @property
    def _over(self) -> bool:
        return self.flight.down or self._goodbye is not None

    def _take(self, ahead: Ahead) -> Going | None:
        """Return the next mail that this server can take. Mails that it cannot take get their outcome here."""
        while self._left:
            going = ahead.take()
            if going is None:
                return None
            self.flight.add(going)
            try:
                mail, rcpt = envelope_commands(going.mail, self.known)
            except Permanent as unfit:
                going.outcome = unfit
                continue
            going.commands = (mail, rcpt, b"DATA\r\n")
            self._left -= 1
            self._begun += 1
            self.full = not self._left
            return going
        return None

    def _leave(self, going: Going | None) -> None:
        """Leave a fetched mail without an outcome. Nothing of it was sent."""
        if going is not None:
            self.flight.leave(going)
            self._left, self._begun, self.full = self._left + 1, self._begun - 1, False

    def _note(self, going: Going, verb: str, reply: ServerReply) -> None:
        if reply.code >= 400:
            refused = refusal(verb, reply.code, reply.words)
            self.flight.settle(going, refused, by_policy=verb == RCPT_TO and about_policy(reply.code, reply.words))
        else:
            self.flight.granted(verb)

    def _ask(self, verb: str) -> ServerReply:
        """Return the next reply. Raise ConnectionLost if it is no valid answer to `verb`."""
        reply = self._end_of_mail() if verb == END else self.stream.reply(self._timeout_s)
        good = reply.code == 354 if verb == DATA else 200 <= reply.code < 300
        if not good and not 400 <= reply.code < 600:
            raise ConnectionLost(f"No answer to {verb}: {reply.code} {text(reply.words)}")
        if reply.code == CLOSING:
            self._goodbye = reply
        return reply

    def _end_of_mail(self) -> ServerReply:
        waiting = False

        def late() -> None:
            nonlocal waiting
            self._waits(True)
            waiting = True

        try:
            return self.stream.reply(self._answer_s, soon_s=self._timeout_s, late=late)
        finally:
            if waiting:
                self._waits(False)

    def _parting(self, reply: ServerReply) -> ConnectionLost:
        """Return the error for a connection after a 421: mails that are not answered before it closes were not accepted."""
        return ConnectionLost(text(reply.words), reply.code or None, certain=True)


def _nothing() -> None:
    pass
