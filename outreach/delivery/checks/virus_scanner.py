"""Check the virus scanner: whether it answers, and how old its signatures are."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from outreach.delivery import scanner
from outreach.delivery.checks.connecting import PATIENCE_S
from outreach.delivery.checks.result import Area, CheckReport, CheckResult
from outreach.delivery.scanner import ScannerAway
from outreach.settings import Settings

report = CheckReport(Area.SCANNER)
OLD = timedelta(days=7)  # new signatures come every day


def check(settings: Settings, *, now: datetime) -> Iterator[CheckResult]:
    """Yield the results. Without a scanner all is as the operator chose."""
    if not settings.scanner:
        yield report.ok("None is set: files are stored once their kind is checked, without a search for viruses.")
        return
    settings = replace(settings, scanner_timeout_s=min(settings.scanner_timeout_s, PATIENCE_S))
    try:
        answer, version = scanner.ask(settings, "PING"), scanner.ask(settings, "VERSION")
    except ScannerAway as away:
        answer, version = str(away), ""
    if answer != "PONG":
        yield report.fail(
            f"{settings.scanner} does not answer as clamd does ({answer}): every file is refused, and mails received wait.",
            "Start it (systemctl start clamav-daemon), or correct scanner in the settings.",
        )
        return
    try:
        scanner.check(settings)
    except ScannerAway as away:
        yield report.fail(
            f"{settings.scanner} examines no file ({away}): every file is refused, and mails received wait.",
            "Look whether its disk is full, and into its log (journalctl -u clamav-daemon).",
        )
        return
    program, _, signatures = version.partition("/")
    yield report.ok(f"{program} answers at {settings.scanner}.")
    made_at = _made_at(signatures.partition("/")[2])
    if made_at and now - made_at > OLD:
        yield report.warn(
            f"Its signatures are of {made_at:%d %B %Y}: it does not know newer viruses.",
            "Let them be renewed each day (systemctl enable --now clamav-freshclam).",
        )


def _made_at(written: str) -> datetime | None:
    """Return when the signatures were made, from such as "Tue Dec  1 08:27:01 2026"; None if it does not say."""
    try:
        return datetime.strptime(written, "%a %b %d %H:%M:%S %Y").replace(tzinfo=UTC)
    except ValueError:
        return None
