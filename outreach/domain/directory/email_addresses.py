"""E-mail addresses as people write them, what an ill-formed one may have meant, and how the same one is known again.

Never asks the network.
"""

import re

import idna
from email_validator import EmailNotValidError, validate_email

from outreach.domain.problems import Problem

NOTHING = {
    "",
    "-",
    "--",
    "—",
    "–",
    "0",
    "x",
    "n/a",
    "na",
    "none",
    "nihil",
    "kosong",
    "tidak ada",
    "tdk ada",
    "belum ada",
    "tidak punya",
}


class AddressInvalid(Problem):
    message = "“%(address)s” is not an e-mail address. One looks like nama@example.com."
    field = "email"


class AddressInvalidNear(AddressInvalid):
    message = "“%(address)s” is not an e-mail address. Is it perhaps %(suggestion)s?"


def means_nothing(written: str) -> bool:
    """Return whether a cell says that there is nothing to say: "-", "tidak ada", "n/a"."""
    return written.strip().casefold().rstrip(".") in NOTHING


def address(written: str) -> str:
    """Return an e-mail address in small letters, "" for none; raise AddressInvalid (Near, with what was meant)."""
    text = written.strip().removeprefix("mailto:").strip("<>").strip()
    if means_nothing(text):
        return ""
    if found := _valid(text):
        return found
    if near := _valid(_mended(text)):
        raise AddressInvalidNear(address=written.strip()[:80], suggestion=near)
    raise AddressInvalid(address=written.strip()[:80])


def key(written: str) -> str:
    """Return the form under which an address is stored and compared: in small letters, its domain in its own script.

    On the wire a domain of other letters than ASCII is written "xn--…" (RFC 5891), and so delivery reports, calendars and mail
    programs name it; what is no such domain stays as it is. Nothing else is made equal: what looks alike is not the same.
    """
    small = written.lower()
    local, at, domain = small.rpartition("@")
    if "xn--" not in domain:
        return small
    try:
        return f"{local}{at}{idna.decode(domain)}"
    except UnicodeError:
        return small


def on_the_wire(written: str) -> str:
    """Return the address with its domain in the form that every server knows; raise UnicodeError where it has none."""
    local, at, domain = written.rpartition("@")
    return written if domain.isascii() else f"{local}{at}{idna.encode(domain, uts46=True).decode()}"


def forms(written: str) -> set[str]:
    """Return the forms in which an address may be stored: that of people and failures, and that in which mails went out."""
    found = key(written)
    try:
        return {found, on_the_wire(found)}
    except UnicodeError:
        return {found}


def _valid(text: str) -> str:
    try:
        return validate_email(text, check_deliverability=False).normalized.lower()
    except EmailNotValidError:
        return ""


def _mended(text: str) -> str:
    text = re.sub(r"\s+", "", text).replace("(at)", "@").replace("[at]", "@").strip(".,;:")
    local, _, domain = text.partition("@")
    domain = re.sub(r"[,;]|\.{2,}", ".", domain)
    return f"{local.replace(',', '.')}@{domain}"
