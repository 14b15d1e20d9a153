"""A new password by mail: asking for the link, and choosing the password. Opening the link changes nothing."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import logout_user
from flask_wtf import FlaskForm
from wtforms import EmailField, PasswordField
from wtforms.validators import InputRequired, Length

from outreach import clock
from outreach.domain.problems import Problem
from outreach.domain.sign_in.passwords import MOST
from outreach.extensions import current_settings, limiter
from outreach.services.sign_in import reset
from outreach.services.sign_in.reset import ResetLinkUnusable
from outreach.web.frame.say import say
from outreach.web.frame.sign_in import devices

bp = Blueprint("reset", __name__)
limiter.limit(lambda: current_settings().rate_public, methods=["GET"])(bp)
limiter.limit(lambda: current_settings().rate_login, methods=["POST"])(bp)


class ForgottenForm(FlaskForm):
    email = EmailField(_l("E-mail"), [InputRequired(_l("Please write your e-mail address.")), Length(max=254)])


class ChooseForm(FlaskForm):
    password = PasswordField(_l("New password"), [InputRequired(_l("Please write a new password."))])
    again = PasswordField(_l("New password, once more"))

    def validate(self, extra_validators: Any = None) -> bool:
        if not super().validate(extra_validators):
            return False
        problem = ""
        if len(self.password.data or "") > MOST:
            problem = _("A password may have at most %(length)s characters.", length=MOST)
        elif self.password.data != self.again.data:
            problem = _("The two passwords are not the same.")
        if problem:
            self.again.errors = [problem]
        return not problem


@bp.route("/reset", methods=["GET", "POST"])
def ask() -> Any:
    form = ForgottenForm()
    if form.validate_on_submit():
        reset.ask(form.email.data or "", now=clock.now())
        flash(
            _(
                "If an account has this address, a mail with a link is on its way to it. It counts for 30 minutes. "
                "Nothing came? Look among unwanted mails, or ask an administrator of your office."
            ),
            "success",
        )
        return redirect(url_for("security.login"))
    return render_template("sign_in/reset.html", form=form), 422 if form.is_submitted() else 200


@bp.route("/r/<token>", methods=["GET", "POST"])
def choose(token: str) -> Any:
    form = ChooseForm()
    try:
        user = reset.opened(token, now=clock.now())
        if form.validate_on_submit():
            reset.choose(token, form.password.data or "", now=clock.now())
            logout_user()
            devices.let_in(user.id)
            flash(_("Your password was changed. Please sign in with it."), "success")
            return redirect(url_for("security.login"))
    except ResetLinkUnusable as problem:
        flash(say(problem), "danger")
        return redirect(url_for(".ask"))
    except Problem as problem:
        form.password.errors = [say(problem)]
    page = render_template("sign_in/choose.html", form=form, token=token, email=user.email)
    return page, 422 if form.is_submitted() else 200
