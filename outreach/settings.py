"""All settings with type, unit and default, read from the environment (OUTREACH_…) or instance/settings.toml.

The environment overrides the file, and the file overrides the default.
"""

import difflib
import os
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from outreach.domain.directory.email_addresses import AddressInvalid, address

MOST_COUNTED = 10_000  # nobody turns to later pages, and counting further would cost more for longer lists


PREFIX = "OUTREACH_"
OTHERS = (
    "ADMIN_PASSWORD",
    "COPY_TO",
    "TEST_",
    "BENCH_",
)  # variables of commands, tests and benchmarks: whole names, or how names begin
ROOT = Path(__file__).resolve().parent.parent


class SettingsError(Exception):
    """A setting is missing or ill-formed; the text says which one and what to do."""


@dataclass(frozen=True)
class Settings:
    secret_key: str = ""  # signs sessions and answer links; at least 32 characters
    previous_secret_keys: str = ""  # comma-separated, oldest last; sessions signed with them stay valid
    base_url: str = "http://localhost:8000"  # the address of the pages for invitees; used in every mail
    database_url: str = ""  # empty: SQLite in instance/outreach.db
    instance: Path = field(default_factory=lambda: ROOT / "instance")
    demo: bool = False  # shows /mailbox and the demo's logins; never for real use

    mail_server: str = "localhost"
    mail_port: int = 25
    mail_use_tls: bool = False  # STARTTLS
    mail_use_ssl: bool = False  # TLS from the first byte
    mail_username: str = ""
    mail_password: str = ""
    mail_sender: str = "Outreach <outreach@example.com>"
    mail_timeout_s: float = 20.0
    mail_ca_file: str = ""  # extra certificate authority, for your own mail server
    mail_connections: int = 3  # connections at once, of all workers together
    mail_per_minute: int = 0  # messages per minute, of all workers together; 0: no limit
    mail_per_connection: int = 0  # messages per connection before a new one is opened; 0: no limit
    dkim_selector: str = ""  # DNS name of the mail server's DKIM key; only `outreach doctor` reads it
    mail_return_path: str = (
        ""  # envelope sender, {id} for the message: "bounces+{id}@example.com"; empty: mail_sender's
    )

    imap_server: str = ""  # the mailbox for answers and delivery reports; empty: none is read
    imap_port: int = 993
    imap_use_ssl: bool = True  # TLS from the first byte; otherwise STARTTLS, if the server offers it
    imap_username: str = ""
    imap_password: str = ""
    imap_folder: str = "INBOX"
    imap_address: str = ""  # the mailbox's own address, used as ORGANIZER in calendars; empty: mail_sender's
    imap_verdicts_by: str = (
        ""  # name that your mail server writes into Authentication-Results, such as mx.example.com; only
    )
    # its verdicts prove a sender. "-": it writes no name (Exchange Online). Empty: calendar answers wait for a coordinator
    imap_ca_file: str = ""  # extra certificate authority
    imap_timeout_s: float = 20.0
    imap_poll_s: float = 60.0  # how often the mailbox is read

    tick_s: float = 10.0  # how often the engine looks for due work
    lease_s: float = 120.0  # how long a worker may keep messages before they are returned
    hand_over_group: int = 50  # messages committed as `handing_over` at once: the most that a crash can send twice
    claim_size: int = 400  # messages claimed at once
    drain_size: int = 400  # messages sent before the engine checks for newly due ones; also the size of a queued job
    archive_days: int = 90  # finished messages are archived this long after the last of their activities
    placement_days: int = 30  # unused proposals of the planner are deleted after this time

    rate_login: str = "10/minute"
    rate_answer: str = "120/minute"
    rate_public: str = "120/minute"
    metrics_token: str = ""  # clients must send it to read /metrics; empty: only this machine may read them
    rate_storage: str = "process-memory://"  # Flask-Limiter's storage; use a shared one for several web processes
    proxies: int = 0  # number of reverse proxies before the app (X-Forwarded-*)
    upload_limit_mb: int = 10
    calendar_read_s: float = 21_600.0  # how often a speaker's calendar is read; 0: never
    calendar_own_hosts: str = ""  # "host:port, …" in your own network from which calendars may be read; empty: none
    link_days: int = 30  # an answer link stays valid this long after its last activity

    @property
    def https(self) -> bool:
        return self.base_url.startswith("https://")

    @property
    def sqlalchemy_url(self) -> str:
        if not self.database_url:
            return f"sqlite:///{self.instance / 'outreach.db'}"
        for short in ("postgres://", "postgresql://"):
            if self.database_url.startswith(short):
                return "postgresql+psycopg://" + self.database_url.removeprefix(short)
        return self.database_url


def load(**overrides: Any) -> Settings:
    """Return the settings; `overrides` have the highest priority. Raise SettingsError for an ill-formed or unknown value."""
    given = Path(overrides.get("instance") or os.environ.get(PREFIX + "INSTANCE") or ROOT / "instance")
    instance = given.expanduser().absolute()  # a relative one counts from the working folder
    path = instance / "settings.toml"
    try:
        stored = tomllib.loads(path.read_text("utf-8")) if path.exists() else {}
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path} is not valid TOML: {error}. Correct that line, or remove the file.") from error
    values: dict[str, Any] = {"instance": instance}
    known = {f.name: f for f in fields(Settings)}
    for unknown in set(stored) - set(known):
        raise SettingsError(f"{path} has an unknown setting “{unknown}”. Known are: {', '.join(sorted(known))}.")
    for name in known:
        raw = os.environ.get(PREFIX + name.upper(), stored.get(name))
        if raw is not None and name != "instance":
            values[name] = _converted(name, raw)
    return Settings(**{**values, **overrides, "instance": instance})


def _converted(name: str, raw: Any) -> Any:
    wanted: Any = type(getattr(Settings, name, ""))
    try:
        if wanted is bool:
            if str(raw).lower() in {"1", "true", "yes", "on"}:
                return True
            if str(raw).lower() in {"0", "false", "no", "off", ""}:
                return False
            raise ValueError
        return wanted(raw)
    except ValueError:
        raise SettingsError(f"{PREFIX}{name.upper()} is “{raw}”, but must be a {wanted.__name__}.") from None


def strangers(environment: Iterable[str]) -> list[str]:
    """Return one sentence for each environment variable that looks like a setting but is not one.

    It may belong to another program, so it is not an error. But a typing error would leave a setting unchanged.
    """
    known = [f.name.upper() for f in fields(Settings)]
    told = []
    for name in sorted(name for name in environment if name.upper().startswith(PREFIX)):
        own = name[len(PREFIX) :]
        if name.startswith(PREFIX) and (own in known or own.startswith(OTHERS)):
            continue
        near = difflib.get_close_matches(own.upper(), known, 1, 0.75)
        told.append(f"{name} is no setting{f'; is {PREFIX}{near[0]} meant?' if near else '.'}")
    return told


def check_for_serving(settings: Settings) -> None:
    """Raise SettingsError if starting with these settings would be unsafe."""
    if len(settings.secret_key) < 32:
        raise SettingsError(
            "OUTREACH_SECRET_KEY is missing or shorter than 32 characters, so sessions and answer links could be forged. "
            "Make one with:  python -c 'import secrets; print(secrets.token_urlsafe(48))'  "
            'and set it in the environment or in instance/settings.toml as  secret_key = "…".'
        )
    if settings.mail_return_path and not _is_return_path(settings.mail_return_path):
        raise SettingsError(
            f"OUTREACH_MAIL_RETURN_PATH is “{settings.mail_return_path}”, but must be an address with {{id}} before the @, where "
            "each mail's number goes; for example  bounces+{id}@example.com . Leave it empty to send as mail_sender."
        )


_HOST = re.compile(
    r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*", re.IGNORECASE
)


def _is_return_path(pattern: str) -> bool:
    local, _, domain = pattern.replace("{id}", "2147483647-0a1b2c3d", 1).partition("@")
    if pattern.partition("@")[0].count("{id}") != 1 or len(local) > 64:  # RFC 5321, 4.5.3.1.1
        return False
    # Reserved domains such as .local and .test are right in a network of one's own, so only the form counts.
    known = "example.com" if _HOST.fullmatch(domain) else domain
    try:
        return bool(address(f"{local}@{known}"))
    except AddressInvalid:
        return False
