"""The blueprint that the calendar's pages share."""

from flask import Blueprint

bp = Blueprint("calendar", __name__, url_prefix="/calendar")
