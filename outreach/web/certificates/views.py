"""Certificates: the list, making them for an activity, and one certificate with its picture and what may be done with it."""

from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_login import current_user
from wtforms import BooleanField, StringField
from wtforms.validators import Length

from outreach import clock
from outreach.delivery.documents.parts import PPI
from outreach.domain.certificates import MOST_IN_A_NAME
from outreach.domain.documents import shown_code
from outreach.domain.kinds import ListName
from outreach.domain.problems import Problem
from outreach.queries import certificates as pages
from outreach.queries.certificates import CertificateFilters, CertificateGroup
from outreach.queries.invitations.lists import activity_of
from outreach.services.bundles import BundleForm
from outreach.services.certificates import bundle, document, make
from outreach.services.certificates.make import MOST_AT_ONCE, CertificateMissing, NotEntitled
from outreach.services.locking import ActivityMissing
from outreach.web.documents.preview import pdf_response, preview_response
from outreach.web.exports import columns, file
from outreach.web.fields.base import TidyForm
from outreach.web.fields.fields import Sentence, strip, whole
from outreach.web.fields.problems import flashing_problems, missing_page, showing_problems
from outreach.web.frame.access import coordinator_required, staff_required
from outreach.web.frame.say import page_number, say, search_words
from outreach.web.invitations.forms import member
from outreach.web.office.audit_words import verb

bp = Blueprint("certificates", __name__)
missing_page(bp, CertificateMissing, ActivityMissing, NotEntitled)
MOST_REASON = 300


class NameForm(TidyForm):
    """The name on a corrected certificate, or on that of somebody known by post or office only."""

    name = StringField(
        _l("Name on the certificate"),
        [Sentence(_l("Please write the name as it shall stand on the certificate, with titles.")),
         Length(max=MOST_IN_A_NAME)],
        description=_l("With titles, as it shall stand there."),
    )  # fmt: skip
    tell = BooleanField(_l("Tell them by mail that it is ready"), default=True)


class RevokeForm(TidyForm):
    reason = StringField(
        _l("Why it is revoked"),
        [Sentence(_l("Please write why the certificate is revoked. Only staff read it.")), Length(max=MOST_REASON)],
        description=_l("Only staff read it."),
    )


@bp.context_processor
def _words() -> dict[str, Any]:
    return {"shown_code": shown_code, "audit_verb": verb}


@bp.get("/certificates")
@staff_required
def index() -> Any:
    filters = asked_filters()
    if file.asked():
        return file.send(ListName.CERTIFICATES, columns.certificates(), pages.all_rows(filters))
    activity = activity_of(filters.activity_id) if filters.activity_id is not None else None
    counts = pages.of_activity(activity.id) if activity is not None else None
    over = activity is not None and make.is_over(activity, clock.now())
    return render_template(
        "certificates/index.html", page=pages.listed(filters, page_number()), filters=filters, counts=counts,
        activity=activity, over=over,
    )  # fmt: skip


@bp.get("/certificates/entitled")
@staff_required
def entitled() -> Any:
    """List who was present at an activity and has no certificate yet."""
    filters = asked_filters()
    if filters.activity_id is None:
        abort(404)
    activity, counts = activity_of(filters.activity_id), pages.of_activity(filters.activity_id)
    if file.asked():
        rows = pages.every_entitled(filters.activity_id, filters.q)
        return file.send(ListName.ENTITLED, columns.entitled(), rows, of=activity.title)
    page = pages.entitled(filters.activity_id, filters.q, page_number())
    return render_template("certificates/entitled.html", page=page, filters=filters, counts=counts, activity=activity)


@bp.post("/activities/<int:activity_id>/certificates")
@coordinator_required
def make_all(activity_id: int) -> Any:
    """Make the certificates of everybody who was present and has none."""
    with flashing_problems(but=ActivityMissing):
        made = make.make_all(activity_id, tell="tell" in request.form, by=current_user, now=clock.now())
        count = len(made.certificates)
        flash(ngettext("%(num)d certificate is made.", "%(num)d certificates are made.", count), "success")
        if made.unnamed:
            flash(
                ngettext(
                    "%(num)d person is known by post or office only. Please write their name.",
                    "%(num)d people are known by post or office only. Please write their names.",
                    made.unnamed,
                ),
                "warning",
            )
            return redirect(url_for(".entitled", activity=activity_id))
    return redirect(url_for(".index", activity=activity_id))


@bp.route("/certificates/for/<int:invitation_id>", methods=["GET", "POST"])
@coordinator_required
def make_one(invitation_id: int) -> Any:
    """GET asks for the name; POST makes the certificate of one invitation."""
    form, one = NameForm(), pages.entitled_one(invitation_id)
    if request.method == "GET":
        form.name.data = one.name
        return render_template("certificates/name.html", form=form, one=one, certificate=None)
    if form.validate():
        with showing_problems(form):
            made = make.make_one(
                invitation_id, strip(form.name.data), tell=form.tell.data, by=current_user, now=clock.now()
            )
            flash(_("Certificate %(number)s is made.", number=made.number), "success")
            return redirect(url_for(".show", certificate_id=made.id))
    return render_template("certificates/name.html", form=form, one=one, certificate=None), 422


@bp.get("/certificates/<int:certificate_id>")
@staff_required
def show(certificate_id: int) -> Any:
    return render_template("certificates/show.html", page=pages.certificate_page(certificate_id))


@bp.get("/certificates/<int:certificate_id>/preview")
@staff_required
def preview(certificate_id: int) -> Response:
    """Return the certificate as a picture, for a frame."""
    page = pages.certificate_page(certificate_id)
    try:
        drawn = document.pictures(page.values, ppi=PPI, now=page.row.certificate.created_at)
    except Problem as problem:
        return preview_response((), say(problem))
    return preview_response(drawn)


@bp.get("/certificates/<int:certificate_id>/pdf")
@staff_required
def pdf(certificate_id: int) -> Any:
    found = pages.certificate_page(certificate_id).row.certificate
    with flashing_problems():
        return pdf_response(document.pdf(found), f"sertifikat {found.number}")
    return redirect(url_for(".show", certificate_id=certificate_id))


@bp.route("/certificates/<int:certificate_id>/correct", methods=["GET", "POST"])
@coordinator_required
def correct(certificate_id: int) -> Any:
    """GET asks for the name; POST makes the certificate that replaces this one."""
    form, row = NameForm(), pages.certificate_page(certificate_id).row
    if request.method == "GET":
        form.name.data = row.name_now or row.certificate.name
        return render_template("certificates/name.html", form=form, one=None, certificate=row.certificate)
    if form.validate():
        with showing_problems(form, but=CertificateMissing):
            made = make.correct(
                certificate_id, strip(form.name.data), tell=form.tell.data, by=current_user, now=clock.now()
            )
            said = _("Certificate %(number)s replaces %(old)s.", number=made.number, old=row.certificate.number)
            flash(said, "success")
            return redirect(url_for(".show", certificate_id=made.id))
    return render_template("certificates/name.html", form=form, one=None, certificate=row.certificate), 422


@bp.route("/certificates/<int:certificate_id>/revoke", methods=["GET", "POST"])
@coordinator_required
def revoke(certificate_id: int) -> Any:
    """GET asks for the reason; POST revokes the certificate."""
    form, row = RevokeForm(), pages.certificate_page(certificate_id).row
    status = 200
    if request.method == "POST":
        status = 422
        if form.validate():
            with showing_problems(form, but=CertificateMissing):
                make.revoke(certificate_id, strip(form.reason.data), by=current_user, now=clock.now())
                flash(_("The certificate is revoked. Its check page says so from now on."), "success")
                return redirect(url_for(".show", certificate_id=certificate_id))
    return render_template("certificates/revoke.html", form=form, row=row), status


@bp.post("/certificates/bundle")
@coordinator_required
def start_bundle() -> Any:
    """Begin to make all certificates of the list that stand, as it is filtered, into one file."""
    form, filters = member(BundleForm, request.form.get("form")) or abort(422), asked_filters()
    with flashing_problems():
        ids = pages.ids_of(filters, MOST_AT_ONCE)
        key = bundle.start(ids, form, by=current_user, now=clock.now())
        return redirect(url_for("documents.show_bundle", key=key))
    return redirect(url_for(".index", **filters.query))


def asked_filters() -> CertificateFilters:
    """Return the filters in the list's address."""
    group = member(CertificateGroup, request.args.get("show", ""))
    return CertificateFilters(group, search_words(), whole(request.args.get("activity")) or None)
