"""E-mail addresses: cleaning, suggestions for ill-formed ones, and the form in which they are compared.

Uses no network.
"""

import re
from collections.abc import Collection
from functools import lru_cache

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

# The domains of most private addresses here. If a domain differs from one of them by one typing error, the page asks.
COMMON_DOMAINS = (
    "gmail.com", "yahoo.com", "yahoo.co.id", "ymail.com", "rocketmail.com", "hotmail.com", "outlook.com", "live.com",
    "icloud.com",
)  # fmt: skip
REAL_TOO = {"mail.com", "email.com", "yahoo.co.in", "yahoo.co.il", "outlook.co", "love.com", "live.co", "icloud.co"}
SLIPS = {"gmail.co.id": "gmail.com", "yahoo.id": "yahoo.co.id", "yahoo.go.id": "yahoo.co.id", "gmail.id": "gmail.com"}
_PLAIN_LOCAL = re.compile(r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*")  # RFC 5322's dot-atom, without its rarer characters
_PLAIN_DOMAIN = re.compile(r"[A-Za-z0-9.-]{1,100}")


class AddressInvalid(Problem):
    message = "“%(address)s” is not an e-mail address. One looks like nama@example.com."
    field = "email"


class AddressInvalidNear(AddressInvalid):
    message = "“%(address)s” is not an e-mail address. Is it perhaps %(suggestion)s?"


class AddressBeyondAscii(AddressInvalid):
    """Mail to it needs SMTPUTF8 (RFC 6531), which few servers offer."""

    message = (
        "“%(address)s” has letters before the @ that mail servers here do not take. "
        "Please ask for an address with a to z only."
    )


class AddressInDoubt(Problem):
    """A well-formed address that was probably mistyped. This is a question: its domain may exist."""

    message = "“%(address)s” looks mistyped. Is it perhaps %(suggestion)s?"
    field = "email"


def means_nothing(written: str) -> bool:
    """Return whether a cell means "nothing": "-", "tidak ada", "n/a"."""
    return not written or (len(written) < 20 and written.strip().casefold().rstrip(".") in NOTHING)


def address(written: str) -> str:
    """Return the e-mail address in lower case, "" for none. Raise AddressInvalid.

    AddressInvalidNear has a suggestion.
    """
    text = written.strip().removeprefix("mailto:").strip("<>").strip()
    if means_nothing(text):
        return ""
    if found := _valid(text):
        return found
    if near := _valid(_mended(text)):
        raise AddressInvalidNear(address=written.strip()[:80], suggestion=probably_meant(near) or near)
    if _beyond_ascii(text):
        raise AddressBeyondAscii(address=written.strip()[:80])
    raise AddressInvalid(address=written.strip()[:80])


def certain_address(written: str, sure: Collection[str] = ()) -> str:
    """Do the same as `address`, and raise AddressInDoubt for an address that was probably mistyped.

    sure: addresses that need no question, because a user said that they are right, or they are stored already.
    """
    found = address(written)
    if found not in sure and (meant := probably_meant(found)):
        raise AddressInDoubt(address=found, suggestion=meant)
    return found


def probably_meant(valid: str) -> str:
    """Return the address that was probably meant by a well-formed one, such as a@gmail.com for a@gmial.com; "" for none.

    The result is a question: the domain may exist.
    """
    local, _at, domain = valid.rpartition("@")
    meant = _meant_domain(domain)
    return f"{local}@{meant}" if meant else ""


def key(written: str) -> str:
    """Return the form in which an address is stored and compared: lower case, with the domain in its own script.

    On the wire a domain with non-ASCII letters is written "xn--…" (RFC 5891). Delivery reports, calendars and mail
    programs use that form. A domain that cannot be decoded is kept. Nothing else is unified: similar addresses differ.
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
    """Return the address with its domain in the ASCII form that every server knows; raise UnicodeError if there is none."""
    local, at, domain = written.rpartition("@")
    return written if domain.isascii() else f"{local}{at}{idna.encode(domain, uts46=True).decode()}"


def forms(written: str) -> set[str]:
    """Return the forms in which an address may be stored: `key` (people, failures) and `on_the_wire` (mails sent)."""
    found = key(written)
    try:
        return {found, on_the_wire(found)}
    except UnicodeError:
        return {found}


def _is_one_slip(written: str, meant: str) -> bool:
    """Return whether one letter is missing, added or wrong, or two neighbours are exchanged."""
    at = next(
        (n for n, (a, b) in enumerate(zip(written, meant, strict=False)) if a != b), min(len(written), len(meant))
    )
    a, b = written[at:], meant[at:]
    return a != b and (a[1:] == b or a == b[1:] or a[1:] == b[1:] or (a[1::-1] == b[:2] and a[2:] == b[2:]))


@lru_cache(maxsize=4096)
def _meant_domain(domain: str) -> str:
    if domain in COMMON_DOMAINS or domain in REAL_TOO:
        return ""
    near = (common for common in COMMON_DOMAINS if _is_one_slip(domain, common))
    return SLIPS.get(domain) or next(near, "")


def _valid(text: str) -> str:
    local, at, domain = text.partition("@")
    if (
        at
        and len(local) <= 64
        and len(text) <= 254
        and _PLAIN_LOCAL.fullmatch(local)
        and _PLAIN_DOMAIN.fullmatch(domain)
    ):
        normal = _plain_domain(domain)  # a list has few domains, and validating one takes long
        return f"{local.lower()}@{normal}" if normal else ""
    return _validated(text)


@lru_cache(maxsize=4096)
def _plain_domain(domain: str) -> str:
    return _validated(f"a@{domain}").removeprefix("a@")


def _validated(text: str) -> str:
    try:
        return validate_email(text, check_deliverability=False, allow_smtputf8=False).normalized.lower()
    except EmailNotValidError:
        return ""


def _beyond_ascii(text: str) -> bool:
    """Return whether only the letters before the @ are wrong."""
    local, at, domain = _mended(text).partition("@")
    plain = re.sub(r"[^\x00-\x7f]", "a", local)
    return bool(at) and plain != local and bool(_validated(f"{plain}@{domain}"))


def _mended(text: str) -> str:
    text = re.sub(r"\s+", "", text).replace("(at)", "@").replace("[at]", "@").strip(".,;:")
    local, _, domain = text.partition("@")
    domain = re.sub(r"[,;]|\.{2,}", ".", domain)
    return f"{local.replace(',', '.')}@{domain}"
