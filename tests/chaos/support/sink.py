"""A mail server in its own process. Its log is the truth about the mails taken, and it misbehaves as told.

    python -m tests.chaos.support.sink LOG OPTIONS   (JSON: extensions, answer_after_s, keep, seed)

Prints its port, then obeys lines of JSON on its standard input ({"faults": […], "extensions": […]}) and answers
how often each former fault could still have occurred.
A log line is written before the 250 is sent: Message-ID, recipient, sender, instant, and the mail if it is kept.
"""

import asyncio
import base64
import json
import os
import random
import re
import signal
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos.support.faults import (
    DATA,
    DOT,
    DROP,
    DROP_AFTER_REPLY,
    DROP_AFTER_TAKING,
    GARBAGE,
    HANG,
    HANG_AFTER_TAKING,
    KILL,
    KILL_AFTER_REPLY,
    KILL_AFTER_TAKING,
    KILLS,
    Fault,
)  # fmt: skip

MESSAGE_ID = re.compile(rb"^message-id:\s*(\S+)", re.I | re.M)
ADDRESS = re.compile(r"<([^>]*)>")
LIMIT = 64 * 1024 * 1024


class Gone(Exception):
    """The client is gone, or its connection must be closed."""


@dataclass
class Sink:
    log: int  # file descriptor
    extensions: tuple[str, ...] = ()
    answer_after_s: float = 0.0  # the time that this server takes for each mail
    keep: bool = False
    chance: random.Random = field(default_factory=random.Random)
    faults: list[Fault] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(Gone, OSError, asyncio.IncompleteReadError):
            await Client(self, reader, writer).talk()
        writer.close()

    def fault_at(self, verb: str, recipient: str, pid_of_peer) -> Fault | None:
        for fault in self.faults:
            if fault.verb != verb or not recipient.startswith(fault.to):
                continue
            if fault.what in KILLS and not pid_of_peer(fault.pid):
                continue
            if fault.after > 0:
                fault.after -= 1
            elif fault.times != 0 and self.chance.random() < fault.chance:
                if fault.times is not None:
                    fault.times -= 1
                return fault
        return None

    def broke(self, connection: int) -> None:
        """Record that a fault ended a connection: the client may not have got the last replies."""
        os.write(self.log, json.dumps({"broke": connection}).encode() + b"\n")

    def took(self, connection: int, sender: str, recipient: str, data: bytes, what: str) -> None:
        found = MESSAGE_ID.search(data)
        line = {
            "id": found[1].decode() if found else "",
            "to": recipient,
            "from": sender,
            "at": time.time(),
            "why": what,
            "on": connection,
        }
        if self.keep:
            line["mail"] = base64.b64encode(data).decode()
        os.write(self.log, json.dumps(line).encode() + b"\n")  # one write: complete, and passed to the kernel


class Client:
    """One connection, by its number."""

    number = 0

    def __init__(self, sink: Sink, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        Client.number += 1
        self.number = Client.number
        self.sink, self.reader, self.writer = sink, reader, writer
        self.sender: str | None = None
        self.recipients: list[str] = []
        self.chunks: list[bytes] = []

    async def talk(self) -> None:
        if await self._passes("CONNECT"):
            await self._say("220 sink ESMTP")
        while line := await self.reader.readline():
            words = line.decode("utf-8", "replace").strip()
            verb = words.split(" ")[0].upper()
            await getattr(self, f"_{verb.lower()}", self._unknown)(words)
            if verb == "QUIT":
                return

    async def _ehlo(self, words: str) -> None:
        self._forget()
        if await self._passes("EHLO"):
            offered = ["sink", "8BITMIME", "SMTPUTF8", "SIZE 50000000", *self.sink.extensions]
            lines = [f"250-{extension}" for extension in offered[:-1]] + [f"250 {offered[-1]}"]
            await self._say("\r\n".join(lines))

    _helo = _ehlo

    async def _auth(self, words: str) -> None:
        if await self._passes("AUTH"):
            if words.upper() in ("AUTH LOGIN", "AUTH PLAIN"):
                await self._say("334 ")
                await self.reader.readline()
            elif words.upper().startswith("AUTH LOGIN"):
                await self._say("334 UGFzc3dvcmQ6")
                await self.reader.readline()
            await self._say("235 welcome")

    async def _mail(self, words: str) -> None:
        if self.sender is not None:
            await self._say("503 one at a time")
        elif await self._passes("MAIL"):
            self.sender = ADDRESS.search(words)[1]
            await self._say("250 ok")

    async def _rcpt(self, words: str) -> None:
        recipient = ADDRESS.search(words)[1]
        if self.sender is None:
            await self._say("503 MAIL first")
        elif await self._passes("RCPT", recipient):
            self.recipients.append(recipient)
            await self._say("250 ok")

    async def _data(self, words: str) -> None:
        if not self.recipients:
            await self._say("554 no valid recipients" if self.sender is not None else "503 MAIL first")
            return
        if not await self._passes(DATA, self.recipients[0], meanwhile=self._half_a_mail):
            self._forget()
            return
        await self._say("354 go on")
        data = await self.reader.readuntil(b"\r\n.\r\n")
        data = data[:-3].replace(b"\r\n..", b"\r\n")
        await self._take(data[1:] if data.startswith(b"..") else data)

    async def _half_a_mail(self) -> None:
        await self._say("354 go on")
        await self.reader.readexactly(200)

    async def _bdat(self, words: str) -> None:
        parts = words.upper().split()
        last = parts[-1] == "LAST"
        chunk = await self.reader.readexactly(int(parts[1]))
        if not self.recipients:
            await self._say("503 no valid recipients")
            self._forget()
            return
        if not self.chunks and not await self._passes(DATA, self.recipients[0]):
            self._forget()
            return
        self.chunks.append(chunk)
        if last:
            await self._take(b"".join(self.chunks))
        else:
            await self._say("250 go on")

    async def _take(self, data: bytes) -> None:
        recipient = self.recipients[0]
        if self.sink.answer_after_s:
            await asyncio.sleep(self.sink.answer_after_s)
        fault = self.sink.fault_at(DOT, recipient, self._is_peer)
        what = fault.what if fault else ""
        if what == KILL:
            self._kill(fault.pid)
            raise Gone
        if what and what not in (
            DROP_AFTER_TAKING,
            HANG_AFTER_TAKING,
            DROP_AFTER_REPLY,
            KILL_AFTER_TAKING,
            KILL_AFTER_REPLY,
        ):
            self._forget()
            await self._misbehave(what)
            return
        for address in self.recipients:
            self.sink.took(self.number, self.sender, address, data, what)
        self._forget()
        if what == KILL_AFTER_TAKING:
            self._kill(fault.pid)
            raise Gone
        if what in (DROP_AFTER_TAKING, HANG_AFTER_TAKING):
            await self._misbehave(DROP if what == DROP_AFTER_TAKING else HANG)
        await self._say("250 2.0.0 taken")
        if what == KILL_AFTER_REPLY:
            self._kill(fault.pid)
            raise Gone
        if what == DROP_AFTER_REPLY:
            self.writer.write_eof()  # and read on, otherwise unread data would destroy the reply too (RST)
            with suppress(TimeoutError):
                await asyncio.wait_for(self.reader.read(LIMIT), 2)
            raise Gone

    async def _rset(self, words: str) -> None:
        self._forget()
        if await self._passes("RSET"):
            await self._say("250 ok")
        else:
            self.sink.broke(self.number)  # no client continues with a server that fails RSET

    async def _quit(self, words: str) -> None:
        if await self._passes("QUIT"):
            await self._say("221 bye")

    async def _noop(self, words: str) -> None:
        await self._say("250 ok")

    async def _unknown(self, words: str) -> None:
        await self._say("500 what?")

    async def _passes(self, verb: str, recipient: str = "", meanwhile=None) -> bool:
        """Return whether the verb runs without a fault; a fault has sent its reply by then."""
        fault = self.sink.fault_at(verb, recipient, self._is_peer)
        if fault is None:
            return True
        if fault.what == KILL:
            self._kill(fault.pid)
            raise Gone
        if fault.what == DROP and meanwhile:
            await meanwhile()
        await self._misbehave(fault.what)
        return False

    async def _misbehave(self, what: str) -> None:
        if what in (DROP, HANG, GARBAGE) or what.startswith("421"):
            self.sink.broke(self.number)
        if what == DROP:
            self.writer.transport.abort()
            raise Gone
        if what == HANG:
            while await self.reader.read(65536):
                pass
            raise Gone
        await self._say("\x00\xfe what is this" if what == GARBAGE else what)
        if what.startswith("421"):
            raise Gone

    async def _say(self, words: str) -> None:
        self.writer.write(words.encode("latin-1") + b"\r\n")
        await self.writer.drain()

    def _forget(self) -> None:
        self.sender, self.recipients, self.chunks = None, [], []

    def _is_peer(self, pid: int) -> bool:
        """Return whether the process has the other end of this connection, by /proc."""
        port = self.writer.get_extra_info("peername")[1]
        with suppress(OSError):
            for line in Path("/proc/net/tcp").read_text().splitlines():
                parts = line.split()
                if parts[1].endswith(f":{port:04X}"):
                    wanted = f"socket:[{parts[9]}]"
                    return any(_link(f"/proc/{pid}/fd/{fd}") == wanted for fd in os.listdir(f"/proc/{pid}/fd"))
        return False

    def _kill(self, pid: int) -> None:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _link(path: str) -> str:
    try:
        return os.readlink(path)
    except OSError:
        return ""


async def obey(sink: Sink) -> None:
    """Take orders until the controlling process is gone."""
    loop = asyncio.get_running_loop()
    orders = asyncio.StreamReader(limit=LIMIT)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    while line := await orders.readline():
        order = json.loads(line)
        left = [fault.times for fault in sink.faults]
        if "faults" in order:
            sink.faults = [Fault(**fault) for fault in order["faults"]]
        sink.extensions = tuple(order.get("extensions", sink.extensions))
        print(json.dumps(left), flush=True)


async def main(path: str, options: str = "{}") -> None:
    wanted = json.loads(options)
    sink = Sink(
        os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600),
        tuple(wanted.get("extensions", ())), wanted.get("answer_after_s", 0.0), wanted.get("keep", False),
        random.Random(wanted.get("seed", 1)),
    )  # fmt: skip
    server = await asyncio.start_server(sink.serve, "127.0.0.1", 0, limit=LIMIT)
    print(server.sockets[0].getsockname()[1], flush=True)
    await obey(sink)
    os._exit(0)  # hanging clients are abandoned


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
