"""Every setting: its type, unit and default. Read from the environment (OUTREACH_…) or instance/settings.toml.

The environment wins over the file, the file over the default.
"""

import os
import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

PREFIX = "OUTREACH_"
ROOT = Path(__file__).resolve().parent.parent


class SettingsError(Exception):
    """A setting is missing or ill-formed; the text says which, and what to do."""


@dataclass(frozen=True)
class Settings:
    secret_key: str = ""  # signs sessions and answer links; at least 32 characters
    previous_secret_keys: str = ""  # comma-separated, oldest last; sessions signed with them stay valid
    base_url: str = "http://localhost:8000"  # where invitees reach the pages; stands in every mail
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
    mail_ca_file: str = ""  # extra certificate authority, for a mail server of one's own

    tick_s: float = 10.0  # how often the engine looks for due work
    lease_s: float = 120.0  # how long a worker may hold messages before they return
    hand_over_group: int = 20  # messages committed as `handing_over` at once: the most a crash can double
    claim_size: int = 200  # messages claimed at once

    rate_login: str = "10/minute"
    rate_answer: str = "120/minute"
    rate_public: str = "120/minute"
    rate_storage: str = "process-memory://"  # Flask-Limiter's storage; a shared one for several web processes
    proxies: int = 0  # how many reverse proxies stand before the app (X-Forwarded-*)
    upload_limit_mb: int = 5
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
    """Return the settings; `overrides` win over everything. Raise SettingsError on an ill-formed or unknown value."""
    instance = Path(overrides.get("instance") or os.environ.get(PREFIX + "INSTANCE") or ROOT / "instance")
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
    return Settings(**{**values, **overrides})


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


def check_for_serving(settings: Settings) -> None:
    """Raise SettingsError where starting with these settings would be unsafe."""
    if len(settings.secret_key) < 32:
        raise SettingsError(
            "OUTREACH_SECRET_KEY is missing or shorter than 32 characters, so sessions and answer links could be forged. "
            "Make one with:  python -c 'import secrets; print(secrets.token_urlsafe(48))'  "
            'and set it in the environment or in instance/settings.toml as  secret_key = "…".'
        )
