"""One's own account: password, second factor, recovery codes."""

from typing import Any

from flask import Blueprint, abort, render_template, request
from flask_login import current_user
from werkzeug.wrappers import Response

from outreach.services.sign_in import factors, recovery
from outreach.services.sign_in.factors import Owed
from outreach.web.frame.access import staff_required
from outreach.web.frame.looks import office_zone

MOST_CODES = 20

bp = Blueprint("account", __name__)


@bp.get("/account")
@staff_required
def index() -> str:
    return render_template(
        "sign_in/account.html", first=factors.owed(current_user) is Owed.SECOND_FACTOR,
        demanded=factors.is_demanded(current_user), app=factors.has_app(current_user),
        passkeys=factors.passkeys(current_user), zone=office_zone(),
        has_factor=factors.has_factor(current_user), codes=recovery.remaining(current_user.id),
    )  # fmt: skip


@bp.post("/account/recovery-codes/file")
@staff_required
def codes_file() -> Any:
    """Give back the codes that the page has just shown, as a file: they are stored nowhere."""
    codes = request.form.getlist("code")
    if not codes or len(codes) > MOST_CODES or any(not recovery.is_code(code) for code in codes):
        abort(400)
    text = render_template("sign_in/recovery-codes.txt", codes=codes, email=current_user.email)
    return Response(
        text, mimetype="text/plain", headers={"Content-Disposition": "attachment; filename=outreach-recovery-codes.txt"}
    )
