"""One worker in a process of its own, for tests that kill it: python -m tests.engines.worker_process INSTANCE PORT [URL]"""

import sys
from pathlib import Path

from outreach import clock, create_app
from outreach.delivery import outbox
from outreach.engines import loop
from tests.conftest import settings_for


def main(instance: str, port: str, url: str = "") -> None:
    app = create_app(
        settings_for(
            Path(instance), mail_server="127.0.0.1", mail_port=int(port), database_url=url,
            hand_over_group=5, claim_size=30, lease_s=2.0, mail_timeout_s=5.0,
        )
    )  # fmt: skip
    print("ready", flush=True)
    with app.app_context():
        outbox.drain(now=clock.now, worker=loop.worker_name())
    print("done", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
