"""Stored messages and invitations as plain rows for composing, one by one: for previews and single mails.

The outbox reads its rows for a whole batch: rows/batch.py.
"""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import object_session

from outreach.delivery.rows import batch
from outreach.delivery.rows.assistants import assisting
from outreach.delivery.rows.batch import CadreRow, LineRow, MessageRow
from outreach.delivery.rows.leaving import former_holders, leaving, told_of
from outreach.delivery.rows.letters import signed_letters
from outreach.domain.kinds import MailKind
from outreach.domain.states import InvitationState
from outreach.models import Invitation, Message, MessageLine, Organisation, Person
from outreach.models.certificates import HAS_CERTIFICATE
from outreach.models.materials import OWES_MATERIALS


def message_row(message: Message) -> MessageRow:
    """Return a message's row without its lines and its link."""
    invitee = message.person or message.organisation
    assert invitee is not None
    representing = message.representative_of
    return invitee_row(
        invitee, id=message.id, kind=message.kind, expires_at=message.expires_at,
        rfc_message_id=message.rfc_message_id, representative_of_id=representing.id if representing else None,
    )  # fmt: skip


def invitee_row(invitee: Person | Organisation, **values: Any) -> MessageRow:
    """Return the row of a message to an invitee. Fields that are not in `values` and not about the invitee get defaults."""
    person = invitee if isinstance(invitee, Person) else None
    office = person.organisation if person else None
    roles = sorted(person.cadre_roles, key=lambda role: role.id) if person else []
    return MessageRow(**{
        "id": 0,
        "fence": 0,
        "kind": MailKind.INVITATION,
        "expires_at": datetime.max.replace(tzinfo=UTC),
        "attempts": 0,
        "rfc_message_id": "",
        "resend_of_id": None,
        "representative_of_id": None,
        "user_id": None,
        "poll_invitee_id": None,
        "person_id": person.id if person else None,
        "organisation_id": None if person else invitee.id,
        "name": invitee.name,
        "title_before": person.title_before if person else "",
        "title_after": person.title_after if person else "",
        "post": person.post if person else "",
        "sex": person.sex if person else None,
        "email": invitee.email,
        "locale": invitee.locale,
        "shares_phone": bool(person and person.shares_phone),
        "office_name": office.name if office else "",
        "office_short_name": office.short_name if office else "",
        "region_code": invitee.region_code or "",
        "region_name": invitee.region.name if invitee.region else "",
        "stopped": invitee.reminders_stopped_at is not None,
        "erased": bool(person and person.erased_at),
        "link_nonce": "",
        "link_revoked": False,
        "unconsented": False,
        "child": bool(person and person.child),
        "cadre_roles": tuple(CadreRow(role.kind, role.region.name, role.active) for role in roles),
        **values,
    })  # fmt: skip


def line_row(line: MessageLine) -> LineRow:
    row = invitation_row(
        line.invitation, id=line.id, message_id=line.message_id, reminder_id=line.reminder_id,
        to_representative=line.to_representative, sequence=line.sequence,
    )  # fmt: skip
    session = object_session(line)
    if session is None:
        return row
    if not line.to_representative:
        if row.state is InvitationState.WITHDRAWN and row.representative_email:
            row = row.with_told(told_of(session, [row.invitation_id]))
        return row.with_leaving(former_holders(session, [line.id]).get(line.id))
    row = row.with_leaving(leaving(session, [line.id]).get(line.id))
    return row.with_assistant(assisting(session, [line.id]).get(line.id))


def invitation_row(invitation: Invitation, **values: Any) -> LineRow:
    """Return the row of a line about an invitation. Fields that are not in `values` and not about it get defaults."""
    naming = (invitation.nominated_under or invitation).organisation
    session, office = object_session(invitation), invitation.quota
    post_office = invitation.as_post.post.organisation if invitation.as_post else None
    return LineRow(**{
        "id": 0,
        "message_id": 0,
        "reminder_id": 0,
        "activity_id": invitation.activity_id,
        "invitation_id": invitation.id,
        "to_representative": False,
        "sequence": invitation.activity.sequence,
        "role": invitation.role,
        "state": invitation.state,
        "quota": invitation.quota,
        "revision": invitation.revision or 0,
        "invited_at": invitation.invited_at,
        "answered_at": invitation.answered_at,
        "answered_sequence": invitation.answered_sequence,
        "present": bool(invitation.attendance and invitation.attendance.present),
        "nominated_under_id": invitation.nominated_under_id,
        "organisation_name": naming.name if naming else "",
        "representative_name": invitation.representative_name,
        "representative_post": invitation.representative_post,
        "representative_email": invitation.representative_email,
        "acting_id": invitation.acting.id if invitation.acting else None,
        "acting_nonce": (invitation.acting.nonce or "") if invitation.acting else "",
        "acting_position": invitation.acting.position if invitation.acting else 1,
        "notices_wanted": invitation.notices_wanted is not False,
        "invitee_id": invitation.person_id,
        "as_post": invitation.post_title,
        "post_office": post_office.name if post_office else "",
        "post_office_short_name": post_office.short_name if post_office else "",
        "owes_materials": bool(session and session.scalar(sa.select(OWES_MATERIALS).where(Invitation.id == invitation.id))),
        "certified": bool(session and session.scalar(sa.select(HAS_CERTIFICATE).where(Invitation.id == invitation.id))),
        "letters": signed_letters(session, [invitation.id]).get(invitation.id, ()) if session else (),
        "unreached": batch.unreached(session, [invitation.id]).get(invitation.id, "") if office and session else "",
        **values,
    })  # fmt: skip
