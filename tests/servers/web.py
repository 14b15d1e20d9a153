"""A real HTTP(S) server in threads, on loopback, that answers as each test scripts it."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

Answer = Callable[[socket.socket, str], None]


class WebServer:
    """paths: the handler of a connection that requests a path. asked: the requests' texts, in order."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.paths: dict[str, Answer] = {}
        self.asked: list[str] = []
        self.connections = 0
        self._tls = tls
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.host = f"localhost:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self, path: str = "/") -> str:
        return f"{'https' if self._tls else 'http'}://{self.host}{path}"

    def says(self, path: str, body: bytes, *headers: str, status: str = "200 OK", length: bool = True) -> None:
        lines = [f"HTTP/1.1 {status}", *headers, *([f"Content-Length: {len(body)}"] if length else [])]
        self.sends(path, "\r\n".join([*lines, "", ""]).encode() + body)

    def sends(self, path: str, *pieces: bytes) -> None:
        def answer(connection: socket.socket, _request: str) -> None:
            for piece in pieces:
                connection.sendall(piece)

        self.paths[path] = answer

    def close(self) -> None:
        with suppress(OSError):  # closing alone lets a waiting thread accept one more
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _address = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            connection.settimeout(10)
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
            request = b""
            while b"\r\n\r\n" not in request and (piece := connection.recv(4096)):
                request += piece
            text = request.decode("latin-1")
            self.asked.append(text)
            if text:
                self.paths[text.split(" ")[1]](connection, text)
        except OSError:
            pass
        finally:
            connection.close()


@contextmanager
def web_server(certificate: tuple[Path, Path] | None = None) -> Iterator[WebServer]:
    context = None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
    server = WebServer(context)
    yield server
    server.close()
