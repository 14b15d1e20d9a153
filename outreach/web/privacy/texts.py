"""Where an administrator changes the text of the privacy page, and that of a parent's consent."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from outreach import clock
from outreach.domain.privacy.requests import TextKind
from outreach.domain.problems import Problem
from outreach.services.privacy import texts
from outreach.web.frame.access import administrator_required
from outreach.web.frame.say import say

bp = Blueprint("privacy_texts", __name__, url_prefix="/privacy-texts")


@bp.route("/", methods=["GET", "POST"])
@administrator_required
def edit() -> Any:
    """Change the text of the privacy page, or of a parent's consent."""
    kind = TextKind.CONSENT if request.values.get("kind") == TextKind.CONSENT.value else TextKind.NOTICE
    shown, problem, status = texts.current(kind).texts, "", 200
    if request.method == "POST":
        shown = {language: request.form.get(language, "") for language in ("id", "en")}
        try:
            if texts.save(kind, shown, by=current_user, now=clock.now()):
                flash(_("The new version is saved. Older versions stay readable."), "success")
            return redirect(url_for(".edit", kind=kind.value))
        except Problem as refused:
            problem, status = say(refused), 422
    page = render_template(
        "privacy/texts.html", kind=kind.value, texts=shown, problem=problem, versions=texts.versions(kind),
        most=texts.MOST_LETTERS,
    )  # fmt: skip
    return page, status
