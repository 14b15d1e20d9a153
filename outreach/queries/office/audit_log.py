"""Read the audit log: who changed what, and when. services/audit.py writes it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from outreach.domain.zones import midnight
from outreach.extensions import db
from outreach.models import AuditEntry, IncomingMail, User
from outreach.queries.paging import Page, paged


@dataclass(frozen=True)
class AuditFilter:
    """Filter of entries; empty values filter nothing. user_id 0: entries without a user, such as the command line's."""

    q: str = ""
    user_id: int | None = None
    subject_type: str = ""
    first_on: date | None = None
    last_on: date | None = None


def entries(wanted: AuditFilter, number: int = 1, *, zone: ZoneInfo, per_page: int = 50) -> Page:
    """Return one page of entries, the latest first: rows of at, user, action, subject_type, subject_id, subject_name, detail.

    zone: the zone of the filter's first and last day.
    """
    return paged(entries_select(wanted, zone=zone), number, per_page, q=wanted.q)


def entries_select(wanted: AuditFilter, *, zone: ZoneInfo) -> sa.Select[Any]:
    """Select the entries of the log, in its order."""
    select: sa.Select[Any] = (
        sa.select(
            AuditEntry.id,
            AuditEntry.at,
            sa.func.coalesce(sa.func.nullif(User.name, ""), User.email, "").label("user"),
            AuditEntry.action,
            AuditEntry.subject_type,
            AuditEntry.subject_id,
            AuditEntry.subject_name,
            AuditEntry.detail,
        )
        .outerjoin(User, User.id == AuditEntry.user_id)
        .order_by(AuditEntry.at.desc(), AuditEntry.id.desc())
    )
    if wanted.q:
        select = select.where(AuditEntry.subject_name.icontains(wanted.q, autoescape=True))
    if wanted.user_id is not None:
        select = select.where(AuditEntry.user_id == wanted.user_id if wanted.user_id else AuditEntry.user_id.is_(None))
    if wanted.subject_type:
        select = select.where(AuditEntry.subject_type == wanted.subject_type)
    if wanted.first_on:
        select = select.where(AuditEntry.at >= midnight(wanted.first_on, zone))
    if wanted.last_on:
        select = select.where(AuditEntry.at < midnight(wanted.last_on + timedelta(days=1), zone))
    return select


def senders(rows: Iterable[Any]) -> dict[int, str]:
    """Return the senders of inbox mails that entries are about or name in their detail, by mail id; at most one statement.

    They are read from the mails, not from the log, so the log keeps no name longer than the mails do.
    """
    about = {row.subject_id for row in rows if row.subject_type == "incoming_mail"}
    ids = (about | {row.detail.get("incoming_mail") for row in rows}) - {None}
    if not ids:
        return {}
    name = sa.func.coalesce(sa.func.nullif(IncomingMail.sender_name, ""), IncomingMail.sender)
    found = db.session.execute(sa.select(IncomingMail.id, name).where(IncomingMail.id.in_(ids), name != ""))
    return {row[0]: row[1] for row in found}


def authors() -> list[tuple[int, str]]:
    """Return all users who may have made changes, as (user id, name)."""
    name = sa.func.coalesce(sa.func.nullif(User.name, ""), User.email)
    return [(row[0], row[1]) for row in db.session.execute(sa.select(User.id, name).order_by(name))]
