"""`outreach doctor`: checks a real set-up part by part, with advice for each. Exits 1 if something must be done."""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, tzinfo

import click
from sqlalchemy.exc import SQLAlchemyError

from outreach import clock, create_app
from outreach.delivery.checks import domain, mail_server, mailbox, virus_scanner
from outreach.delivery.checks.result import Area, CheckReport, CheckResult, Level
from outreach.engines import job_queue
from outreach.extensions import db
from outreach.services.operations import checks as checking
from outreach.settings import Settings, SettingsError, load

MARKS = {Level.OK: ("ok  ", "green"), Level.WARN: ("warn", "yellow"), Level.FAIL: ("FAIL", "red")}


def doctor(as_json: bool, send_to: str, dns: str) -> None:
    """Try the settings, database, engine, mail server, mailbox, domain and clock; say of each what to do.

    Nothing is changed, and no mail is sent unless --send-to asks for one. Exits 1 where something must be done.
    """
    found: list[CheckResult] = []
    area: Area | None = None
    for result in examine(send_to, dns):
        found.append(result)
        if as_json:
            continue
        if result.area is not area:
            area = result.area
            click.echo(("\n" if len(found) > 1 else "") + click.style(area, bold=True))
        _show(result)
    failures, warnings = (
        sum(check_result.level is level for check_result in found) for level in (Level.FAIL, Level.WARN)
    )
    if as_json:
        click.echo(json.dumps([asdict(check_result) for check_result in found], indent=2, ensure_ascii=False))
    else:
        click.echo(f"\n{_summary(failures, warnings)}")
    raise SystemExit(1 if failures else 0)


def examine(send_to: str = "", dns: str = "") -> Iterator[CheckResult]:
    """Yield all check results, in the report's order. dns: a DNS server's address, or "" for this machine's."""
    try:
        settings = load()
        app = create_app(settings, serving=False)
    except (SettingsError, SQLAlchemyError) as error:
        for line in str(error).splitlines()[: None if isinstance(error, SettingsError) else 1]:
            yield CheckReport(Area.SETTINGS).fail("The settings cannot be used.", line)
        return
    yield from checking.settings(settings)
    with app.app_context():
        usable = True
        for result in checking.database(settings, now=clock.now()):
            usable = usable and result.level is not Level.FAIL
            yield result
        if usable and job_queue.usable(settings):
            yield from _safely(Area.DATABASE, _queue)
        if usable:
            yield from _safely(Area.ACCOUNTS, lambda: checking.accounts(settings))
        if usable:
            yield from _safely(Area.ENGINE, lambda: checking.engine(now=clock.now()))
        zone = checking.zone() if usable else UTC
        db.session.remove()
    with app.app_context():
        yield from _outside(settings, send_to, dns, zone)


def _queue() -> Iterator[CheckResult]:
    """Check whether workers can share the work. On another database one worker does it alone."""
    report = CheckReport(Area.DATABASE)
    if job_queue.is_current():
        yield report.ok("The job queue's tables are of the installed Procrastinate.")
    else:
        yield report.fail("The job queue's tables are missing or old, so no worker starts.", "Run  outreach db upgrade")


def _outside(settings: Settings, send_to: str, dns: str, zone: tzinfo) -> Iterator[CheckResult]:
    yield from _safely(Area.SERVER, lambda: mail_server.check(settings, now=clock.now(), send_to=send_to))
    yield from _safely(Area.MAILBOX, lambda: mailbox.check(settings, now=clock.now()))
    yield from _safely(Area.DOMAIN, lambda: domain.check(settings, domain.Dns.at(dns) if dns else None))
    yield from _safely(Area.SCANNER, lambda: virus_scanner.check(settings, now=clock.now()))
    yield from _safely(Area.PAGES, lambda: checking.pages(settings, now=clock.now().astimezone(zone)))
    yield from _safely(Area.LIBRARIES, lambda: checking.libraries(now=clock.now()))


def _safely(area: Area, check: Callable[[], Iterator[CheckResult]]) -> Iterator[CheckResult]:
    """Run a check. If it fails with an error, report that as a result, and let the others run."""
    try:
        yield from check()
    except Exception as error:
        yield CheckReport(area).fail(
            f"This could not be looked at: {type(error).__name__}: {str(error)[:200]}", "Correct its settings."
        )


def _show(result: CheckResult) -> None:
    mark, colour = MARKS[result.level]
    click.echo(f"  {click.style(mark, fg=colour)}  {result.text}")
    if result.advice:
        click.echo(f"        → {result.advice}")


def _summary(failures: int, warnings: int) -> str:
    if not failures and not warnings:
        return "All is well."
    return f"{failures} to be done, {warnings} to be looked at."
