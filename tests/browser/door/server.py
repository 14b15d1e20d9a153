"""Outreach's pages in a process of their own, to be killed: `python -m tests.browser.door.server <instance> <port>`.

It kills itself in the middle of an upload, as often as the file "kills" beside the database says: by turns when a part of the
upload has come, and when it is stored and not yet answered.
"""

import os
import signal
import sys
from pathlib import Path

from werkzeug.serving import make_server

from outreach import create_app
from tests.support.apps import settings_for

PART = 40  # bytes


def main(folder: Path, port: int) -> None:
    app = create_app(settings_for(folder, base_url=f"http://127.0.0.1:{port}"))
    kills, answer = folder / "kills", app.wsgi_app

    def mortal(environ, start):
        left = int(kills.read_text() or 0) if kills.exists() else 0
        if not left or not environ["PATH_INFO"].endswith("/door/scans") or int(environ["CONTENT_LENGTH"]) < 3 * PART:
            return answer(environ, start)
        kills.write_text(str(left - 1))
        if left % 2:
            environ["wsgi.input"].read(PART)
        else:
            list(answer(environ, start))
        return os.kill(os.getpid(), signal.SIGKILL)

    app.wsgi_app = mortal
    make_server("127.0.0.1", port, app, threaded=True).serve_forever()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
