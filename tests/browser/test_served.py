"""The server of browser tests."""

import threading
import time
from urllib.request import urlopen

from tests.browser.pages import served


def test_no_request_goes_on_after_its_server_has_ended():
    began, over = threading.Event(), []

    def slow(_environ, start_response):
        began.set()
        time.sleep(0.2)
        over.append(True)
        start_response("200 OK", [("Content-Length", "0")])
        return []

    with served(slow) as address:
        asking = threading.Thread(target=lambda: urlopen(address).close())
        asking.start()
        began.wait()
    assert over == [True]
    asking.join()
