"""Many letters as one file: start it from the list, see how far it is, stop it, and take the file."""

from typing import Any

from flask import abort, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from flask_login import current_user

from outreach import clock
from outreach.queries.letters import pages as letter_pages
from outreach.services.letters import bundle
from outreach.services.letters.bundle import MOST_LETTERS, BundleForm, BundleGone, BundleState
from outreach.web.fields.problems import flashing_problems, missing_page
from outreach.web.frame.access import coordinator_required
from outreach.web.invitations.forms import member
from outreach.web.letters.blueprint import bp
from outreach.web.letters.views import asked_filters

TYPES = {BundleForm.ZIP: "application/zip", BundleForm.PDF: "application/pdf"}

missing_page(bp, BundleGone)


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
        return redirect(url_for(".show_bundle", key=key))
    return redirect(url_for(".index", **filters.query))


@bp.get("/letters/bundle/<key>")
@coordinator_required
def show_bundle(key: str) -> Any:
    found = bundle.read(key, by=current_user)
    running = found.state is BundleState.RUNNING
    return render_template("letters/bundle.html", bundle=found, key=key, running=running)


@bp.post("/letters/bundle/<key>/stop")
@coordinator_required
def stop_bundle(key: str) -> Any:
    bundle.stop(key, by=current_user)
    flash(_("It stops in a moment, and keeps the letters made so far."), "info")
    return redirect(url_for(".show_bundle", key=key))


@bp.get("/letters/bundle/<key>/file")
@coordinator_required
def bundle_file(key: str) -> Any:
    found, path = bundle.result(key, by=current_user)
    name = f"surat-{found.begun_at:%Y-%m-%d}.{found.form.value}"
    response = send_file(path.absolute(), TYPES[found.form], as_attachment=True, download_name=name)
    response.headers["Cache-Control"] = "private, no-store"
    return response
