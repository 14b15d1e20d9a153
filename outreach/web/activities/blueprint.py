"""The blueprint that the pages of activities share."""

from flask import Blueprint

bp = Blueprint("activities", __name__, url_prefix="/activities")
