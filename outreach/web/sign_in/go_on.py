"""Going on after a new sign-in with the form that was sent before it. Only pressing its button sends it."""

from typing import Any

from flask import Blueprint, render_template

from outreach.web.frame.access import staff_required
from outreach.web.frame.sign_in import kept_forms

bp = Blueprint("goon", __name__)


@bp.get("/go-on/<token>")
@staff_required
def show(token: str) -> Any:
    form = kept_forms.opened(token)
    return render_template("sign_in/go_on.html", form=form), 200 if form else 404
