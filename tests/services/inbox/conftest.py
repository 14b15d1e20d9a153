"""The office's mailbox."""

from outreach.services.reminders import rules
from tests.services.inbox.inbox_help import OUR_SERVER, Inbox
from tests.support.apps import with_settings
from tests.support.copied import copied
from tests.world import NOW


@copied
def arrives(current_app_, office) -> Inbox:
    """A mailbox whose office has the default rules and mails from one address."""
    rules.install_defaults(now=NOW)
    with_settings(current_app_, mail_sender="DP3AP2KB Kota Metro <undangan@example.com>", imap_verdicts_by=OUR_SERVER)
    return Inbox()
