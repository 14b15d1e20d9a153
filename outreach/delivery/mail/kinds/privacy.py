"""The mails about personal data: the link to a copy, a new address to confirm, what was done, and to administrators what is due.

Such a message has no lines; a PrivacyMail says what it is about. services/privacy/requests.py writes them.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session, joinedload

from outreach.delivery import tokens
from outreach.delivery.mail import compose, headers, letter, values
from outreach.delivery.mail.compose import Composed
from outreach.delivery.mail.recipient import recipient_of, spoken_to
from outreach.delivery.mail.texts import Text
from outreach.delivery.rows.batch import MessageRow
from outreach.delivery.words import formats
from outreach.delivery.words.labels import label
from outreach.domain.directory import email_addresses
from outreach.domain.kinds import LinkPurpose, MailKind
from outreach.domain.mail.still_true import SkipReason
from outreach.domain.privacy.requests import PrivacyPurpose, RequestKind, RequestOutcome, due_at
from outreach.domain.zones import DEFAULT
from outreach.extensions import current_settings
from outreach.models import DataRequest, Office, PrivacyMail

TO_PERSON = (
    PrivacyPurpose.COPY, PrivacyPurpose.CONFIRM, PrivacyPurpose.CHANGED, PrivacyPurpose.FORMER, PrivacyPurpose.SETTLED,
)  # fmt: skip
TO_KNOWN_ADDRESS = (PrivacyPurpose.COPY, PrivacyPurpose.SETTLED)  # the one that is known when it is sent
_CORRECTED = {"name": _l("Name"), "post": _l("Post"), "phone": _l("Phone"), "email": _l("E-mail")}


def concerned(session: Session, rows: Collection[MessageRow]) -> Mapping[int, PrivacyMail]:
    """Return what these messages are about, by message; only those about personal data. Without any, nothing is read."""
    ids = [row.id for row in rows if row.kind is MailKind.PRIVACY]
    if not ids:
        return {}
    found = session.scalars(
        sa.select(PrivacyMail)
        .where(PrivacyMail.message_id.in_(ids))
        .options(joinedload(PrivacyMail.request))
        .execution_options(populate_existing=True)
    )
    return {mail.message_id: mail for mail in found}


def untrue_because(
    one: PrivacyMail | None, row: MessageRow, blocked: Collection[str], *, now: datetime
) -> SkipReason | None:
    """Return why the mail must not be sent, or None. What is about the person goes only to the address known when it is sent."""
    if one is None or row.erased:
        return SkipReason.ERASED
    if now >= row.expires_at:
        return SkipReason.TOO_LATE
    if one.purpose not in TO_PERSON and one.request.done_at is not None:
        return SkipReason.REQUEST_DONE
    if not one.address or (one.purpose in TO_KNOWN_ADDRESS and one.address != row.email):
        return SkipReason.NO_ADDRESS
    return SkipReason.ADDRESS_BLOCKED if email_addresses.key(one.address) in blocked else None


def written(one: PrivacyMail, row: MessageRow, office: Office | None, *, now: datetime) -> Composed:
    """Return the mail in its reader's language, without a link to answer. Raise AddressUnusable."""
    address = headers.envelope_address(one.address)
    recipient = replace(recipient_of(row, ""), address=one.address)
    if one.purpose is PrivacyPurpose.CONFIRM:  # the address may be a stranger's: the mail does not name the person
        recipient = replace(recipient, name="", salutation="")
    with spoken_to(recipient):
        said = _said(one, recipient.salutation or recipient.name or gettext("Sir or Madam"), office)
        return compose.as_mail(
            letter.write([said], recipient, office), recipient, address, office, row.rfc_message_id, now=now
        )


def page_of(request: DataRequest, purpose: LinkPurpose) -> str:
    """Return the absolute address of a request's own page."""
    page = "copy" if purpose is LinkPurpose.COPY else "confirm-address"
    return f"{tokens.page_url(tokens.tokens_by_nonce(purpose)(request.nonce))}/{page}"


def _said(one: PrivacyMail, named: str, office: Office | None) -> letter.LetterSection:
    request, found = one.request, {"name": named}
    zone = office.zone if office else DEFAULT
    moment = formats.moment(due_at(request.received_at), zone)
    lines: tuple[str, ...]
    match one.purpose:
        case PrivacyPurpose.COPY:
            subject = gettext("The copy of your data")
            lines = (
                gettext("You asked for a copy of the data that our office holds about you. It is here for 24 hours:"),
                "{link}",
                gettext(
                    "If you did not ask for it, you need not do anything. The link in this mail opens only the copy."
                ),
            )
            found["link"] = page_of(request, LinkPurpose.COPY)
        case PrivacyPurpose.CONFIRM:
            subject = gettext("Is this your address?")
            lines = (
                gettext(
                    "Somebody asked our office to write to this address from now on. If that was you, please confirm it:"
                ),
                "{link}",
                gettext("If it was not you, you need not do anything: we then do not write here."),
            )
            found["link"] = page_of(request, LinkPurpose.ADDRESS)
        case PrivacyPurpose.CHANGED:
            subject = gettext("Somebody asked us to use another address")
            lines = (
                gettext("By your personal link, somebody asked our office to write to another e-mail address."),
                gettext(
                    "If that was not you, please call us at once: our office changes it only after it has checked."
                ),
            )
        case PrivacyPurpose.FORMER:
            subject = gettext("We write to another address now")
            lines = (
                gettext(
                    "You asked us to write to another e-mail address. From now on we do, and no longer to this one."
                ),
                gettext("If you did not ask for that, please call us at once: we then put this address back."),
            )
        case PrivacyPurpose.SETTLED:
            subject = gettext("Your request about your data")
            found["note"] = _result(request)
            day = formats.day(request.received_at, zone)
            asked = gettext(
                "On %(day)s you asked our office about your data: %(kind)s.", day=day, kind=label(request.kind)
            )
            lines = (
                asked,
                (gettext("This is done:") if request.outcome is RequestOutcome.DONE else
                 gettext("We cannot do this, for this reason:")) + "\n{note}",
                gettext("If you see it otherwise, or did not ask for it, please call us."),
            )  # fmt: skip
        case PrivacyPurpose.DUE_SOON:
            subject = gettext("A request about personal data is due within a day")
            lines = (_about(request, moment), _page())
        case PrivacyPurpose.OVERDUE:
            subject = gettext("A request about personal data is overdue")
            lines = (
                _about(request, moment),
                gettext("UU PDP 27/2022 gives 3 × 24 hours from the request."),
                _page(),
            )
    text = Text(subject, gettext("Dear %(name)s,", name="{name}"), "\n\n".join(lines))
    return letter.LetterSection(text, found, subject, values.contact_of(None, office), MailKind.PRIVACY)


def _result(request: DataRequest) -> str:
    """Return what was done in words: staff's own, or what was corrected."""
    fields = request.what_done.split(", ")
    if request.kind is RequestKind.CORRECT and all(field in _CORRECTED for field in fields):
        return gettext("corrected: %(what)s", what=", ".join(str(_CORRECTED[field]) for field in fields))
    return request.what_done


def _about(request: DataRequest, moment: str) -> str:
    return gettext(
        "Request no. %(number)s: %(kind)s. It is due %(moment)s.",
        number=request.id, kind=label(request.kind), moment=moment,
    )  # fmt: skip


def _page() -> str:
    return f"{current_settings().base_url.rstrip('/')}/data-requests/"
