"""The blueprint of all pages of reports."""

from flask import Blueprint

from outreach.services.locking import ProgrammeMissing
from outreach.web.fields.problems import missing_page

bp = Blueprint("reports", __name__, url_prefix="/reports")
missing_page(bp, ProgrammeMissing)
