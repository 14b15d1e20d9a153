"""The server of browser tests."""

import socket
import threading
import time
from urllib.request import urlopen

from tests.browser.pages import served


def test_no_request_goes_on_after_its_server_has_ended():
    began, may_end, steps = threading.Event(), threading.Event(), []

    def slow(_environ, start_response):
        began.set()
        may_end.wait()
        steps.append("answered")
        start_response("200 OK", [("Content-Length", "0")])
        return []

    def end(context) -> None:
        context.__exit__(None, None, None)
        steps.append("ended")

    context = served(slow)
    address = context.__enter__()
    asking = threading.Thread(target=lambda: urlopen(address).close())
    asking.start()
    began.wait()
    ending = threading.Thread(target=end, args=(context,))
    ending.start()
    while _listens(address):
        time.sleep(0.02)
    ending.join(0.5)  # time to go on without waiting, which it must not
    may_end.set()
    ending.join()
    asking.join()
    assert steps == ["answered", "ended"]


def _listens(address: str) -> bool:
    host, _, port = address.removeprefix("http://").partition(":")
    try:
        socket.create_connection((host, int(port))).close()
    except ConnectionRefusedError:
        return False
    return True
