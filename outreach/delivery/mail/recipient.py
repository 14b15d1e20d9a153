"""The recipient of a mail: the invitee, an organisation's head, the invitee's representative, or their adjutant or secretary."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache

from flask_babel import force_locale, gettext

from outreach.delivery import tokens
from outreach.delivery.mail.placeholders import clean
from outreach.delivery.rows.batch import CadreRow, LineRow, MessageRow
from outreach.delivery.words import labels, salutations
from outreach.delivery.words.addressing import addressing
from outreach.domain.kinds import LOCALES
from outreach.domain.representation import may_pass_on

REGION_CODE_OF_A_KELURAHAN = 13  # characters
_CHOICES = {"link": "", "link_yes": "hadir", "link_no": "tidak", "link_rep": "wakil"}


@dataclass(frozen=True)
class Recipient:
    """Everything that a mail says about its recipient, each on one line of printable text. locale: "id" or "en".

    token: of their answer page; of a representative, of their own one. represents: the invitee whose representative they
    are. assists: the invitee whose adjutant or secretary they are. organisation: their own, used if no organisation is
    invited or named them. child: they are addressed as a child.
    """

    name: str
    address: str
    locale: str
    salutation: str
    token: str = ""
    person_id: int | None = None
    represents: str = ""
    assists: str = ""
    organisation: str = ""
    cadre_kinds: str = ""
    kelurahan: str = ""
    shares_phone: bool = False  # others read their mails, too
    child: bool = False

    @property
    def link(self) -> str:
        return tokens.page_url(self.token) if self.token else ""

    @property
    def stop_link(self) -> str:
        """Return the address of the page with a button that stops reminders; "" for a representative, who has none."""
        return tokens.stop_page_url(self.token) if self.token and not self.represents else ""

    def links(self, line: LineRow) -> dict[str, str]:
        """Return the addresses of the recipient's page by placeholder. A link with a choice is for the line's activity.

        A representative who may not pass it on has no link for that.
        """
        if not self.token:
            return {}
        passes_on = not self.represents or may_pass_on(line.acting_position)
        return {
            placeholder: tokens.page_url(self.token, choice and f"{choice}-{line.activity_id}")
            for placeholder, choice in _CHOICES.items()
            if passes_on or placeholder != "link_rep"
        }


def recipient_of(row: MessageRow, token: str, representing: LineRow | None = None) -> Recipient:
    """Return a message's recipient. representing: for a representative, an adjutant or a secretary, the line that names them."""
    locale, invitee = locale_of(row), display_name(row)
    if representing is not None and representing.assistant is not None:
        name = clean(representing.assistant.name)
        with force_locale(locale):
            salutation = gettext(
                "%(name)s, adjutant or secretary of %(invitee)s", name=salutations.polite(name, None, locale),
                invitee=invitee,
            )  # fmt: skip
        page = tokens.assistant_token(representing.assistant.nonce)
        recipient = Recipient(name, representing.assistant.email, locale, salutation, page, assists=invitee)
    elif representing is not None:
        name = clean(representing.representative_name)
        with force_locale(locale):
            salutation = gettext(
                "%(name)s, representing %(invitee)s", name=salutations.polite(name, None, locale), invitee=invitee
            )
        page = tokens.acting_token(representing.acting_nonce)
        recipient = Recipient(name, representing.representative_email, locale, salutation, page, represents=invitee)
    else:
        recipient = Recipient(invitee, row.email, locale, salutation_of(row), token, child=row.child)
    return replace(
        recipient,
        person_id=row.person_id,
        organisation=row.office_name,
        cadre_kinds=cadre_kinds(row),
        kelurahan=kelurahan(row),
        shares_phone=row.shares_phone,
    )


@contextmanager
def spoken_to(recipient: Recipient) -> Iterator[None]:
    """Say everything in the recipient's language, and as they are addressed."""
    with force_locale(recipient.locale), addressing(child=recipient.child):
        yield


def locale_of(row: MessageRow) -> str:
    return row.locale if row.locale in LOCALES else "id"


def display_name(row: MessageRow) -> str:
    """Return a person's name with titles, their post if no name is known, or an organisation's name."""
    if row.person_id is None or not (row.title_before or row.title_after):
        return clean(row.name or row.post)
    return clean(salutations.full_name(row))


def salutation_of(row: MessageRow, locale: str = "") -> str:
    """Return the salutation: "Bapak/Ibu Agus Hasanah, Analis, Polres Metro". locale: the recipient's own by default.

    A person without a name is addressed by the post: "Kapolres Metro".
    """
    locale = locale or locale_of(row)
    if row.person_id is None:
        return clean(salutations.of_head(row.name, locale))
    return clean(salutations.of_person(row, row.office_name, row.office_short_name, locale))


def cadre_kinds(row: MessageRow) -> str:
    """Return the recipient's kinds of cadre in their language: "PATBM, PKK"."""
    if not row.cadre_roles:
        return ""
    return _kinds(locale_of(row), row.cadre_roles)


def kelurahan(row: MessageRow) -> str:
    """Return the kelurahan where the recipient is a cadre, else the one where they live."""
    if len(row.cadre_roles) == 1:
        return clean(row.cadre_roles[0].region_name)
    if row.cadre_roles:
        return clean(", ".join(dict.fromkeys([role.region_name for role in _serving(row.cadre_roles)])))
    return clean(row.region_name) if row.person_id and len(row.region_code) == REGION_CODE_OF_A_KELURAHAN else ""


@lru_cache(maxsize=2000)
def _kinds(locale: str, roles: tuple[CadreRow, ...]) -> str:
    with force_locale(locale):
        return clean(", ".join(dict.fromkeys([labels.label(role.kind) for role in _serving(roles)])))


def _serving(roles: tuple[CadreRow, ...]) -> Sequence[CadreRow]:
    return [role for role in roles if role.active] or roles
