"""How mails go over one connection: one command after the other, pipelined (RFC 2920), or in chunks (RFC 3030).

Of each mail it is known at any moment whether its last byte may have left us: without an answer it is in doubt after that,
and certainly not handed over before. Connecting, and beginning again on a new connection, is delivery/smtp/wire.py.
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

DOT_PATIENCE = 3  # the answer to the last dot may take this many times the timeout: RFC 5321, 4.5.3.2.6
WINDOW = 1024 * 1024  # bytes of mails that may wait for their answers at once
WINDOW_MAILS = 100
WRITE_AT = 64 * 1024  # bytes of commands and mails gathered before they are sent
SLOW_S = 0.5  # a server that needs longer for a mail is sent the next one's envelope only after that
IDLE_S = 5.0  # after such a rest a connection is tried before mails are chunked over it
UNKNOWN_COMMAND = frozenset({500, 502, 504})


class NoChunks(Exception):
    """The server announced CHUNKING, and does not know BDAT. Its only mail in flight was not taken."""


class SmtpTalk:
    """One open connection, over which mails go."""

    def __init__(
        self, stream: Stream, known: Extensions, timeout_s: float, *, limit: int = 0, chunks: bool = True,
        still_true: Callable[[], bool] = lambda: True,
    ) -> None:  # fmt: skip
        """limit: mails over this connection, 0 for any number. chunks: whether BDAT may be used where announced.

        still_true: asked before mails begin that waited for the server's answer to another.
        """
        self.stream = stream
        self.full = False
        self.flight = Flight(stream)
        self.known = known
        self._timeout_s = timeout_s
        self._left = limit or -1
        self._chunks = chunks and known.chunking and known.pipelining
        self._proven = False  # the server has taken a chunk
        self._still_true = still_true
        self._slow = False  # it took long to take the last mail
        self._begun = 0
        self._goodbye: ServerReply | None = None

    @property
    def clean(self) -> bool:
        """Whether nothing is under way on this connection, and the server still listens, as far as can be seen from here."""
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
        """Return what the server says to a MAIL command, and take it back; raise Lost where the connection ends."""
        self.stream.write(command)
        reply = self._ask(MAIL_FROM)
        if reply.code < 400:
            self.stream.write(b"RSET\r\n")
            self._clear(RSET)
        return reply

    def hand_over(self, ahead: Ahead) -> Iterator[Outcome]:
        """Yield each mail's outcome, in order, until none is left or the connection is full.

        Raise Lost where the connection ends before that, for whatever reason; `flight` tells of the mails then under way.
        Raise NoChunks where the server does not know what it announced.
        """
        yield from self._in_chunks(ahead) if self._chunks else self._by_turns(ahead)
        if self._over:
            raise self._parting(self._goodbye or ServerReply(0, b""))
        yield from self.flight.landed()

    def _by_turns(self, ahead: Ahead) -> Iterator[Outcome]:
        """One mail's text at a time; where pipelined, the next mail's envelope goes with the last dot.

        Not to a slow server: what has waited for its answer may not be true any more, and what has begun must go.
        """
        now = self._take(ahead)
        ending, answered = b"", _nothing
        while now is not None or ending:
            pipelined = self.known.pipelining and not self._slow
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
        """Bring a mail to where its text can go; return the bytes that end it, and what reads the answer to them."""
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
                raise ConnectionLost(text(reply.words), reply.code)  # it has not noticed the end of the mail before
            now.heard = True
            if now.outcome is None:
                self._note(now, verb, reply)
            if self.flight.down:
                raise self._parting(reply)
        if now.outcome is None:
            body = dotted(now.mail.data)
            now.end = self.stream.queued + len(body)
            return body, lambda: self._end(now)
        if reply.code == 354:  # the server waits for the text of a mail to no one
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
        """Read the answer to what ends a refused mail."""
        reply = self._ask(verb)
        if reply.code == CLOSING:
            raise self._parting(reply)
        if verb == RSET and reply.code >= 400:
            raise ConnectionLost("The server does not reset.")

    def _in_chunks(self, ahead: Ahead) -> Iterator[Outcome]:
        """Many mails at a time, as far as the window allows; the first one alone, as a trial."""
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
                now.resets = self._begun > 1  # so that what became of one mail never touches the next
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
                    continue  # the next is made while the server works
            if waiting:
                oldest = waiting.popleft()
                self._hear(oldest)
                under_way -= len(oldest.mail.data)
                if not self._over:
                    yield from self.flight.known()

    def _hear(self, going: Going) -> None:
        """Read all answers to a chunked mail. After a 421 too, for the server may go on for all that."""
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
        """Return the next mail that can be put before this server; the others get their outcome on the way."""
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
        """Let a mail that was taken, and of which nothing was sent, be without an outcome."""
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
        """Return the next reply, which must have the shape of an answer to `verb`."""
        reply = self.stream.reply(self._timeout_s * DOT_PATIENCE if verb == END else self._timeout_s)
        good = reply.code == 354 if verb == DATA else 200 <= reply.code < 300
        if not good and not 400 <= reply.code < 600:
            raise ConnectionLost(f"No answer to {verb}: {reply.code} {text(reply.words)}")
        if reply.code == CLOSING:
            self._goodbye = reply
        return reply

    def _parting(self, reply: ServerReply) -> ConnectionLost:
        """After a 421 the server takes nothing more: what it has not answered until it closes, it has not taken."""
        return ConnectionLost(text(reply.words), reply.code or None, certain=True)


def _nothing() -> None:
    pass
