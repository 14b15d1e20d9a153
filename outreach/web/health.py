"""Whether the pages and the database answer and the engine keeps up, for whoever watches the server."""

import sqlalchemy as sa
from flask import Blueprint

from outreach import clock
from outreach.extensions import db
from outreach.services import lateness

bp = Blueprint("health", __name__)


@bp.get("/healthz")
def healthz() -> tuple[dict[str, str], int]:
    try:
        late = lateness.overdue(now=clock.now())
    except sa.exc.SQLAlchemyError:
        db.session.rollback()
        return {"state": "no database"}, 503
    return ({"state": f"{late} overdue"}, 503) if late else ({"state": "ok"}, 200)
