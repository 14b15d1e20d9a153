"""How people and organisations are addressed: the same in mails, on answer pages and in WhatsApp texts."""

import re
from functools import cache
from typing import Protocol

from flask_babel import force_locale, gettext

from outreach.domain.directory.names import Name
from outreach.domain.kinds import Sex
from outreach.models import Organisation, Person

_HEADS = {"kecamatan": "camat", "kelurahan": "lurah", "desa": "kepala desa"}
_OF_A_PLACE = re.compile(r"(?:kantor\s+)?(kecamatan|kelurahan|desa)\s+(.+)", re.IGNORECASE)
_CHILD = "Ananda"
_POLITE = {Sex.MALE: "Bapak", Sex.FEMALE: "Ibu", None: "Bapak/Ibu"}


class Named(Protocol):
    """A person, or a row with what a salutation needs of one."""

    @property
    def name(self) -> str: ...
    @property
    def title_before(self) -> str: ...
    @property
    def title_after(self) -> str: ...
    @property
    def post(self) -> str: ...
    @property
    def sex(self) -> Sex | None: ...
    @property
    def child(self) -> bool: ...


def lines_of(invitee: Person | Organisation) -> tuple[str, ...]:
    """Return the lines after "Yth." on an Indonesian letter: ("Bapak Agus Hasanah", "Analis", "Polres Metro")."""
    if isinstance(invitee, Organisation):
        return (of_head(invitee.name, "id"),)
    office = invitee.organisation
    return _lines(invitee, office.name if office else "", office.short_name if office else "", "id")


def lines_of_post(post: str, office: Organisation | None) -> tuple[str, ...]:
    """Return the lines after "Yth." on an Indonesian letter to a post: ("Camat", "Kecamatan Metro Pusat")."""
    named = _office(post, office.name, office.short_name) if office else ""
    return tuple(part for part in (post, named) if part)


def of_post(post: str, office_name: str, office_short_name: str) -> str:
    """Return the salutation of a post in one line: "Plh. Kasat Binmas Polres Metro"."""
    return " ".join(part for part in (post, _office(post, office_name, office_short_name)) if part)


def salutation(invitee: Person | Organisation, locale: str) -> str:
    """Return an invitee's salutation: "Bapak/Ibu Agus Hasanah, Analis, Polres Metro", or "Pimpinan Polres Metro"."""
    if isinstance(invitee, Organisation):
        return of_head(invitee.name, locale)
    office = invitee.organisation
    return of_person(invitee, office.name if office else "", office.short_name if office else "", locale)


def of_person(one: Named, office_name: str, office_short_name: str, locale: str) -> str:
    """Return a person's salutation. A person without a name is addressed by the post: "Kapolres Metro"."""
    if not one.name:
        return one.post
    return ", ".join(_lines(one, office_name, office_short_name, locale))


def of_head(organisation: str, locale: str) -> str:
    before, after = _head_of(locale)
    return f"{before}{organisation}{after}"


def full_name(one: Named) -> str:
    return Name(one.name, one.title_before, one.title_after).full if one.name else one.post


def polite(name: str, sex: Sex | None, locale: str, *, child: bool = False) -> str:
    """Return the name with Bapak or Ibu, or both if the sex is unknown, in Indonesian; without them in English.

    A child is Ananda.
    """
    return f"{_CHILD if child else _POLITE[sex]} {name}" if locale == "id" else name


def _lines(one: Named, office_name: str, office_short_name: str, locale: str) -> tuple[str, ...]:
    name = polite(full_name(one), one.sex, locale, child=one.child) if one.name else ""
    return tuple(part for part in (name, one.post, _office(one.post, office_name, office_short_name)) if part)


def _office(post: str, name: str, short_name: str) -> str:
    """Return the person's organisation; "" if the post already names it."""
    said = any(known and known.casefold() in post.casefold() for known in (name, short_name))
    return "" if said or _heads(post, name) else name


def _heads(post: str, office: str) -> bool:
    """Return whether a post names its office's place: "Camat Metro Pusat" that of "Kantor Kecamatan Metro Pusat"."""
    place = _OF_A_PLACE.fullmatch(office.strip())
    if place is None:
        return False
    head = f"{_HEADS[place[1].casefold()]} {place[2]}"
    return re.search(rf"\b{re.escape(head)}$", post.strip(), re.IGNORECASE) is not None


@cache
def _head_of(locale: str) -> tuple[str, str]:
    with force_locale(locale):
        before, _, after = gettext("Head of %(organisation)s", organisation="\0").partition("\0")
    return before, after
