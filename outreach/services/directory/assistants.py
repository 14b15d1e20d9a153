"""The adjutant or secretary of a person or an organisation: written with their record; read for the ladder."""

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.delivery import tokens
from outreach.delivery.rows.assistants import OF_INVITEE
from outreach.domain.directory import email_addresses, names, phones
from outreach.domain.problems import Problem
from outreach.models import Assistant, Invitation, Organisation, Person


class AssistantNameless(Problem):
    message = "Please write who it is, or in which post: Sekretaris pribadi."
    field = "assistant_name"


def checked(name: str, phone: str, email: str) -> dict[str, Any]:
    """Return the values as they are stored, by the fields of the form. Raise a Problem of a phone number or an address.

    Raise AssistantNameless if there is a number or an address without a name.
    """
    try:
        number, address = phones.number(phone), email_addresses.address(email)
    except Problem as problem:
        problem.field = f"assistant_{problem.field}"
        raise
    name = names.tidy(name)
    if (number or address) and not name:
        raise AssistantNameless
    return {"assistant_name": name, "assistant_phone": number, "assistant_email": address}


def write(invitee: Person | Organisation, name: str, phone: str, email: str) -> None:
    """Write an invitee's adjutant or secretary; without a name there is none.

    Somebody else, or another address, gets a link of their own: the earlier one opens nothing any more. An address whose
    reader wants no mails gets none under another name, either.
    """
    one = invitee.assistant
    if not name:
        invitee.assistant = None
        return
    if one is None:
        one = invitee.assistant = Assistant(nonce=tokens.new_nonce())
    elif (one.name, one.email) != (name, email):
        one.nonce = tokens.new_nonce()
        if one.email.lower() != email.lower():
            one.stopped_at = one.asked_at = None
    one.name, one.phone, one.email = name, phone, email


def of_invitations(session: Session, invitation_ids: Collection[int]) -> dict[int, Assistant]:
    """Return the adjutants and secretaries of these invitations' invitees who have an e-mail address, by invitation."""
    rows = session.execute(
        sa.select(Invitation.id, Assistant)
        .join(Assistant, OF_INVITEE)
        .where(Invitation.id.in_(invitation_ids), Assistant.email != "")
    )
    return {row.id: row.Assistant for row in rows}
