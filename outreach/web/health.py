"""Monitoring: whether the server works, and the delivery figures in Prometheus' text format."""

import hmac
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from flask import Blueprint, Response, request
from prometheus_client import CONTENT_TYPE_LATEST

from outreach import clock
from outreach.extensions import current_settings, db
from outreach.services.operations import engines
from outreach.services.operations import engines as heartbeats
from outreach.services.operations import metrics as delivery_metrics
from outreach.web import metrics

PROXIES_SAY = ("via", "forwarded", "x-forwarded-", "x-real-ip")  # prefixes of the headers that proxies add
bp = Blueprint("health", __name__)


@bp.get("/healthz")
def healthz() -> tuple[dict[str, str], int]:
    now = clock.now()
    try:
        late = engines.overdue(now=now)
        silent = heartbeats.silent_since(now=now)
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
    return Response(metrics.text(found), content_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"})


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
