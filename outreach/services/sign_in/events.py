"""Recording what belongs to security: as a row for the administrators' page, and as a line of the structured log.

Who reads the log elsewhere (a log server, fail2ban) finds `event: security`, the kind, ids and the network address. Neither
has a name, a mail address or anything that was typed.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from flask import has_request_context, request

from outreach.domain.kinds import AccountNews
from outreach.domain.sign_in.devices import browser_of, system_of
from outreach.domain.sign_in.events import FAILURES, SecurityKind
from outreach.domain.sign_in.networks import network_of
from outreach.extensions import limiter
from outreach.models import SecurityEvent, User
from outreach.services.sign_in import mails
from outreach.transactions import recording

MOST_A_MINUTE = 5  # rows of one kind of failure from one network address; the log has all of them
MOST_FROM_ALL = 60  # rows of one kind of failure in a minute from all addresses together: a stranger can have very many
_log = structlog.get_logger()


@dataclass(frozen=True)
class RequestOrigin:
    """Where a request comes from; empty outside a request, as by command line."""

    network_address: str = ""
    browser: str = ""
    system: str = ""


def origin() -> RequestOrigin:
    """Return where the present request comes from. It belongs to every event, so callers need not pass it on."""
    if not has_request_context():
        return RequestOrigin()
    agent = request.user_agent.string
    return RequestOrigin((request.remote_addr or "")[:45], browser_of(agent), system_of(agent))


def security_event(kind: SecurityKind, user: User | None = None, *, now: datetime, **facts: Any) -> None:
    """Record an event. user: the account that it is about; None if none is known.

    facts: JSON values, ids and states only. In a use case's transaction it is part of it; otherwise it is stored at once.
    Of failures, which anybody can cause, only so many are stored each minute.
    """
    user_id, where = (user.id if user is not None else None), origin()
    _log.info(
        "security", kind=kind.value, user_id=user_id, network_address=where.network_address, browser=where.browser,
        system=where.system, **facts,
    )  # fmt: skip
    if kind in FAILURES and has_request_context() and _too_many(kind, where):
        return
    with recording() as session:
        session.add(
            SecurityEvent(
                at=now,
                kind=kind,
                user_id=user_id,
                network_address=where.network_address,
                browser=where.browser,
                system=where.system,
                detail=facts,
            )
        )


def signed_in(user: User, *, via: list[str], stays: bool, is_new_device: bool, now: datetime) -> None:
    """Record a sign-in. If the account does not know the device, tell it by mail."""
    security_event(SecurityKind.SIGNED_IN, user, now=now, via=via, stays=stays)
    if is_new_device:
        where = origin()
        with recording() as session:
            mails.tell(
                session, user.id, AccountNews.NEW_DEVICE, now=now, browser=where.browser, system=where.system,
                network_address=where.network_address,
            )  # fmt: skip
        security_event(SecurityKind.NEW_DEVICE, user, now=now)


def _too_many(kind: SecurityKind, where: RequestOrigin) -> bool:
    counted = limiter.storage.incr
    if counted(f"security event {kind.value} {network_of(where.network_address)}", 60) > MOST_A_MINUTE:
        return True
    return counted(f"security event {kind.value} from all", 60) > MOST_FROM_ALL
