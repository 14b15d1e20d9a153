"""Where an account is signed in: ending one's own sessions, and for administrators those of others."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_login import current_user

from outreach import clock
from outreach.models import User
from outreach.queries import sign_in as pages
from outreach.queries.office import pages as office_pages
from outreach.services.office.staff import UserMissing
from outreach.services.sign_in import sessions
from outreach.services.sign_in.sessions import SessionMissing
from outreach.web.frame.access import administrator_required, staff_required
from outreach.web.frame.say import say
from outreach.web.frame.sign_in.sessions import session_here
from outreach.web.sign_in import words

bp = Blueprint("signins", __name__)


@bp.get("/account/sign-ins")
@staff_required
def index() -> str:
    here = session_here()
    return render_template(
        "sign_in/sessions.html", account=None, rows=pages.open_sessions(current_user.id, now=clock.now()), words=words,
        here=here.id if here else None, last=pages.last_sign_in(current_user.id, before=here.began_at) if here else None,
    )  # fmt: skip


@bp.post("/account/sign-ins/<int:session_id>/end")
@staff_required
def end(session_id: int) -> Any:
    _end(session_id, current_user._get_current_object())
    return redirect(url_for(".index"))


@bp.post("/account/sign-ins/end-others")
@staff_required
def end_others() -> Any:
    here = session_here()
    user = current_user._get_current_object()
    sessions.end_all(user, by=user, but=here.id if here else None, now=clock.now())
    flash(_("You are signed in only here now."), "success")
    return redirect(url_for(".index"))


@bp.get("/users/<int:user_id>/sign-ins")
@administrator_required
def of_other(user_id: int) -> str:
    user = _account(user_id)
    return render_template(
        "sign_in/sessions.html", account=user, rows=pages.open_sessions(user_id, now=clock.now()), words=words, here=None,
        last=pages.last_sign_in(user_id, before=clock.now()),
    )  # fmt: skip


@bp.post("/users/<int:user_id>/sign-ins/<int:session_id>/end")
@administrator_required
def end_of_other(user_id: int, session_id: int) -> Any:
    _end(session_id, _account(user_id))
    return redirect(url_for(".of_other", user_id=user_id))


@bp.post("/users/<int:user_id>/sign-ins/end-all")
@administrator_required
def end_all(user_id: int) -> Any:
    user = _account(user_id)
    name = user.display_name
    sessions.end_all(user, by=current_user._get_current_object(), now=clock.now())
    flash(_("%(name)s is signed in nowhere now.", name=name), "success")
    return redirect(url_for(".of_other", user_id=user_id))


def _end(session_id: int, of: User) -> None:
    try:
        sessions.end(session_id, of=of, by=current_user._get_current_object(), now=clock.now())
    except SessionMissing as problem:
        flash(say(problem), "info")
    else:
        flash(_("That device is signed out."), "success")


def _account(user_id: int) -> User:
    try:
        return office_pages.account(user_id)
    except UserMissing:
        abort(404)
