"""Many documents as one file: see how far it is, stop it, and take the file. The lists start it."""

import zipfile
from typing import Any

from flask import Blueprint, flash, redirect, render_template, send_file, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from outreach.domain.kinds import ListName
from outreach.queries import access
from outreach.services import bundles
from outreach.services.bundles import Bundle, BundleForm, BundleGone, BundleOf, BundleState
from outreach.web.exports import file
from outreach.web.fields.problems import missing_page
from outreach.web.frame.access import staff_required
from outreach.web.kla.blueprint import KLA

TYPES = {BundleForm.ZIP: "application/zip", BundleForm.PDF: "application/pdf"}
# The list to which the page leads back, its title, and how the file begins.
LISTS = {
    BundleOf.LETTERS: ("letters.index", _l("Letters"), "surat"),
    BundleOf.CERTIFICATES: ("certificates.index", _l("Certificates"), "sertifikat"),
    BundleOf.KLA: ("kla.year", KLA, "kla"),
}
bp = Blueprint("documents", __name__)
missing_page(bp, BundleGone)


@bp.get("/documents/<key>")
@staff_required
def show_bundle(key: str) -> Any:
    found = _within_reach(bundles.read(key, by=current_user))
    running = found.state is BundleState.RUNNING
    list_, title, _name = LISTS[found.of]
    back = url_for(list_, year=found.year) if found.of is BundleOf.KLA else url_for(list_)
    return render_template(
        "documents/bundle.html", bundle=found, key=key, running=running, list=back, list_title=title
    )  # fmt: skip


@bp.post("/documents/<key>/stop")
@staff_required
def stop_bundle(key: str) -> Any:
    bundles.stop(key, by=current_user)
    flash(_("It stops in a moment, and keeps the documents made so far."), "info")
    return redirect(url_for(".show_bundle", key=key))


@bp.get("/documents/<key>/file")
@staff_required
def bundle_file(key: str) -> Any:
    found, path = bundles.result(key, by=current_user)
    _within_reach(found)
    name = f"{LISTS[found.of][2]}-{found.begun_at:%Y-%m-%d}.{found.form.value}"
    if found.of is BundleOf.KLA:
        of = f"{found.year}-{found.code}" if found.code else str(found.year)
        name = f"kla-{of}-{found.begun_at:%Y-%m-%d}.zip"
        with zipfile.ZipFile(path) as archive:
            file.record(ListName.KLA, len(archive.namelist()), "zip", of=of)
    response = send_file(path.absolute(), TYPES[found.form], as_attachment=True, download_name=name)
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _within_reach(bundle: Bundle) -> Bundle:
    """Return the bundle. Raise BundleGone if it holds what this account sees no longer."""
    table = {BundleOf.LETTERS: "letter", BundleOf.CERTIFICATES: "certificate"}.get(bundle.of, "programme")
    if not access.sees(table, bundle.ids or (0,)):
        raise BundleGone
    return bundle
