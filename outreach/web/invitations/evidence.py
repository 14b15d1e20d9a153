"""Evidence of an answer: the field of the forms that record answers, and the file for staff."""

from flask import Response
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import FileField

from outreach.queries.invitations import evidence as evidence_pages
from outreach.services.answers import evidence
from outreach.services.answers.evidence import Evidence
from outreach.web.frame.access import staff_required
from outreach.web.invitations.blueprint import bp
from outreach.web.materials.file import as_attachment

CHOOSE_AGAIN = _l("Please choose the file again: it was not kept, because something else has to be corrected first.")


def evidence_field() -> FileField:
    return FileField(_l("Evidence"), description=_l("A photo or PDF of the letter or chat. Only staff see it."))


def ask_for_file_again(form: FlaskForm) -> None:
    """Say beside the field that a chosen file is to be chosen again: browsers do not keep it when another field is refused."""
    chosen = form.file.data
    if getattr(chosen, "filename", "") and not form.file.errors:
        form.file.errors = [CHOOSE_AGAIN]


def shown_by(field: FileField) -> Evidence | None:
    """Return what was chosen, checked; None if nothing was. Raise EvidenceNotTaken or UploadTooLarge."""
    chosen = field.data
    if not chosen or not getattr(chosen, "filename", ""):
        return None
    return evidence.check(chosen.stream.read(), chosen.filename)


@bp.get("/invitations/<int:invitation_id>/evidence/<int:evidence_id>")
@staff_required
def evidence_file(invitation_id: int, evidence_id: int) -> Response:
    return as_attachment(evidence_pages.file(invitation_id, evidence_id))
