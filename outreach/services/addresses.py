"""Addresses that mail cannot reach: conditions for statements, and allowing an address again.

queries/directory/unreachable.py lists whose they are. services/inbox/receive.py processes the reports about an
address; delivery/recheck/judge.py stops mail to it.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from outreach.domain.directory import email_addresses
from outreach.domain.states import ActivityState, InvitationState
from outreach.extensions import db
from outreach.models import ActingPerson, Activity, AddressFailure, Invitation, Organisation, Person, User
from outreach.services import audit
from outreach.transactions import writing

CHUNK = 500  # addresses in one statement


def is_blocked(address: Any) -> sa.ColumnElement[bool]:
    """Return the condition that mail to an address (a column) is blocked. Fast if no address is blocked."""
    blocked = sa.select(AddressFailure.address).where(AddressFailure.blocked_at.is_not(None))
    return sa.and_(sa.exists(blocked), sa.func.lower(address).in_(blocked))


def no_mail_reaches(address: Any) -> sa.ColumnElement[bool]:
    """Return the condition that an address (a column) is empty or blocked."""
    return sa.or_(address == "", is_blocked(address))


def ids_blocked(invitee: Any) -> sa.Select[Any]:
    """Select the ids of people or organisations whose address is blocked."""
    return sa.select(invitee.id).where(is_blocked(invitee.email))


def ids_without_mail(invitee: Any) -> Any:
    """Select the ids of those without an address or with a blocked one. Uses indexes, so it does not scan invitations."""
    return sa.union_all(sa.select(invitee.id).where(invitee.email == ""), ids_blocked(invitee))


def failure_of(address: str) -> AddressFailure | None:
    """Return the failure of a blocked address; None if mail is sent there."""
    return among([address]).get(email_addresses.key(address))


def among(addresses: Collection[str]) -> dict[str, AddressFailure]:
    """Return the failures of those addresses that are blocked, by email_addresses.key. Runs one statement for each CHUNK."""
    wanted = sorted({email_addresses.key(address) for address in addresses if address})
    found: dict[str, AddressFailure] = {}
    for start in range(0, len(wanted), CHUNK):
        some = AddressFailure.address.in_(wanted[start : start + CHUNK])
        for failure in db.session.scalars(
            sa.select(AddressFailure).where(some, AddressFailure.blocked_at.is_not(None))
        ):
            found[failure.address] = failure
    return found


def allow_again(address: str, *, by: User | None, now: datetime) -> None:
    """Let mail go to an address again because it was corrected; another report blocks it again."""
    with writing() as session:
        failure = session.get(AddressFailure, email_addresses.key(address), with_for_update=True)
        if failure is None or failure.blocked_at is None:
            return
        failure.blocked_at, failure.delays, failure.fault, failure.reply = None, 0, None, ""
        for invitee in (Person, Organisation):
            for recipient in session.scalars(sa.select(invitee).where(sa.func.lower(invitee.email) == failure.address)):
                audit.record(session, by, f"{invitee.__tablename__}.address_allowed", recipient, now=now)
        represented = (
            sa.select(Invitation)
            .join(Activity, Activity.id == Invitation.activity_id)
            .where(Invitation.id.in_(acting_at(failure.address)), *represented_ahead(now))
        )
        for invitation in session.scalars(represented):
            audit.record(
                session, by, "invitation.address_allowed", invitation, now=now, name=invitation.invitee.display_name
            )


def acting_at(address: str) -> sa.Select[int]:
    """Select the ids of the invitations for which somebody with this address acts. address: as email_addresses.key."""
    return sa.select(ActingPerson.invitation_id).where(
        sa.func.lower(ActingPerson.email) == address, ActingPerson.acting
    )


def represented_ahead(now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    """Return the conditions that an invitation has a representative at an activity to come: a published or postponed one."""
    published = sa.and_(Activity.state == ActivityState.PUBLISHED, Activity.ends_at > now)
    return (
        Invitation.state == InvitationState.REPRESENTED,
        sa.or_(published, Activity.state == ActivityState.POSTPONED),
    )
