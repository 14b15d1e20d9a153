"""The blueprint that the pages of date polls share."""

from flask import Blueprint

bp = Blueprint("polls", __name__, url_prefix="/polls")
