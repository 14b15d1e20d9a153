"""Going on after a new sign-in with the form that was sent before it. Only pressing its button sends it."""

from typing import Any

from flask import Blueprint, render_template
from flask_login import current_user

from outreach import clock
from outreach.services.sign_in import kept_forms
from outreach.web.frame.access import staff_required

bp = Blueprint("goon", __name__)


@bp.get("/go-on/<token>")
@staff_required
def show(token: str) -> Any:
    form = kept_forms.opened(token, of=current_user.id, now=clock.now())
    return render_template("sign_in/go_on.html", form=form), 200 if form else 404
