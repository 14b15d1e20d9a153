"""Whom a mail addresses: the invitee, an organisation's head, or the one who comes in the invitee's place."""

from collections.abc import Callable
from dataclasses import dataclass

from flask_babel import gettext

from outreach.delivery import wording
from outreach.delivery.placeholders import clean
from outreach.domain.kinds import Sex
from outreach.models import Invitation, Message, Organisation, Person

_CHOICES = {"link": "", "link_yes": "hadir", "link_no": "tidak", "link_rep": "wakil"}


@dataclass(frozen=True)
class Reader:
    """locale: "id" or "en". links: addresses by placeholder; none for a representative, who answers for nobody.

    holder: the invitee, whom a representative (`represents`) stands for.
    """

    name: str
    address: str
    locale: str
    holder: Person | Organisation
    links: dict[str, str]
    represents: bool = False

    @property
    def link(self) -> str:
        return self.links.get("link", "")


def reader_of(message: Message, url: Callable[[str], str]) -> Reader:
    """Return a message's reader. url: the address of the holder's page for a choice ("" for none)."""
    holder = message.person or message.organisation
    assert holder is not None
    locale = holder.locale if holder.locale in wording.LOCALES else "id"
    if invitation := message.representative_of:
        name, address = clean(invitation.representative_name), invitation.representative_email
        return Reader(name, address, locale, holder, {}, represents=True)
    links = {placeholder: url(choice) for placeholder, choice in _CHOICES.items()}
    return Reader(clean(holder.display_name), holder.email, locale, holder, links)


def salutation(reader: Reader) -> str:
    """Return how a letter addresses its reader, in the current locale: "Bapak/Ibu Agus Hasanah, Analis, Polres Metro".

    Who is known by post alone is addressed by it: "Kapolres Metro".
    """
    holder = reader.holder
    if reader.represents:
        name = _polite(reader.name, None)
        return gettext("%(name)s, representing %(invitee)s", name=name, invitee=clean(holder.display_name))
    if isinstance(holder, Organisation):
        return gettext("Head of %(organisation)s", organisation=clean(holder.name))
    if not holder.name:
        return clean(holder.post)
    return ", ".join(
        part for part in (_polite(holder.full_name, holder.sex), clean(holder.post), _office(holder)) if part
    )


def organisation_name(invitation: Invitation) -> str:
    """Return the organisation that is invited, that named the invitee, or to which the invitee belongs; else ""."""
    invited = invitation.nominated_under or invitation
    if invited.organisation:
        return invited.organisation.name
    person = invitation.person
    return person.organisation.name if person and person.organisation else ""


def _office(person: Person) -> str:
    """Return the person's organisation; "" where the post names it already."""
    if person.organisation is None:
        return ""
    names = (person.organisation.name, person.organisation.short_name)
    said = any(name and name.casefold() in person.post.casefold() for name in names)
    return "" if said else clean(person.organisation.name)


def _polite(name: str, sex: Sex | None) -> str:
    """Indonesian letters say Bapak or Ibu, and both where they do not know; English ones do without."""
    if wording.language() != "id":
        return clean(name)
    polite = {Sex.MALE: "Bapak", Sex.FEMALE: "Ibu", None: "Bapak/Ibu"}[sex]
    return f"{polite} {clean(name)}"
