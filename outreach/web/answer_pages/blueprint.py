"""The blueprint that the pages behind an invitee's link share."""

from flask import Blueprint

bp = Blueprint("answers", __name__, url_prefix="/j")
