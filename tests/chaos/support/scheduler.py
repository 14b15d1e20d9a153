"""A process that ticks and sends by itself, as `outreach serve` does, on either database.

python -m tests.chaos.support.scheduler
"""

import signal
import threading

from outreach import create_app
from outreach.engines.embedded import EmbeddedEngine


def main() -> None:
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    with EmbeddedEngine(create_app(serving=False)):
        stopped.wait()


if __name__ == "__main__":
    main()
