"""E-mail addresses as people write them, and what an ill-formed one may have meant. Never asks the network."""

import re

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
