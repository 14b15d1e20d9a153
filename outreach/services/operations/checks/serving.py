"""Check whether the pages can be reached, and whether clocks and time zones are right."""

import os
import tempfile
from collections.abc import Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from outreach.delivery.checks.connecting import PATIENCE_S
from outreach.delivery.checks.result import Area, CheckReport, CheckResult
from outreach.services.operations.checks.times import CLOCKS_APART, apart
from outreach.settings import Settings

ZONES = ("Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura")


def pages(found: Settings, *, now: datetime) -> Iterator[CheckResult]:
    """Yield whether the pages can be reached at base_url, and whether clocks and time zones are right.

    now: in the zone in which times are shown.
    """
    report = CheckReport(Area.PAGES)
    try:
        yield from _answered(found, report, now)
    except (URLError, HTTPException, OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        yield report.warn(
            f"{found.base_url} is not reached from here ({str(reason)[:120]}).",
            "Start the pages; if they run, see the reverse proxy and its certificate, or try from outside.",
        )
    yield _file_clock(found, report, now)
    yield _zones(report)


def _answered(found: Settings, report: CheckReport, now: datetime) -> Iterator[CheckResult]:
    address = found.base_url.rstrip("/") + "/healthz"
    if urlsplit(address).scheme not in ("http", "https"):
        raise ValueError("not an address of pages")
    try:
        with urlopen(Request(address), timeout=PATIENCE_S) as answer:  # noqa: S310
            date, state, healthy = answer.headers["Date"], answer.read(200).decode("utf-8", "replace"), True
    except HTTPError as error:
        date, state, healthy = error.headers["Date"], error.read(200).decode("utf-8", "replace"), False
        if error.code != 503:
            yield report.fail(
                f"{address} answers {error.code}.", "See that the reverse proxy leads all of base_url to the pages."
            )
            return
    if healthy:
        yield report.ok(f"{address} answers.")
    else:
        yield report.fail(f"{address} says {state.strip()}", "See Engine and Database above.")
    theirs = parsedate_to_datetime(date) if date else now
    if abs(theirs - now) > CLOCKS_APART:
        yield report.fail(
            f"The pages' clock is {apart(theirs, now)} off this machine's.",
            "Set both by NTP (timedatectl set-ntp true).",
        )


def _file_clock(found: Settings, report: CheckReport, now: datetime) -> CheckResult:
    """Compare the file system's clock with `now`; it may be another machine's clock."""
    with tempfile.NamedTemporaryFile(dir=found.instance if found.instance.exists() else None) as file:
        theirs = datetime.fromtimestamp(os.stat(file.name).st_mtime, now.tzinfo)
    if abs(theirs - now) > CLOCKS_APART:
        return report.fail(f"The file system's clock is {apart(theirs, now)} off.", "Set all machines' clocks by NTP.")
    return report.ok(f"The clocks agree: it is {now:%H:%M:%S %Z}.")


def _zones(report: CheckReport) -> CheckResult:
    try:
        for zone in ZONES:
            ZoneInfo(zone)
    except ZoneInfoNotFoundError as error:
        return report.fail(f"Time zone data are missing: {error}.", "pip install tzdata")
    return report.ok("The time zones WIB, WITA and WIT are known.")
