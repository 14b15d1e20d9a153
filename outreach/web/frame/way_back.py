"""Coming back: to a page from which somebody went to change something elsewhere, with all that was chosen on it.

That page's address, with what was chosen, travels as ?back=…; forms post to their own address, so it stays until they are saved.
"""

import re
from collections.abc import Iterable
from urllib.parse import urlencode

from flask import request
from werkzeug.datastructures import MultiDict

BACK = "back"
CHOSEN = "chosen"  # in an address: that it keeps what a form held
LONGEST = 3000  # characters of an address; gunicorn takes 4,094 in a request's first line
_BETWEEN = "~"  # several values of one field in an address: part of none of them, and not escaped
_PAGES = re.compile(r"/(activities/\d{1,9}/invite/(people|organisations|cadres)|polls/\d{1,9}/choose/\d{1,9})\?[!-~]+")


def coming_back() -> str:
    """Return the address to which this page leads back once it has done its work; "" where it was not asked to."""
    asked = request.args.get(BACK, "")
    return asked if len(asked) <= LONGEST and _PAGES.fullmatch(asked) else ""


def back_or(usual: str) -> str:
    """Return where to go from here: back, or else where everybody goes."""
    return coming_back() or usual


def leading_back(href: str, to: str) -> str:
    """Return the address of a page that leads back; without change where `to` is "" ."""
    return f"{href}{'&' if '?' in href else '?'}{urlencode({BACK: to})}" if to else href


def address_with(kept: Iterable[tuple[str, str]]) -> str:
    """Return this page's address with what its form holds, by the names of the fields; "" where that is too long for one."""
    packed: dict[str, str] = {CHOSEN: "1"}
    for name, value in kept:
        packed[name] = f"{packed[name]}{_BETWEEN}{value}" if name in packed else value
    address = f"{request.path}?{urlencode(packed)}"
    return address if len(address) <= LONGEST else ""


def came_back() -> bool:
    """Return whether somebody comes back to this page, with what its form held in the address."""
    return request.method != "POST" and CHOSEN in request.args


def sent() -> MultiDict[str, str]:
    """Return what the page's form sent or, of somebody who comes back, what it held."""
    if not came_back():
        return request.form
    kept = [(name, value) for name, joined in request.args.items() for value in joined.split(_BETWEEN)]
    return MultiDict((name, value) for name, value in kept if name not in (CHOSEN, BACK))
