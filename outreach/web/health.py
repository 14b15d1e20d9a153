"""Whether the pages and the database answer, for whoever watches the server."""

import sqlalchemy as sa
from flask import Blueprint

from outreach.extensions import db

bp = Blueprint("health", __name__)


@bp.get("/healthz")
def healthz() -> tuple[dict[str, str], int]:
    try:
        db.session.execute(sa.text("SELECT 1"))
    except sa.exc.SQLAlchemyError:
        return {"state": "no database"}, 503
    return {"state": "ok"}, 200
