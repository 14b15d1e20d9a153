"""Monitoring: whether a process, its pages and the whole work, and the delivery figures in Prometheus' text format."""

import hmac
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from flask import Blueprint, Response, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily

from outreach import clock
from outreach.extensions import current_settings, db
from outreach.services.operations import engines
from outreach.services.operations import metrics as delivery_metrics
from outreach.services.operations.metrics import Figures

Sample = tuple[tuple[str, ...], float]


class _Collector:
    def __init__(self, found: Figures) -> None:
        self.found = found

    def collect(self) -> Iterator[GaugeMetricFamily]:
        for name, meaning, labels, samples in _families(self.found):
            family = GaugeMetricFamily(f"outreach_{name}", meaning, labels=labels)
            for values, value in samples:
                family.add_metric(values, value)
            yield family


PROXIES_SAY = ("via", "forwarded", "x-forwarded-", "x-real-ip")  # prefixes of the headers that proxies add
bp = Blueprint("health", __name__)


@bp.after_request
def keep_out_of_caches(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.get("/livez")
def livez() -> tuple[dict[str, str], int]:
    """Answer while this process does. Programs that restart a process which does not answer ask here. It reads no database."""
    return {"state": "ok"}, 200


@bp.get("/readyz")
def readyz() -> tuple[dict[str, str], int]:
    """Answer 200 while pages can be shown, whatever the engines do. Load balancers ask here."""
    try:
        engines.database_answers()
    except sa.exc.SQLAlchemyError:
        db.session.rollback()
        return {"state": "no database"}, 503
    return {"state": "ok"}, 200


@bp.get("/healthz")
def healthz() -> tuple[dict[str, str], int]:
    now = clock.now()
    try:
        late = engines.overdue(now=now)
        silent = engines.silent_since(now=now)
    except sa.exc.SQLAlchemyError:
        db.session.rollback()
        return {"state": "no database"}, 503
    if late:
        return {"state": f"{late} overdue"}, 503
    if silent:
        return {"state": "engine silent", "since": silent.isoformat(timespec="seconds")}, 503
    return {"state": "ok"}, 200


@bp.get("/metrics")
def scrape() -> Any:
    if not _may_ask():
        return Response("Not for you.\n", 403, mimetype="text/plain")
    try:
        found = delivery_metrics.figures(now=clock.now())
    except sa.exc.SQLAlchemyError:
        db.session.rollback()
        return Response("No database.\n", 503, mimetype="text/plain")
    return Response(text(found), content_type=CONTENT_TYPE_LATEST)


def _may_ask() -> bool:
    """Return whether the request may read the figures: with the token if one is set, otherwise only from this machine.

    Requests through a proxy on this machine do not count as local. Not every proxy identifies itself, but its users
    request the office's host name, not this machine's.
    """
    settings = current_settings()
    if token := settings.metrics_token:
        given = request.headers.get("Authorization", "")
        return hmac.compare_digest(given.encode(), f"Bearer {token}".encode())
    forwarded = any(name.lower().startswith(PROXIES_SAY) for name in request.headers.keys())  # noqa: SIM118
    if forwarded or settings.proxies:
        return False
    try:
        asked_for = urlsplit(f"//{request.headers.get('Host', '')}").hostname or ""
    except ValueError:
        return False
    return _is_here(request.remote_addr or "") and (asked_for == "localhost" or _is_here(asked_for))


def _is_here(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def text(found: Figures) -> bytes:
    """Return the figures in the text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(found))
    return generate_latest(registry)


def _families(f: Figures) -> Iterator[tuple[str, str, tuple[str, ...], Iterable[Sample]]]:
    def plain(value: float | None) -> list[Sample]:
        return [] if value is None else [((), value)]

    channels = f.channels.items()
    yield "build_info", "Which version this is, and on which database.", ("version", "database"), [
        ((version("outreach"), db.engine.dialect.name), 1)
    ]  # fmt: skip
    yield "queue_age_seconds", "How long the message that waits longest has been due.", (), plain(f.queue_age_s)
    yield "messages_due", "Messages that are due and not yet claimed.", (), plain(f.due)
    yield "messages_waiting", "Messages that are not yet due, counted up to 10,000.", (), plain(f.waiting)
    yield "messages_in_work", "Messages that a worker holds.", ("state",), _each(f.in_work)
    yield "messages_retrying", "Messages that were tried and will be tried again.", (), plain(f.retrying)
    yield "messages_sent", "Messages sent within the window.", ("window",), [((k,), n) for k, n in f.sent.items()]
    yield "messages_not_sent", "Messages due within the window that were not sent, by reason.", (
        "state", "reason", "window",
    ), [((state.value, reason, window), n) for (state, reason, window), n in f.not_sent.items()]  # fmt: skip
    yield "attempts", "Attempts at handing over in the last hour.", ("outcome",), _each(f.attempts)
    yield "lateness_seconds", "From due to sent, of the last hour's messages.", ("quantile",), [
        ((f"{quantile:g}",), value) for quantile, value in f.lateness_s.items()
    ]  # fmt: skip
    yield "channel_up", "1 while the mail server, the mailbox, or the clocks of all workers are well.", ("channel",), [
        ((name,), float(channel.up)) for name, channel in channels
    ]  # fmt: skip
    yield "channel_paused_seconds", "How long it is still left alone.", ("channel",), [
        ((name,), channel.paused_s) for name, channel in channels
    ]  # fmt: skip
    yield (
        "channel_failures",
        "Troubles in a row.",
        ("channel",),
        [((name,), channel.failures) for name, channel in channels],
    )
    yield (
        "engine_age_seconds",
        "Since an engine last gave a sign of life: a tick, or a mail sent.",
        (),
        plain(f.engine_age_s),
    )
    yield "failed_sign_ins", "Sign-ins that failed within the last hour.", (), plain(f.failed_sign_ins)
    yield "engines", "Engines heard of in the last five minutes.", (), plain(f.engines)
    yield "incoming_to_read", "Mails that came in and wait for a coordinator.", (), plain(f.incoming_to_read)
    yield "addresses_blocked", "Addresses that no mail reaches.", (), plain(f.addresses_blocked)
    yield (
        "reminders_scheduled",
        "Reminders still to fall due, or just due, counted up to 10,000.",
        (),
        plain(f.reminders_scheduled),
    )
    yield "rungs_overdue", "Rungs of ladders that wait longer than 15 minutes.", (), plain(f.rungs_overdue)
    yield "reminders_overdue", "Reminders that are due and not yet expanded.", (), plain(f.reminders_overdue)
    yield "reminders_missed", "Reminders of the last day that came too late to help.", (), plain(f.reminders_missed)
    yield "database_bytes", "How much room the database takes.", (), plain(f.database_bytes)


def _each(counts: dict[Any, int]) -> list[Sample]:
    return [((key.value,), number) for key, number in sorted(counts.items())]
