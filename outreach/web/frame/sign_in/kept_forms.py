"""Keep the form of a request that nobody is signed in for any more, or that asks for the password first.

Only a browser that had been signed in can have one kept: its signed cookie says for which account, and the form has to have
the token of that browser's pages. And only that browser shows it again: somebody with a stolen cookie could otherwise send its
address to the account's owner, whose press would do what the thief typed.
"""

from hashlib import sha256

from flask import request, session
from flask_login import current_user
from flask_wtf.csrf import validate_csrf
from werkzeug.exceptions import HTTPException
from wtforms import ValidationError

from outreach import clock
from outreach.services.sign_in import kept_forms
from outreach.services.sign_in.kept_forms import MOST_OF_ACCOUNT, FormValues
from outreach.web.frame import bodies
from outreach.web.frame.rate_limited import SECRET
from outreach.web.frame.request import names_of_files
from outreach.web.frame.sign_in.sessions import ACCOUNT, account_of_ended

MOST = 512 * 1024  # bytes of a request
SENT_HERE = "kept_forms"  # in the cookie: which ones this browser sent
TOKEN = "csrf_token"  # noqa: S105  a field's name


def keep() -> str | None:
    """Keep the form of this request. Return the address at which its account goes on; None if it cannot be kept."""
    account = current_user.id if current_user.is_authenticated else session.get(ACCOUNT)
    if request.method != "POST" or not account or (request.content_length or MOST + 1) > MOST:
        return None
    try:
        if not current_user.is_authenticated:
            bodies.take(MOST)
        validate_csrf(request.form.get(TOKEN, ""))
    except (HTTPException, ValidationError):
        return None
    if not SECRET.isdisjoint(request.form):
        return None
    values = [(name, value) for name, value in request.form.items(multi=True) if name != TOKEN]
    form = FormValues(request.full_path.rstrip("?"), values, names_of_files())
    known = current_user.is_authenticated or account_of_ended() == account
    key = kept_forms.keep(form, of=account, now=clock.now(), replaces=known)
    if key is None:
        return None
    session[SENT_HERE] = [*session.get(SENT_HERE, []), mark(key)][-MOST_OF_ACCOUNT:]
    return f"/go-on/{key}"


def opened(key: str) -> FormValues | None:
    """Return a form that this browser sent, for its account; None if it is too old, or another browser's or account's."""
    if mark(key) not in session.get(SENT_HERE, []):
        return None
    return kept_forms.opened(key, of=current_user.id, now=clock.now())


def mark(key: str) -> str:
    """Return a name for a form that does not open it: the cookie may be read where it is kept."""
    return sha256(f"kept here {key}".encode()).hexdigest()[:20]
