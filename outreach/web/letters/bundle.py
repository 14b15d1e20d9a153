"""Many letters as one file: start it from the list. web/documents/bundles.py follows it."""

from typing import Any

from flask import abort, redirect, request, url_for
from flask_login import current_user

from outreach import clock
from outreach.queries.letters import pages as letter_pages
from outreach.services.bundles import BundleForm
from outreach.services.letters import bundle
from outreach.services.letters.bundle import MOST_LETTERS
from outreach.web.fields.problems import flashing_problems
from outreach.web.frame.access import coordinator_required
from outreach.web.invitations.forms import member
from outreach.web.letters.blueprint import bp
from outreach.web.letters.views import asked_filters


@bp.post("/letters/bundle")
@coordinator_required
def start_bundle() -> Any:
    """Begin to make all letters of the list, as it is filtered, into one file."""
    form = member(BundleForm, request.form.get("form")) or abort(422)
    filters = asked_filters()
    with flashing_problems():
        key = bundle.start(
            letter_pages.ids_of(filters, MOST_LETTERS), form, to_sign="to_sign" in request.form, by=current_user,
            now=clock.now(),
        )  # fmt: skip
        return redirect(url_for("documents.show_bundle", key=key))
    return redirect(url_for(".index", **filters.query))
