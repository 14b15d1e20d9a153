"""Checks of this installation: its settings, libraries, database, disk, engine, clock and pages. They yield CheckResults.

delivery/checks tries the mail server, the mailbox and the domain. No check changes anything. Start with storage.py.
"""

from outreach.services.operations.checks.accounts import accounts
from outreach.services.operations.checks.configuration import settings
from outreach.services.operations.checks.sending import engine
from outreach.services.operations.checks.serving import pages
from outreach.services.operations.checks.storage import database
from outreach.services.operations.checks.times import zone
from outreach.services.operations.checks.versions import libraries

__all__ = ["accounts", "database", "engine", "libraries", "pages", "settings", "zone"]
