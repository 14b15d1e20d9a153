"""A real mailbox, where Debian's Dovecot is installed."""

from collections.abc import Iterator
from itertools import count

import pytest

from outreach.settings import Settings
from tests.servers import dovecot
from tests.support.apps import SECRET

NUMBERS = count(1)


@pytest.fixture(scope="session")
def imap_server() -> Iterator[dovecot.Dovecot]:
    if dovecot.PROGRAM is None:
        pytest.skip("Dovecot is not installed (Debian: apt-get install dovecot-imapd)")
    with dovecot.Dovecot() as server:
        yield server


@pytest.fixture
def mailbox(imap_server) -> dovecot.Dovecot:
    """The server, with an empty mailbox of its own user."""
    imap_server.user = f"undangan{next(NUMBERS)}"
    return imap_server


def imap_settings(server: dovecot.Dovecot, **values: object) -> Settings:
    return Settings(**{**server_settings(server), "secret_key": SECRET, **values})


def server_settings(server: dovecot.Dovecot) -> dict[str, object]:
    return {
        "imap_server": "localhost",
        "imap_port": server.tls_port,
        "imap_username": server.user,
        "imap_password": dovecot.PASSWORD,
        "imap_ca_file": server.ca_file,
        "imap_timeout_s": 10.0,
    }
