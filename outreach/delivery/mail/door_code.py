"""The code for the door in a mail: a picture inside the mail, and its address as text for programs that show no pictures."""

from dataclasses import dataclass

from flask_babel import gettext

from outreach.delivery import door_codes, tokens
from outreach.delivery.mail.recipient import Recipient
from outreach.delivery.rows.batch import LineRow
from outreach.domain.kinds import MailKind
from outreach.domain.states import InvitationState

# Mails that say that their reader comes. A frame has no place for a picture, so these are composed one by one.
KINDS = frozenset({MailKind.CONFIRMATION, MailKind.APPOINTMENT})


@dataclass(frozen=True)
class ShownCode:
    """A block of a mail (mail/blocks.py). picture: its Content-ID. words: the sentence above it. alt: the picture in words."""

    words: str
    alt: str
    url: str
    picture: str
    kind: str = "code"


def of_line(kind: MailKind, line: LineRow, recipient: Recipient) -> str:
    """Return the code of a mail's reader for the activity of a line; "" if they get none.

    An acting person gets their own when they are told that they come; an invitee when it is confirmed that they come.
    """
    if kind is MailKind.APPOINTMENT:
        comes = bool(recipient.represents)
    else:
        comes = (
            kind is MailKind.CONFIRMATION
            and line.state is InvitationState.COMING
            and recipient.person_id is not None
            and not recipient.represents
        )
    if not comes or recipient.assists or not recipient.token:
        return ""
    return door_codes.code_for(line.activity_id, line.invitation_id, recipient.token[: tokens.NONCE_LENGTH])


def block(code: str, line: LineRow) -> ShownCode:
    """Return what a mail shows of a code, in the current language."""
    return ShownCode(
        gettext("Please show this code at the entrance, on your phone or on paper. Your name is enough, too."),
        gettext("Code for the entrance"),
        door_codes.address_of(code),
        content_id(line.invitation_id),
    )


def content_id(invitation_id: int) -> str:
    return f"code-{invitation_id}@door"
