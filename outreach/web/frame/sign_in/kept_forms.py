"""Keep the form of a request that nobody is signed in for any more, or that asks for the password first.

Only a browser that had been signed in can have one kept: its signed cookie says for which account, and the form has to have
the token of that browser's pages.
"""

from flask import request, session
from flask_login import current_user
from flask_wtf.csrf import validate_csrf
from werkzeug.exceptions import HTTPException
from wtforms import ValidationError

from outreach import clock
from outreach.services.sign_in import kept_forms
from outreach.services.sign_in.kept_forms import FormValues
from outreach.web.frame import bodies
from outreach.web.frame.rate_limited import SECRET
from outreach.web.frame.request import names_of_files
from outreach.web.frame.sign_in.sessions import ACCOUNT, account_of_ended

MOST = 512 * 1024  # bytes of a request
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
    return f"/go-on/{key}" if key else None
