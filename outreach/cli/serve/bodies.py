"""Limits request bodies in waitress. A body that is too large is read to its end and discarded.

So the app's own page can report it: an answer before the end looks like a broken connection to a browser that still sends.

The control parts of a chunked body have their own limit: waitress keeps them in memory, and searches them again with each
piece that arrives.
"""

from typing import Any

from flask import Flask
from waitress import create_server
from waitress.buffers import OverflowableBuffer
from waitress.parser import HTTPRequestParser
from waitress.receiver import ChunkedReceiver
from waitress.server import BaseWSGIServer
from waitress.utilities import RequestHeaderFieldsTooLarge

from outreach.cli.serve.connections import FairChannel

MOST_LISTENED_TO = 1024**3  # bytes; beyond this the connection is closed
MOST_AROUND_CHUNKS = 16 * 1024  # bytes of the line with a chunk's length, and of all data after the last chunk


class Bounded(OverflowableBuffer):
    """Keeps at most `most` bytes. It counts discarded bytes too, so its length is the body's length."""

    def __init__(self, overflow: int, most: int) -> None:
        super().__init__(overflow)
        self._most = most
        self._thrown = 0

    def append(self, data: bytes) -> None:
        if self._thrown or len(self) + len(data) > self._most:
            self._thrown += len(data)
        else:
            super().append(data)

    def __len__(self) -> int:
        return int(super().__len__()) + self._thrown


def make_server(app: Flask, most: int, *, most_of_one: int = 0, **options: Any) -> Any:
    """Return a waitress server for the app that keeps bodies of at most `most` bytes.

    most_of_one: how many connections one address may have; 0: no limit. options: those of create_server.
    """

    class Parser(HTTPRequestParser):
        def parse_header(self, header_plus: bytes) -> None:
            super().parse_header(header_plus)
            if self.body_rcv is not None:
                self.body_rcv.buf = Bounded(self.adj.inbuf_overflow, most)

        def received(self, data: bytes) -> int:
            consumed = int(super().received(data))
            body = self.body_rcv
            if isinstance(body, ChunkedReceiver) and len(body.control_line) + len(body.trailer) > MOST_AROUND_CHUNKS:
                self.error = RequestHeaderFieldsTooLarge("A chunk's length, or what follows the last, is too long.")
                self.completed = True
            return consumed

    class BoundedChannel(FairChannel):
        parser_class = Parser

    BoundedChannel.most_of_one = most_of_one
    listening: dict[int, Any] = {}
    server = create_server(app, map=listening, max_request_body_size=MOST_LISTENED_TO, **options)
    for listener in listening.values():
        if isinstance(listener, BaseWSGIServer):
            listener.channel_class = BoundedChannel
    return server
