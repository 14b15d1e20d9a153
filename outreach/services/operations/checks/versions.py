"""Check how old the installed libraries are, without asking anybody: by the day on which their versions were chosen.

`make lock` writes that day into requirements.lock. Where other versions are installed, as from a wheel, the installer chose the
newest ones on the day it ran.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.metadata import Distribution, PackageNotFoundError, distribution, requires
from pathlib import Path

from outreach.delivery.checks.result import Area, CheckReport, CheckResult
from outreach.settings import ROOT

LOCK = ROOT / "requirements.lock"
OLD = timedelta(days=90)  # SECURITY.md, "Which versions are mended": the longest time that a known weakness may stay
_DAY = re.compile(r"^# .*make lock.* (\d{4}-\d\d-\d\d)$", re.MULTILINE)
_PIN = re.compile(r"^([a-z0-9._-]+)(?:\[[^]]*])?==([^\s;]+)", re.MULTILINE)


def libraries(*, now: datetime) -> Iterator[CheckResult]:
    """Yield when the versions of the libraries were chosen, and whether that is too long ago."""
    report = CheckReport(Area.LIBRARIES)
    found = _locked() or _installed()
    if found is None:
        yield report.warn("When the libraries were installed cannot be seen.", "Install Outreach into a new .venv.")
        return
    chosen_at, how = found
    yield report.ok(f"Their versions were chosen on {chosen_at:%d %B %Y}: {how}.")
    if now - chosen_at > OLD:
        yield report.warn(
            f"That is {(now - chosen_at).days} days ago: weaknesses that became known since then may be in them.",
            "Install the newest version of Outreach. Who publishes it runs  make lock, make test, make audit.",
        )


def _locked() -> tuple[datetime, str] | None:
    """Return the day of requirements.lock, if all that is installed of it has its versions."""
    text = LOCK.read_text("utf-8") if LOCK.exists() else ""
    day = _DAY.search(text)
    pins = {name: version for name, version in _PIN.findall(text) if _of(name) is not None}
    if day is None or any(distribution(name).version != version for name, version in pins.items()):
        return None
    return datetime.fromisoformat(day[1]).replace(tzinfo=UTC), "those of requirements.lock"


def _installed() -> tuple[datetime, str] | None:
    """Return when the library that was installed first was installed."""
    names = {re.split(r"[^A-Za-z0-9._-]", requirement)[0] for requirement in requires("outreach") or []}
    lists = [
        Path(str(file.locate()))
        for name in names
        if (found := _of(name)) is not None
        for file in found.files or []
        if file.name == "RECORD" and file.parent.name.endswith(".dist-info")
    ]
    if not (times_s := [path.stat().st_mtime for path in lists if path.exists()]):
        return None
    return datetime.fromtimestamp(min(times_s), UTC), "the first of them was installed then"


def _of(name: str) -> Distribution | None:
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None
