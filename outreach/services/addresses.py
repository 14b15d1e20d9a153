"""Addresses that mail cannot reach: whose they are, which activities are affected, and allowing an address again.

services/inbox/receive.py processes the reports about an address; delivery/recheck/judge.py stops mail to it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from outreach.delivery.words.whatsapp import Call
from outreach.domain.directory import email_addresses
from outreach.domain.mail.address_faults import AddressFault
from outreach.domain.states import ActivityState, InvitationState
from outreach.extensions import db
from outreach.models import Activity, AddressFailure, Invitation, Organisation, Person, User
from outreach.services import audit
from outreach.transactions import writing

PERSON, ORGANISATION, REPRESENTATIVE = "person", "organisation", "representative"
GONE = (InvitationState.NOT_COMING, InvitationState.WITHDRAWN)


@dataclass(frozen=True)
class Unreachable:
    """Somebody whose address no mail reaches. id: of the person, the organisation, or the represented invitation."""

    kind: str
    id: int
    name: str
    post: str
    address: str
    since_at: datetime
    fault: AddressFault | None
    reply: str  # the mail server's text
    call: Call
    activities: Sequence[Activity] = field(default=())  # future ones that no mail tells them of; earliest first


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
    """Return the blocked ones of the addresses, by email_addresses.key. Runs one statement, or none."""
    wanted = {email_addresses.key(address) for address in addresses if address}
    if not wanted:
        return {}
    found = db.session.scalars(
        sa.select(AddressFailure).where(AddressFailure.address.in_(wanted), AddressFailure.blocked_at.is_not(None))
    )
    return {failure.address: failure for failure in found}


def allow_again(address: str, *, by: User | None, now: datetime) -> None:
    """Let mail go to an address again because it was corrected; another report blocks it again."""
    with writing() as session:
        failure = session.get(AddressFailure, email_addresses.key(address), with_for_update=True)
        if failure is None or failure.blocked_at is None:
            return
        failure.blocked_at, failure.delays, failure.fault, failure.reply = None, 0, None, ""
        for invitee in (Person, Organisation):
            for one in session.scalars(sa.select(invitee).where(sa.func.lower(invitee.email) == failure.address)):
                audit.record(session, by, f"{invitee.__tablename__}.address_allowed", one, now=now)
        represented = (
            sa.select(Invitation)
            .join(Activity, Activity.id == Invitation.activity_id)
            .where(sa.func.lower(Invitation.representative_email) == failure.address, *_represented_ahead(now))
        )  # by future activities, because no index leads from such an address to its invitations
        for invitation in session.scalars(represented):
            audit.record(
                session, by, "invitation.address_allowed", invitation, now=now, name=invitation.invitee.display_name
            )


def activities_ahead(rows: Sequence[Any], now: datetime) -> dict[tuple[str, int], list[Activity]]:
    """Return, by kind and id, the published future activities that they may attend. Runs one statement."""
    if not rows:
        return {}
    ids = {kind: [row.id for row in rows if row.kind == kind] for kind in (PERSON, ORGANISATION, REPRESENTATIVE)}
    named = sa.and_(Invitation.id.in_(ids[REPRESENTATIVE]), Invitation.state == InvitationState.REPRESENTED)
    own = sa.or_(Invitation.person_id.in_(ids[PERSON]), Invitation.organisation_id.in_(ids[ORGANISATION]))
    found = db.session.execute(
        sa.select(Invitation.id, Invitation.person_id, Invitation.organisation_id, Activity)
        .join(Invitation.activity)
        .where(
            sa.or_(named, sa.and_(own, Invitation.state.not_in(GONE))),
            Activity.state == ActivityState.PUBLISHED,
            Activity.ends_at > now,
        )
        .order_by(Activity.starts_at, Activity.id)
    )
    ahead: dict[tuple[str, int], list[Activity]] = {}
    for invitation_id, person_id, organisation_id, activity in found:
        for kind, key in ((PERSON, person_id), (ORGANISATION, organisation_id), (REPRESENTATIVE, invitation_id)):
            if key is not None and key in ids[kind] and activity not in ahead.setdefault((kind, key), []):
                ahead[kind, key].append(activity)
    return ahead


def all_unreachable(now: datetime) -> Any:
    """Select whose address it is: people, organisations, and representatives at future activities."""
    columns = (
        AddressFailure.address, AddressFailure.blocked_at.label("since_at"), AddressFailure.fault, AddressFailure.reply,
    )  # fmt: skip

    def of(kind: str, key: Any, name: Any, post: Any, phone: Any, email: Any) -> sa.Select[Any]:
        named = (sa.literal(kind).label("kind"), key.label("id"), name.label("name"), post.label("post"))
        return (
            sa.select(*named, phone.label("phone"), *columns)
            .select_from(AddressFailure)
            # Not joined by the key of AddressFailure: SQLite would scan all people and look up each address.
            .join(key.class_, sa.func.lower(email) == AddressFailure.address + "")
            .where(AddressFailure.blocked_at.is_not(None))
        )

    people = of(
        PERSON, Person.id, sa.func.coalesce(sa.func.nullif(Person.name, ""), Person.post),
        sa.case((Person.name != "", Person.post), else_=""), Person.phone, Person.email,
    ).where(Person.erased_at.is_(None))  # fmt: skip
    offices = of(
        ORGANISATION, Organisation.id, Organisation.name, sa.literal(""), Organisation.phone, Organisation.email
    )
    representatives = (
        of(
            REPRESENTATIVE, Invitation.id, Invitation.representative_name, Invitation.representative_post,
            Invitation.representative_phone, Invitation.representative_email,
        )
        .join(Activity, Activity.id == Invitation.activity_id)
        .where(*_represented_ahead(now))
    )  # fmt: skip
    return sa.union_all(people, offices, representatives)


def _represented_ahead(now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        Invitation.state == InvitationState.REPRESENTED,
        Activity.state == ActivityState.PUBLISHED,
        Activity.ends_at > now,
    )
