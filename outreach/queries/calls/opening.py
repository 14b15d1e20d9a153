"""Which WhatsApp chat a button opens: with whom, about which invitations, and with which text.

Nothing is sent from here, and nothing is stored: services/calls/record.py logs that the chat was opened.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from outreach.delivery.words import whatsapp
from outreach.delivery.words.whatsapp import Sender, WaysToReach
from outreach.extensions import db
from outreach.models import Invitation
from outreach.queries import polls
from outreach.queries.calls import lists, texts
from outreach.queries.calls.lists import CallScope
from outreach.services.calls.callee import CalleeKey
from outreach.services.locking import InvitationMissing

REPRESENTATIVE = "representative"


@dataclass(frozen=True)
class ChatAbout:
    """What a chat is about. With nothing set: everything ahead that waits for an answer.

    plain: the chat opens without a text. poll_invitee_id: the text is about that date poll.
    """

    scope: CallScope = field(default_factory=CallScope)
    invitation_id: int | None = None
    poll_invitee_id: int | None = None
    plain: bool = False


@dataclass(frozen=True)
class ChatOpening:
    """A chat to open. about: ids of invitations. note: with whom or about what, if the log would not say it otherwise."""

    key: CalleeKey
    name: str
    reach: WaysToReach
    about: Sequence[int] = ()
    note: str = ""


def opening(kind: str, id_: int, about: ChatAbout, sender: Sender, *, now: datetime) -> ChatOpening:
    """Return the chat with a person, an organisation, or whoever comes in an invitee's place (id_: of the invitation).

    Raise InvitationMissing if there is nobody of this id, or what the chat is about is somebody else's.
    """
    if kind == REPRESENTATIVE:
        return _with_representative(id_)
    if kind not in lists.KINDS:
        raise InvitationMissing
    if about.poll_invitee_id is not None:
        return _about_poll(CalleeKey(kind, id_), about.poll_invitee_id, sender)
    asks_only = about.invitation_id
    one = lists.one(kind, id_, about.scope, now=now) if asks_only is None else lists.about(asks_only)
    if one.key != CalleeKey(kind, id_):
        raise InvitationMissing
    asks = not about.plain and texts.has_text(one)
    reach = texts.reach(one, sender, with_link=True, now=now) if asks else whatsapp.at(one.invitee.phone)
    return ChatOpening(one.key, one.invitee.display_name, reach, one.about)


def _with_representative(invitation_id: int) -> ChatOpening:
    invitation = db.session.get(Invitation, invitation_id)
    if invitation is None or invitation.acting is None:
        raise InvitationMissing
    kind, id_ = (
        ("person", invitation.person_id) if invitation.person_id else ("organisation", invitation.organisation_id)
    )
    assert id_ is not None
    acting = invitation.acting
    return ChatOpening(CalleeKey(kind, id_), acting.name, whatsapp.at(acting.phone), [invitation_id], acting.name)


def _about_poll(key: CalleeKey, poll_invitee_id: int, sender: Sender) -> ChatOpening:
    asked = polls.asked(poll_invitee_id)
    if asked is None or key.values != {f"{key.kind}_id": getattr(asked, f"{key.kind}_id")}:
        raise InvitationMissing
    return ChatOpening(key, asked.invitee.display_name, polls.call_to(asked, sender), note=asked.poll.title)
