"""`outreach documents KEY`: makes many documents into one file in a separate process. The pages start it."""

import contextlib
import os

from outreach.services import bundles
from outreach.services.bundles import BundleOf
from outreach.services.certificates import bundle as certificates
from outreach.services.letters import bundle as letters

NICENESS = 5  # lower priority than the pages
MAKERS = {BundleOf.LETTERS: letters.work, BundleOf.CERTIFICATES: certificates.work}


def documents(key: str) -> None:
    """Make the file of that key, which its page has prepared."""
    with contextlib.suppress(OSError, AttributeError):
        os.nice(NICENESS)
    MAKERS[bundles.of_key(key)](key)
