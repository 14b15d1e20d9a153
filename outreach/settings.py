"""All settings with type, unit and default, read from the environment (OUTREACH_…) or instance/settings.toml.

The environment overrides the file, and the file overrides the default. A secret may also stand in a file of its own: one that
systemd gives to the service ($CREDENTIALS_DIRECTORY), or one that OUTREACH_…_FILE names.
"""

import difflib
import os
import re
import sys
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields
from email.utils import parseaddr
from importlib.metadata import PackageNotFoundError, requires
from importlib.util import find_spec
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, get_type_hints
from urllib.parse import urlsplit

from outreach.domain.directory.email_addresses import AddressInvalid, address

MOST_COUNTED = 10_000  # nobody turns to later pages, and counting further would cost more for longer lists


PREFIX = "OUTREACH_"
FILE = "_FILE"  # OUTREACH_SECRET_KEY_FILE names the file of secret_key
MOST_OF_A_SECRET = 64 * 1024  # letters
OTHERS = (
    "ADMIN_PASSWORD",
    "COPY_TO",
    "TEST_",
    "BENCH_",
)  # variables of commands, tests and benchmarks: whole names, or how names begin
PACKAGE = Path(__file__).resolve().parent
ROOT = PACKAGE.parent  # the checkout; where Outreach is installed from a wheel, the folder of installed packages
INSTALLED = (PACKAGE / "templates").is_dir()  # from a wheel: templates are inside the package then
TEMPLATES = PACKAGE / "templates" if INSTALLED else ROOT / "templates"
SERVICE_FILE = Path("/etc/outreach.env")  # docs/deploy/set-up.sh makes it; the systemd units read it


class SettingsError(Exception):
    """A setting is missing or ill-formed; the text says which one and what to do."""


def how_to_install(package: str) -> str:
    """Return the command that installs a package, or the packages of one of our extras, into this environment.

    It names the packages, not `outreach[…]`. So it is right for a checkout, a wheel and an index.
    """
    wanted = [f'"{requirement}"' for requirement in _requirements(package)] or [package]
    if find_spec("pip") is None:  # an environment made by uv
        return f"uv pip install --python {sys.executable} {' '.join(wanted)}"
    return f"{sys.executable} -m pip install {' '.join(wanted)}"


def _requirements(extra: str) -> list[str]:
    try:
        found = requires("outreach") or []
    except PackageNotFoundError:
        return []
    marked = [requirement.partition(";") for requirement in found]
    return [
        name.strip() for name, _, marker in marked if re.search(rf"""extra == ['"]{re.escape(extra)}['"]""", marker)
    ]


@dataclass(frozen=True)
class Form:
    """What a value must be. words: the end of "must be …"; fits: whether a value is so (it may raise ValueError for no).

    hidden: the value may hold a password, so it is never shown.
    """

    words: str
    fits: Callable[[Any], object] = lambda _value: True
    hidden: bool = False


def _between(least: float, most: float) -> Form:
    return Form(f"from {least:g} to {most:.15g}", lambda number: least <= number <= most)


def _is_host(name: str) -> bool:
    try:
        return bool(ip_address(name))
    except ValueError:
        parts = name.removesuffix(".").split(".")  # a dot at the end: the whole name, to which no domain is added
        name = name.encode("idna").decode()  # as it is looked up; ValueError for letters that no name may have
        return len(name) <= 254 and all(re.fullmatch(r"(?!-)[\w-]{1,63}(?<!-)", part) for part in parts)


def _is_host_or_below(name: str) -> bool:
    """Return whether it is a host's name, or a domain of two parts or more with `*.` before it."""
    domain = name.removeprefix("*.")
    return _is_host(domain) and (domain == name or "." in domain.removesuffix("."))


def _is_base_url(text: str) -> bool:
    url = urlsplit(text)
    port_is_fine = url.port is None or url.port > 0  # a port that is no number raises ValueError
    plain = not (url.query or url.fragment or url.username or text.endswith(("?", "#")))
    return url.scheme in ("http", "https") and _is_host(url.hostname or "") and port_is_fine and plain


def _is_address(text: str) -> bool:
    """Return whether it is written as an address. Reserved domains such as .local are right in a network of one's own."""
    name, _, host = text.rpartition("@")
    try:
        return _is_host(host) and address(f"{name}@example.com") == f"{name.lower()}@example.com"
    except AddressInvalid:
        return False


def _is_rate(text: str) -> bool:
    rate = r"\s*[1-9]\d*\s*(/|per)\s*([1-9]\d*\s*)?(second|minute|hour|day|month|year)s?\s*"
    return all(re.fullmatch(rate, part, re.I) for part in re.split("[,;|]", text))


def _is_host_and_port(text: str) -> bool:
    host, _, port = text.rpartition(":")
    return _is_host(host.strip("[]")) and port.isascii() and port.isdigit() and 0 < int(port) < 65_536


def _is_scanner(text: str) -> bool:
    return text.startswith("/") or _is_host_and_port(text)


def _is_return_path(pattern: str) -> bool:
    local, _, domain = pattern.replace("{id}", "2147483647-0a1b2c3d", 1).partition("@")
    if pattern.partition("@")[0].count("{id}") != 1 or len(local) > 64:  # RFC 5321, 4.5.3.1.1
        return False
    return _is_address(f"{local}@{domain}")


def _is_database(text: str) -> bool:
    scheme, mark, rest = text.partition("://")
    host = rest.rpartition("@")[2]  # a password may have any letter
    if scheme in ("sqlite", "sqlite+pysqlite"):
        return bool(mark)
    port_is_fine = urlsplit(f"//{host}").port != 0  # one that is no number raises ValueError
    return bool(mark) and port_is_fine and scheme in ("postgres", "postgresql", "postgresql+psycopg")


def _is_file(name: str) -> bool:
    return os.access(name, os.R_OK) and Path(name).is_file()


def _are_roles(text: str) -> bool:
    return all(role.strip() in {"administrator", "coordinator", "viewer"} for role in text.split(","))


def _or_empty(form: Form) -> Form:
    return Form(f"{form.words}, or empty", lambda text: not text or form.fits(text), form.hidden)


LONG = "32 characters or more"
Secret = Annotated[str, Form("a text", hidden=True)]
Keys = Annotated[str, _or_empty(Form(LONG, lambda text: all(len(k) >= 32 for k in text.split(",") if k), hidden=True))]
Token = Annotated[str, _or_empty(Form(LONG, lambda text: len(text) >= 32, hidden=True))]
Host = Annotated[str, Form("a host's name, such as mail.example.com, without port", _is_host)]
MaybeHost = Annotated[str, _or_empty(Form("a host's name, such as mail.example.com, without port", _is_host))]
MaybeAddress = Annotated[str, _or_empty(Form("one e-mail address", _is_address))]
MaybeFile = Annotated[str, _or_empty(Form("a file that can be read", _is_file))]
Port = Annotated[int, _between(1, 65_535)]
Patience = Annotated[float, _between(0.1, 3_600)]  # seconds to wait for another server
Count = Annotated[int, _between(1, 100_000)]
Days = Annotated[int, _between(1, 36_500)]
Limit = Annotated[int, _between(0, 1_000_000)]  # 0: none
Roles = Annotated[str, _or_empty(Form("roles such as administrator,coordinator (or viewer)", _are_roles))]
Rate = Annotated[str, Form("a rate such as 10/minute", _is_rate)]


Pause = Annotated[
    float, Form("of at least 60, or 0 for never", lambda number: number == 0 or 60 <= number <= 31_536_000)
]
Url = Annotated[str, Form("an address such as https://undangan.example.com", _is_base_url)]
MaybeDatabase = Annotated[
    str, _or_empty(Form("an address such as postgresql://user@host/outreach", _is_database, hidden=True))
]
SCANNER = "the path of clamd's socket, such as /run/clamav/clamd.ctl, or a host with its port, such as 127.0.0.1:3310"
MaybeScanner = Annotated[str, _or_empty(Form(SCANNER, _is_scanner))]
SenderAddress = Annotated[
    str,
    Form("an address such as Dinas Contoh <undangan@example.com>", lambda text: _is_address(parseaddr(text)[1])),
]
RETURN_PATH = "an address with {id} before the @, where each mail's number goes, such as bounces+{id}@example.com"
MaybeReturnPath = Annotated[str, _or_empty(Form(RETURN_PATH, _is_return_path))]
HOST_NAMES = "hosts' names, such as calendar.google.com, *.example.com, and not a whole ending such as *.com"
HostNames = Annotated[
    str,
    Form(HOST_NAMES, lambda text: all(map(_is_host_or_below, text.replace(",", " ").split()))),
]
Hosts = Annotated[
    str,
    Form(
        "hosts with their ports, such as cal.example.com:443",
        lambda text: all(map(_is_host_and_port, text.replace(",", " ").split())),
    ),
]


@dataclass(frozen=True, repr=False)
class Settings:
    secret_key: Secret = ""  # signs sessions, answer links, codes for the door; at least 32 characters
    previous_secret_keys: Keys = ""  # comma-separated, oldest last; sessions signed with them stay valid
    base_url: Url = "http://localhost:8000"  # the address of the pages for invitees; used in every mail
    database_url: MaybeDatabase = ""  # empty: SQLite in instance/outreach.db
    instance: Path = field(default_factory=lambda: instance_folder())
    demo: bool = False  # shows /mailbox and the demo's logins; never for real use

    mail_server: Host = "localhost"
    mail_port: Port = 25
    mail_use_tls: bool = False  # STARTTLS
    mail_use_ssl: bool = False  # TLS from the first byte
    mail_username: str = ""
    mail_password: Secret = ""
    mail_sender: SenderAddress = "Outreach <outreach@example.com>"
    mail_timeout_s: Patience = 20.0
    mail_answer_s: Patience = 600.0  # how long the server may take to answer a whole mail (RFC 5321, 4.5.3.2.6)
    mail_ca_file: MaybeFile = ""  # extra certificate authority, for your own mail server
    mail_connections: Annotated[int, _between(1, 1_000)] = 3  # connections at once, of all workers together
    mail_per_minute: Limit = 0  # messages per minute, of all workers together; 0: no limit
    mail_per_connection: Limit = 0  # messages per connection before a new one is opened; 0: no limit
    dkim_selector: MaybeHost = ""  # DNS name of the mail server's DKIM key; only `outreach doctor` reads it
    mail_return_path: MaybeReturnPath = (
        ""  # envelope sender, {id} for the message: "bounces+{id}@example.com"; empty: mail_sender's
    )

    imap_server: MaybeHost = ""  # the mailbox for answers and delivery reports; empty: none is read
    imap_port: Port = 993
    imap_use_ssl: bool = True  # TLS from the first byte; otherwise STARTTLS, if the server offers it
    imap_username: str = ""
    imap_password: Secret = ""
    imap_folder: str = "INBOX"
    imap_address: MaybeAddress = ""  # the mailbox's own address, used as ORGANIZER in calendars; empty: mail_sender's
    imap_verdicts_by: str = (
        ""  # name that your mail server writes into Authentication-Results, such as mx.example.com; only
    )
    # its verdicts prove a sender. "-": it writes no name (Exchange Online). Empty: calendar answers wait for a coordinator
    imap_ca_file: MaybeFile = ""  # extra certificate authority
    imap_timeout_s: Patience = 20.0
    imap_poll_s: Annotated[float, _between(1, 86_400)] = 60.0  # how often the mailbox is read

    tick_s: Annotated[float, _between(0.1, 240)] = 10.0  # how often the engine looks for due work
    lease_s: Annotated[float, _between(5, 3_600)] = (
        120.0  # how long a worker may keep messages before they are returned
    )
    hand_over_group: Count = 50  # messages committed as `handing_over` at once: the most that a crash can send twice
    claim_size: Count = 400  # messages claimed at once
    drain_size: Count = 400  # messages sent before the engine checks for newly due ones; also the size of a queued job
    archive_days: Days = 90  # finished messages are archived this long after the last of their activities
    placement_days: Days = 30  # unused proposals of the planner are deleted after this time

    session_hours: Annotated[int, _between(1, 168)] = 12  # a sign-in lasts at most this long
    session_idle_minutes: Annotated[int, _between(5, 1_440)] = 60  # without use it ends after this time
    stay_signed_in_days: Annotated[int, _between(0, 90)] = 14  # with “stay signed in”; 0: not offered

    rate_login: Rate = "60/minute"  # of one network address, by all who are behind it
    rate_codes: Rate = "20/hour"  # tries of a second factor or recovery code for one account, after its password
    ask_anew_minutes: Annotated[int, _between(1, 1_440)] = 15  # before accounts, secret links, exports and erasing
    second_factor_for: Roles = "administrator,coordinator"  # who must have a second factor; empty: nobody
    rate_answer: Rate = "120/minute"
    rate_public: Rate = "120/minute"
    metrics_token: Token = ""  # clients must send it to read /metrics; empty: only this machine may read them
    rate_storage: Secret = ""  # where requests are counted; empty: in PostgreSQL, and on SQLite in the process
    proxies: Annotated[int, _between(0, 10)] = 0  # number of reverse proxies before the app (X-Forwarded-*)
    upload_limit_mb: Annotated[int, _between(1, 1_024)] = 10
    scanner: MaybeScanner = (
        ""  # ClamAV's clamd, which looks through each file and mail before it is stored; empty: none
    )
    scanner_timeout_s: Patience = 60.0
    coverage_target: Annotated[int, _between(0, 1_000)] = 0  # activities wanted in each kelurahan a year; 0: no target
    kelurahan_map: str = ""  # path of a GeoJSON file of the kelurahan, for the map of coverage; empty: the shipped one
    small_numbers_below: Annotated[int, _between(2, 100)] = 5  # a report hides counts of people below this one
    material_limit_mb: Annotated[int, _between(1, 100)] = 10  # of one file of a speaker; a backup holds it in one line
    materials_limit_mb: Annotated[int, _between(1, 1_024)] = 40  # of one speaker's files for one activity together
    photos_limit_mb: Annotated[int, _between(1, 1_024)] = 60  # of the photos that staff upload at once
    photo_limit_mb: Annotated[int, _between(1, 200)] = 20  # one photo, as it is sent
    photo_long_side_px: Annotated[int, _between(640, 8_192)] = 2048  # to which photos are made smaller
    photos_most: Annotated[int, _between(1, 500)] = 60  # of one activity
    calendar_read_s: Pause = 21_600.0  # how often a speaker's calendar is read; 0: never
    calendar_hosts: HostNames = ""  # "host, *.domain, …" from which alone calendars may be read; empty: any public one
    calendar_own_hosts: Hosts = ""  # "host:port, …" in your own network from which calendars may be read; empty: none
    call_rest_hours: Annotated[float, _between(0.1, 240)] = 3.0  # who did not pick up is not called again before that
    link_days: Days = 30  # an answer link stays valid this long after its last activity
    minutes_link_days: Days = 30  # the chair's link to minutes stays valid this long after it was made

    def __repr__(self) -> str:
        """Show no secret: whatever prints settings while an error is traced prints this."""
        shown = (f"{one.name}={getattr(self, one.name)!r}" for one in fields(self) if one.name not in SECRETS)
        return f"Settings({', '.join(shown)})"

    @property
    def https(self) -> bool:
        return self.base_url.startswith("https://")

    @property
    def roles_with_second_factor(self) -> frozenset[str]:
        """Return the roles whose accounts must have a second factor; none in the demo, whose passwords are shown."""
        return frozenset() if self.demo else frozenset(filter(None, map(str.strip, self.second_factor_for.split(","))))

    @property
    def rate_store(self) -> str:
        """Return where requests are counted for the limits: by all processes together, where there can be several."""
        usual = _DATABASE if self.sqlalchemy_url.startswith("postgresql") else _PROCESS_MEMORY
        return self.rate_storage or usual

    @property
    def sqlalchemy_url(self) -> str:
        if not self.database_url:
            return f"sqlite:///{self.instance / 'outreach.db'}"
        for short in ("postgres://", "postgresql://"):
            if self.database_url.startswith(short):
                return "postgresql+psycopg://" + self.database_url.removeprefix(short)
        return self.database_url


def _refuse_to_leave_the_service() -> None:
    """Raise SettingsError where a service has its settings, but this command was started without them.

    It would quietly make a database of its own, and an administrator would add accounts or restore a backup there.
    """
    own = any(PREFIX + name in os.environ for name in ("DATABASE_URL", f"DATABASE_URL{FILE}", "INSTANCE"))
    if not own and SERVICE_FILE.exists():
        raise SettingsError(
            f"{SERVICE_FILE} has the settings of the service on this machine, but this command was started without them, "
            "so it would use another database. Run it as  sudo outreach-service … ; for a database of its own, "
            f"set {PREFIX}INSTANCE to a folder. If this is the service itself, its file has to name one: "
            f"write {PREFIX}INSTANCE into it."
        )


def instance_folder(given: str | Path | None = None) -> Path:
    """Return the folder of the embedded database and of settings.toml, as an absolute path.

    Without a setting it is in the checkout, and in the working folder where Outreach is installed without one.
    """
    folder = Path(given or os.environ.get(PREFIX + "INSTANCE") or (Path.cwd() if INSTALLED else ROOT) / "instance")
    return folder.expanduser().absolute()  # a relative one counts from the working folder


def load(**overrides: Any) -> Settings:
    """Return the settings; `overrides` have the highest priority.

    Raise SettingsError with one sentence, each on its line, for each value that is ill-formed and each unknown name in the file.
    """
    instance = instance_folder(overrides.get("instance"))
    path = instance / "settings.toml"
    if not overrides and not os.path.exists(path):  # unlike path.exists(), also where the folder may not be opened
        _refuse_to_leave_the_service()
    try:
        stored = tomllib.loads(path.read_text("utf-8")) if path.exists() else {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not valid TOML: {error}. Correct that line, or remove the file.") from error
    except OSError as error:
        raise SettingsError(
            f"{path} cannot be read: {error.strerror}. Run this as the user that it belongs to."
        ) from None
    values: dict[str, Any] = {"instance": instance}
    known = [f.name for f in fields(Settings)]
    wrong = [f"{path} has an unknown setting “{name}”{_or_meant(name, known)}" for name in stored if name not in known]
    named = {name: f"{PREFIX}{name.upper()}" for name in known}
    files = secret_files()
    for name in known:
        raw = os.environ.get(named[name])
        if places := files.get(name):
            others = [named[name]] * bool(raw) + [f"{name} in {path}"] * bool(stored.get(name))
            try:
                raw = _secret(named[name], places, others)
            except SettingsError as error:
                wrong.append(str(error))
                continue
            named[name] = f"{named[name]} in {places[0]}"
        if raw is None and name in stored:
            raw, named[name] = stored[name], f"{name} in {path}"
        if raw is None or name == "instance":
            continue
        try:
            values[name] = _converted(raw, _kind(name))
        except ValueError:
            wrong.append(_refused(named[name], name, raw))
    found = Settings(**{**values, **overrides, "instance": instance})
    wrong += faults(found, named)
    if wrong:
        raise SettingsError("\n".join(wrong))
    return found


def secret_files() -> dict[str, list[Path]]:
    """Return the files that this process was told to read secret settings from. Two for one setting are one too many."""
    found: dict[str, list[Path]] = {}
    credentials = os.environ.get(CREDENTIALS)
    for name in SECRETS:
        given = os.environ.get(f"{PREFIX}{name.upper()}{FILE}")
        places = [Path(given)] if given else []
        if credentials and (place := Path(credentials) / name).exists():
            places.append(place)
        if places:
            found[name] = places
    return found


def _secret(called: str, places: list[Path], others: list[str]) -> str:
    """Return what the secret's only file says, without the end of its line. Raise SettingsError, which never shows it.

    others: where else the setting has a value.
    """
    place, *_ = places
    if len(everywhere := [*others, *map(str, places)]) > 1:
        raise SettingsError(
            f"{called} is set more than once: {', '.join(everywhere)}. Keep one, and remove the others."
        )
    try:
        if not place.is_file():  # reading a pipe would wait for ever
            place.stat()
            raise SettingsError(f"{place}, the file of {called}, is no ordinary file. Put one with the secret there.")
        with place.open(encoding="utf-8-sig") as file:
            text = file.read(MOST_OF_A_SECRET + 1)
        if len(text) > MOST_OF_A_SECRET:
            raise SettingsError(
                f"{place}, the file of {called}, is too long for a secret. Put one there that has nothing else."
            )
    except UnicodeDecodeError:
        raise SettingsError(f"{place}, the file of {called}, is not text in UTF-8. Write it again.") from None
    except OSError as error:
        raise SettingsError(
            f"{place}, the file of {called}, cannot be read: {error.strerror}. "
            f"Correct where {called} is read from, or let this process's user read the file."
        ) from None
    text = text.removesuffix("\n").removesuffix("\r")
    if not text:
        raise SettingsError(f"{place}, the file of {called}, is empty. Write the secret into it.")
    return text


def environment(settings: Settings) -> dict[str, str]:
    """Return the variables from which load() makes these settings, for a process of our own. They name no file of a secret."""
    values = {field.name: getattr(settings, field.name) for field in fields(Settings)}
    values["instance"] = settings.instance.absolute()
    no_files = dict.fromkeys([CREDENTIALS, *(f"{PREFIX}{name.upper()}{FILE}" for name in SECRETS)], "")
    return no_files | {f"{PREFIX}{name.upper()}": str(value) for name, value in values.items()}


def faults(settings: Settings, named: dict[str, str] | None = None) -> list[str]:
    """Return one sentence for each setting whose value is out of its range or not of its form.

    named: what to call a setting; its variable's name without it.
    """
    wrong = []
    for name in _HINTS:
        value, called = getattr(settings, name), (named or {}).get(name) or f"{PREFIX}{name.upper()}"
        if not _fits(name, value):
            wrong.append(_refused(called, name, value))
    if settings.mail_use_tls and settings.mail_use_ssl:
        wrong.append(
            "OUTREACH_MAIL_USE_TLS and OUTREACH_MAIL_USE_SSL are both on, but only one may be: "
            "USE_TLS for STARTTLS (mostly port 587), USE_SSL for TLS from the first byte (mostly port 465)."
        )
    if settings.rate_storage == _DATABASE and not settings.sqlalchemy_url.startswith("postgresql"):
        wrong.append("OUTREACH_RATE_STORAGE is “database://”, which needs PostgreSQL: set OUTREACH_DATABASE_URL, too.")
    if reason := _unusable_storage(settings.rate_storage):
        scheme, mark, _ = settings.rate_storage.partition("://")  # what follows may have a password
        begins = f"begins with “{scheme}://”, but " if mark else ""
        wrong.append(f"OUTREACH_RATE_STORAGE {begins}{reason}")
    if settings.sqlalchemy_url.startswith("postgresql") and find_spec("psycopg") is None:
        wrong.append(
            "OUTREACH_DATABASE_URL names a PostgreSQL database, but the package that reads it is missing. "
            f"Install it with:  {how_to_install('postgresql')}"
        )
    return wrong


def _kind(name: str) -> Any:
    hint = _HINTS[name]
    return getattr(hint, "__origin__", hint)


def _form(name: str) -> Form:
    return next((form for form in getattr(_HINTS[name], "__metadata__", ())), Form(""))


def _fits(name: str, value: Any) -> bool:
    if isinstance(value, str) and any(ord(letter) < 32 or ord(letter) == 127 for letter in value):
        return False  # as the end of a line of an environment file that was edited on Windows
    try:
        return bool(_form(name).fits(value))
    except ValueError:
        return False


def _converted(raw: Any, wanted: Any) -> Any:
    """Return a value of the environment or of the file as its kind. Raise ValueError if it is of another."""
    if isinstance(raw, dict | list) or (isinstance(raw, bool) and wanted is not bool):
        raise ValueError
    if wanted is bool:
        if str(raw).lower() in {"1", "true", "yes", "on"}:
            return True
        if str(raw).lower() in {"0", "false", "no", "off", ""}:
            return False
        raise ValueError
    if wanted is int and isinstance(raw, float):
        raise ValueError
    return wanted(raw)


_KINDS = {int: "a whole number", float: "a number", bool: "true or false", str: "a text"}


def _refused(called: str, name: str, value: Any) -> str:
    form = _form(name)
    kind = _KINDS[_kind(name)]
    allowed = " ".join(part for part in (kind if _kind(name) is not str or not form.words else "", form.words) if part)
    if isinstance(value, str) and value != value.rstrip("\r\n"):
        allowed += ", without a line's end"
    if isinstance(value, dict | list):
        return f"{called} is a list, but must be {'a text: ' if _kind(name) is str else ''}{allowed}."
    if form.hidden:
        scheme, mark, _ = str(value).partition("://")
        shown = f"begins with “{scheme}://” (the rest is not shown)" if mark else "has a value that is not shown"
        return f"{called} {shown}, but must be {allowed}."
    if isinstance(value, float):
        value = f"{value:g}"
    shown = str(value).encode("unicode_escape").decode() if not str(value).isprintable() else value
    return f"{called} is “{shown}”, but must be {allowed}."


def _unusable_storage(address: str) -> str:
    """Return why a storage for the limits cannot be used, as the end of a sentence; "" if it can, or only its server is away."""
    if address in ("", _PROCESS_MEMORY, _DATABASE):
        return ""
    if address.startswith(_DATABASE):
        return "must have nothing behind it: it is the database of OUTREACH_DATABASE_URL."
    from limits.errors import ConfigurationError
    from limits.storage import SCHEMES, storage_from_string

    from outreach import rate_store  # noqa: F401  makes "process-memory://" known

    scheme = address.partition("://")[0]
    if scheme not in SCHEMES or "async" in scheme or "://" not in address:
        return f"must be {_PROCESS_MEMORY}, {_DATABASE} or a storage of Flask-Limiter that processes share, such as redis://localhost:6379."
    try:
        storage_from_string(address)
    except ConfigurationError:
        package = {"memcached": "pymemcache", "mongodb": "pymongo"}.get(scheme.partition("+")[0], "redis")
        package = "valkey" if scheme.startswith("valkey") else package
        return f"the package for it is missing. Install it with:  {how_to_install(package)}"
    except ValueError:  # its text may hold a password
        return "the rest of the address cannot be read; it must be such as redis://localhost:6379."
    except Exception:  # a client that connects at once, and its server is away: create_app and the doctor say so
        return ""
    return ""


def _or_meant(name: str, known: Iterable[str], prefix: str = "") -> str:
    near = difflib.get_close_matches(name, known, 1, 0.75)
    return f"; is {prefix}{near[0]} meant?" if near else "."


CREDENTIALS = "CREDENTIALS_DIRECTORY"  # systemd.exec(5): a folder that only the service's user can read
_HINTS = {name: hint for name, hint in get_type_hints(Settings, include_extras=True).items() if name != "instance"}
SECRETS = tuple(name for name in _HINTS if _form(name).hidden)
_PROCESS_MEMORY = "process-memory://"
_DATABASE = "database://"


def strangers(environment: Iterable[str]) -> list[str]:
    """Return one sentence for each environment variable that looks like a setting but is not one.

    It may belong to another program, so it is not an error. But a typing error would leave a setting unchanged.
    """
    known = [f.name.upper() for f in fields(Settings)] + [f"{name.upper()}{FILE}" for name in SECRETS]
    told = []
    for name in sorted(name for name in environment if name.upper().startswith(PREFIX)):
        own = name[len(PREFIX) :]
        if name.startswith(PREFIX) and (own in known or own.startswith(OTHERS)):
            continue
        told.append(f"{name} is no setting{_or_meant(own.upper(), known, PREFIX)}")
    return told


def check_for_serving(settings: Settings) -> None:
    """Raise SettingsError if starting with these settings would be unsafe."""
    if len(settings.secret_key) < 32:
        raise SettingsError(
            "OUTREACH_SECRET_KEY is missing or shorter than 32 characters, so sessions and answer links could be forged. "
            "Make one with:  python -c 'import secrets; print(secrets.token_urlsafe(48))'  "
            "and set it in the environment, in a file of its own (OUTREACH_SECRET_KEY_FILE), "
            'or in instance/settings.toml as  secret_key = "…".'
        )
    if not _fits("mail_return_path", settings.mail_return_path):
        raise SettingsError(_refused("OUTREACH_MAIL_RETURN_PATH", "mail_return_path", settings.mail_return_path))
