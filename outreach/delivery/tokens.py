"""Tokens of answer links. They are derived from a stored nonce and the secret key, so the database alone reveals none.

A token is 16 characters of nonce and 22 characters of a MAC (128 bits). The same link always gives the same token, so
each mail can carry it. services/invitations/links.py decides whether a link has expired or was revoked.
"""

import hmac
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import sha256

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.kinds import LinkPurpose
from outreach.extensions import current_settings
from outreach.models import Link, Organisation, Person
from outreach.transactions import insert_into

NONCE_LENGTH = 16  # characters; 96 bits
MAC_LENGTH = 22  # characters; 128 bits


def new_nonce() -> str:
    return secrets.token_urlsafe(12)


def token(link: Link) -> str:
    """Return the link's token, 38 URL-safe characters, always the same for the same link and secret key."""
    return link.nonce + _mac(current_settings().secret_key, link.purpose, link.nonce)


def tokens_by_nonce(purpose: LinkPurpose = LinkPurpose.ANSWER) -> Callable[[str], str]:
    """Return a function that turns nonces into tokens. It is meant for many nonces."""
    key = _derived(current_settings().secret_key, purpose)
    return lambda nonce: nonce + _mac_by(key, nonce)


def nonce_of(token: str, purpose: LinkPurpose) -> str | None:
    """Return the nonce of a genuine token, or None if it is forged, malformed, or made for another purpose."""
    if len(token) != NONCE_LENGTH + MAC_LENGTH or not token.isascii():
        return None
    nonce, mac = token[:NONCE_LENGTH], token[NONCE_LENGTH:]
    config = current_settings()
    keys = [config.secret_key, *(k for k in config.previous_secret_keys.split(",") if k)]
    return nonce if any(hmac.compare_digest(mac, _mac(key, purpose, nonce)) for key in keys) else None


def answer_url(link: Link) -> str:
    """Return the absolute address of the link's answer page."""
    return page_url(token(link))


def page_url(token: str, choice: str = "") -> str:
    """Return the absolute address of the answer page for a token.

    choice: what the page preselects, "hadir", "tidak" or "wakil" with the activity's id: "hadir-12". Nothing is sent by it.
    """
    url = f"{current_settings().base_url.rstrip('/')}/j/{token}"
    return f"{url}?pilih={choice}" if choice else url


def stop_page_url(token: str) -> str:
    """Return the absolute address at which the invitee of a link stops reminders, by a button or in one click (RFC 8058)."""
    return f"{page_url(token)}/stop"


def link_for(session: Session, invitee: Person | Organisation, *, expires_at: datetime | None = None) -> Link:
    """Return the invitee's answer link. Create a missing one if `expires_at` is given: the time when it expires.

    Raise LookupError if the link is missing and `expires_at` is None: everybody who was ever invited has a link.
    """
    column = Link.person_id if isinstance(invitee, Person) else Link.organisation_id
    wanted = sa.select(Link).where(Link.purpose == LinkPurpose.ANSWER, column == invitee.id)
    found = session.scalar(wanted)
    if found is not None:
        return found
    if expires_at is None:
        raise LookupError(f"{invitee.__tablename__} {invitee.id} has no answer link")
    kind = "person_ids" if isinstance(invitee, Person) else "organisation_ids"
    ensure_links(session, **{kind: [invitee.id]}, expires_at=expires_at)
    return session.scalars(wanted).one()


def ensure_links(
    session: Session,
    *,
    expires_at: datetime,
    person_ids: Collection[int] = (),
    organisation_ids: Collection[int] = (),
) -> None:
    """Make the answer links that are missing, and prolong those that would expire before `expires_at`.

    One statement for people and one for organisations, for each 500 of them.
    """
    for column, ids in (("person_id", person_ids), ("organisation_id", organisation_ids)):
        rows = [
            {"purpose": LinkPurpose.ANSWER, column: invitee, "nonce": new_nonce(), "expires_at": expires_at}
            for invitee in sorted(set(ids))
        ]
        for start in range(0, len(rows), 500):
            statement = insert_into(session, Link).values(rows[start : start + 500])
            session.execute(
                statement.on_conflict_do_update(
                    index_elements=["purpose", column],
                    set_={"expires_at": statement.excluded.expires_at},
                    where=Link.expires_at < statement.excluded.expires_at,
                )
            )


def lifetime() -> timedelta:
    """Return how long an answer link stays valid after the invitee's last activity."""
    return timedelta(days=current_settings().link_days)


def acting_token(nonce: str) -> str:
    """Return the token of an acting person's own page; "" without a nonce."""
    return tokens_by_nonce(LinkPurpose.ACTING)(nonce) if nonce else ""


def assistant_token(nonce: str) -> str:
    """Return the token by which an adjutant or secretary opens the page of their invitee; "" without a nonce."""
    return tokens_by_nonce(LinkPurpose.ASSISTANT)(nonce) if nonce else ""


def device_mark(device: str, link_nonce: str) -> str:
    """Return what is stored of the device that answered by a link; "" for none. It tells devices apart within one link only.

    device: the random value of its cookie.
    """
    return sha256(f"{link_nonce} {device}".encode()).hexdigest()[:24] if device else ""


def _mac(key: str, purpose: LinkPurpose, nonce: str) -> str:
    return _mac_by(_derived(key, purpose), nonce)


def _mac_by(derived: bytes, nonce: str) -> str:
    return urlsafe_b64encode(hmac.digest(derived, nonce.encode(), sha256)[:16])[:MAC_LENGTH].decode()


@lru_cache(maxsize=16)
def _derived(key: str, purpose: LinkPurpose) -> bytes:
    return hmac.digest(key.encode(), b"outreach link " + purpose.value.encode(), sha256)
