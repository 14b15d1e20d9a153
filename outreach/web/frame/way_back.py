"""Return to the page that a user left to change something elsewhere, with the choices they had made on it.

That page's address, with the choices, is in ?back=…; forms post to their own address, so it stays until they are saved.
Text that a user typed is not in addresses, because these are written into logs: the session keeps it, the address has a key.
"""

import json
import re
import secrets
import zlib
from collections.abc import Collection, Iterable
from urllib.parse import urlencode

from flask import flash, request, session
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

BACK = "back"
CHOSEN = "chosen"  # in an address: it contains a form's values
LONGEST = 3000  # characters of an address; gunicorn accepts 4,094 in a request's first line
LONGEST_TEXT = 2000  # bytes of typed text, compressed; a browser takes 4,096 of a cookie, which writes four for three
TEXT = "text"  # in an address: the key of the text that the session keeps
_KEPT = "typed_text"
_BETWEEN = "~"  # separates several values of one field in an address; no value contains it, and it is not escaped
_PAGES = re.compile(
    r"/(activities/(\d{1,9}/)?invite/(people|organisations|cadres)|activities/(new|community)|activities/\d{1,9}/(edit|move)"
    r"|polls/\d{1,9}/choose/\d{1,9})\?[!-~]+"
)
_LISTS = re.compile(
    r"/(activities/\d{1,9}/invitees|activities/\d{1,9}/invitees/to-call|programmes/\d{1,9}/to-call|to-call|to-call/(person|organisation)/\d{1,9}"
    r"|people/\d{1,9}|organisations/\d{1,9}|findings|activities/\d{1,9}|programmes/\d{1,9}|absences/\d{1,9})"
    r"(\?[!-~]*)?(#[!-~]*)?"
)


def coming_back() -> str:
    """Return the address that this page returns to when it is done; "" if it was not given one."""
    asked = request.args.get(BACK, "")
    known = _PAGES.fullmatch(asked) or _LISTS.fullmatch(asked)
    return asked if len(asked) <= LONGEST and known else ""


def back_to_choices() -> bool:
    """Return whether the page to return to keeps choices that the user had made on it."""
    return bool(_PAGES.fullmatch(coming_back()))


def back_or(usual: str) -> str:
    """Return the address to go to from here: back, or else the usual one."""
    return coming_back() or usual


def this_page(place: str = "") -> str:
    """Return this page's address, to return to that place in it; "" if other pages do not return to such a page."""
    address = request.full_path.rstrip("?") + (f"#{place}" if place else "")
    return address if len(address) <= LONGEST and _LISTS.fullmatch(address) else ""


def leading_back(href: str, to: str) -> str:
    """Return `href` with `to` as the page to return to; unchanged if `to` is ""."""
    return f"{href}{'&' if '?' in href else '?'}{urlencode({BACK: to})}" if to else href


def address_with(kept: Iterable[tuple[str, str]]) -> str:
    """Return this page's address with the form's values, by field name; "" if it would be too long."""
    packed: dict[str, str] = {CHOSEN: "1"}
    for name, value in kept:
        packed[name] = f"{packed[name]}{_BETWEEN}{value}" if name in packed else value
    address = f"{request.path}?{urlencode(packed)}"
    return address if len(address) <= LONGEST else ""


def address_with_typed(names: Collection[str]) -> str:
    """Return this page's address to return to the form that was sent; "" if it would be too long.

    names: of the fields that may be in an address. What the others contain, the session keeps until `forget_typed`.
    """
    values = [(name, value) for name, value in request.form.items(multi=True) if value]
    text = {name: value for name, value in values if name not in names and name != "csrf_token"}
    key = secrets.token_urlsafe(6)
    session.pop(_KEPT, None)
    if len(zlib.compress(json.dumps(text).encode())) <= LONGEST_TEXT:
        session[_KEPT] = [key, text]
    address = address_with([*((name, value) for name, value in values if name in names), (TEXT, key)])
    people = [("person", id) for id in request.args.getlist("person")]
    address = leading_back(f"{address}&{urlencode(people)}" if people else address, coming_back()) if address else ""
    return address if len(address) <= LONGEST else ""


def typed() -> MultiDict[str, str]:
    """Return what the form contained to which a user returns. A message says so if its text could not be kept."""
    found = sent()
    key, text = session.get(_KEPT) or ("", {})
    if key == found.pop(TEXT, None):
        found.update(text)
    else:
        flash(_("What you had typed as text could not be kept. Please write it again."), "warning")
    return found


def forget_typed() -> None:
    """Forget the text of a form that was saved."""
    session.pop(_KEPT, None)


def came_back() -> bool:
    """Return whether a user returns to this page with the form's values in the address."""
    return request.method != "POST" and CHOSEN in request.args


def sent() -> MultiDict[str, str]:
    """Return what the page's form sent or, if a user returns, what it contained."""
    if not came_back():
        return request.form
    kept = [(name, value) for name, joined in request.args.items() for value in joined.split(_BETWEEN)]
    return MultiDict((name, value) for name, value in kept if name not in (CHOSEN, BACK))
