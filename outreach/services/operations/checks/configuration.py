"""Check the settings by themselves, without connecting to anything."""

import os
from collections.abc import Iterator
from urllib.parse import urlsplit

import sqlalchemy as sa

from outreach.delivery.checks.result import Area, CheckReport, CheckResult
from outreach.delivery.tls import is_this_machine
from outreach.settings import SECRETS, Settings, SettingsError, check_for_serving, secret_files, strangers


def settings(found: Settings) -> Iterator[CheckResult]:
    """Yield the results of checking the settings."""
    report = CheckReport(Area.SETTINGS)
    try:
        check_for_serving(found)
        yield report.ok(f"The settings can be read; the secret key has {len(found.secret_key)} characters.")
    except SettingsError as error:
        yield report.fail("There is no secret key, or it is too short.", str(error))
    yield from _secrets(found, report)
    for stranger in strangers(os.environ):
        yield report.warn(stranger, "Correct the name, or take it out; outreach/settings.py has all names.")
    if found.calendar_own_hosts:
        yield report.warn(
            f"Calendars may be read from {found.calendar_own_hosts}, even within this network.",
            "Keep it so only if these are calendar servers of your own; else empty calendar_own_hosts.",
        )
    host = urlsplit(found.base_url).hostname or ""
    if found.demo:
        yield report.warn(
            "This is the demo: logins are shown, and mails stay here.", "Never use it for real invitations."
        )
    elif is_this_machine(host):
        yield report.fail(
            f"base_url is {found.base_url}: the links in mails would lead each reader to their own machine.",
            "Write the address at which invitees reach the pages into base_url.",
        )
    elif not found.https:
        yield report.warn(
            f"base_url is {found.base_url}, without https: answers and logins can be read on the way.",
            "Put a reverse proxy with a certificate before the pages, and write https:// into base_url.",
        )
    if found.https and not found.proxies:
        yield report.warn(
            "base_url is https, but proxies is 0: all requests seem to come from one address, and share its limits.",
            "Set proxies to how many reverse proxies stand before the pages, mostly 1.",
        )
    if found.database_url and found.rate_store.startswith("process-memory"):
        yield report.warn(
            "With several web processes, each counts tries to log in for itself.",
            "Take rate_storage out of the settings (they then count in PostgreSQL), or run one web process.",
        )
    if elsewhere := _database_elsewhere(found.database_url):
        yield report.warn(
            f"The database is reached at {elsewhere}, and its certificate is not checked: who is on the way may "
            "read and change everything.",
            "Add ?sslmode=verify-full&sslrootcert=… to OUTREACH_DATABASE_URL (docs/operations.md says how certificates "
            "are made). Between containers of one machine it may stay as it is.",
        )
    if not found.rate_store.startswith(("process-memory", "database:")):  # the database has checks of its own
        yield _shared_limits(found, report)
    path = found.instance / "settings.toml"
    if path.exists() and os.name == "posix" and path.stat().st_mode & 0o077:
        yield report.warn(f"Others on this machine may read {path}.", f"chmod 600 {path}")


def _database_elsewhere(address: str) -> str:
    """Return the other hosts at which PostgreSQL is reached without sslmode=verify-full, "" if there are none.

    Where the address names no host or mode, PostgreSQL's library takes them from the environment.
    """
    if not address:
        return ""
    url = sa.make_url(address)
    if url.get_backend_name() == "sqlite":
        return ""
    given = {name: values[-1] for name, values in url.normalized_query.items()}
    if (given.get("sslmode") or os.environ.get("PGSSLMODE", "")) == "verify-full":
        return ""
    hosts = (url.host or given.get("host") or given.get("hostaddr") or os.environ.get("PGHOST", "")).split(",")
    return ", ".join(host for host in hosts if host and not host.startswith(("/", "@")) and not is_this_machine(host))


def _secrets(found: Settings, report: CheckReport) -> Iterator[CheckResult]:
    """Say where the secrets come from, and which of their files others can read. A group is right: systemd grants by an ACL."""
    files = {name: places[0] for name, places in secret_files().items()}
    if beside := [name for name in SECRETS if getattr(found, name) and name not in files]:
        yield report.ok(f"Secrets in the environment or in settings.toml: {', '.join(beside)}.")
    if files:
        told = ", ".join(f"{name} ({place})" for name, place in files.items())
        yield report.ok(f"Secrets in files of their own: {told}.")
    for name, place in files.items():
        if os.name == "posix" and place.stat().st_mode & 0o007:
            yield report.warn(f"Everybody on this machine may read {place}, the file of {name}.", f"chmod o= {place}")


def _shared_limits(found: Settings, report: CheckReport) -> CheckResult:
    """Check whether the storage of the limits answers: without it, pages that count requests fail."""
    from limits.storage import storage_from_string

    try:
        answers = storage_from_string(found.rate_store).check()
    except Exception:  # whatever its client raises
        answers = False
    if answers:
        return report.ok("The storage in which web processes share the limits answers.")
    return report.fail(
        "The storage in rate_storage does not answer: pages that count requests would fail.",
        "Start it, or correct its host and port in rate_storage.",
    )
