"""Whom a mail addresses: the invitee, an organisation's head, or the one who comes in the invitee's place."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flask_babel import gettext

from outreach.delivery import wording
from outreach.delivery.placeholders import clean
from outreach.domain.kinds import Audience, MailKind, Sex
from outreach.domain.states import InvitationState
from outreach.models import Invitation, Message, MessageLine, Organisation, Person

_CHOICES = {"link": "", "link_yes": "hadir", "link_no": "tidak", "link_rep": "wakil"}


@dataclass(frozen=True)
class Reader:
    """locale: "id" or "en". links: addresses by placeholder; none for a representative, who answers for nobody."""

    name: str
    address: str
    locale: str
    holder: Person | Organisation
    links: dict[str, str]
    represents: bool = False

    @property
    def link(self) -> str:
        return self.links.get("link", "")


def reader_of(message: Message, lines: Sequence[MessageLine], url: Callable[[str], str]) -> Reader:
    """Return a message's reader. url: the address of the holder's page for a choice ("" for none).

    A reminder about an activity to which somebody else comes goes to that person, where the address is known.
    """
    holder = message.person or message.organisation
    assert holder is not None
    locale = holder.locale if holder.locale in wording.LOCALES else "id"
    representatives = {representative_of(line) for line in lines}
    if len(representatives) == 1 and (found := representatives.pop()):
        return Reader(found[0], found[1], locale, holder, {}, represents=True)
    links = {placeholder: url(choice) for placeholder, choice in _CHOICES.items()}
    return Reader(clean(holder.display_name), holder.email, locale, holder, links)


def representative_of(line: MessageLine) -> tuple[str, str] | None:
    """Return the name and address of the representative whom a line is for; None where it is for the invitee."""
    invitation, reminder = line.invitation, line.reminder
    told = reminder.kind is MailKind.REMINDER and reminder.audience in (Audience.COMING, Audience.EXPECTED)
    if told and invitation.state is InvitationState.REPRESENTED and invitation.representative_email:
        return clean(invitation.representative_name), invitation.representative_email
    return None


def salutation(reader: Reader) -> str:
    """Return how a letter addresses its reader, in the current locale: "Kepala Bidang PPA, Dr. Siti Rahmawati"."""
    if reader.represents:
        return _polite(reader.name, None)
    holder = reader.holder
    if isinstance(holder, Organisation):
        return gettext("the head of %(organisation)s", organisation=clean(holder.name))
    if not holder.name:
        return clean(holder.post)
    return f"{clean(holder.post)}, {clean(holder.full_name)}" if holder.post else _polite(holder.full_name, holder.sex)


def organisation_name(invitation: Invitation) -> str:
    if invitation.organisation:
        return invitation.organisation.name
    person = invitation.person
    return person.organisation.name if person and person.organisation else ""


def _polite(name: str, sex: Sex | None) -> str:
    """Indonesian letters say Bapak or Ibu, and both where they do not know; English ones do without."""
    if wording.language() != "id":
        return clean(name)
    polite = {Sex.MALE: "Bapak", Sex.FEMALE: "Ibu", None: "Bapak/Ibu"}[sex]
    return f"{polite} {clean(name)}"
