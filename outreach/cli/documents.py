"""`outreach documents KEY`: makes many documents into one file in a separate process. The pages start it."""

import contextlib
import os
from importlib import import_module

from outreach.services import bundles
from outreach.services.bundles import BundleGone, BundleOf

NICENESS = 5  # lower priority than the pages
MAKERS = {  # the module whose `work` makes it, imported only when it is needed
    BundleOf.LETTERS: "outreach.services.letters.bundle",
    BundleOf.CERTIFICATES: "outreach.services.certificates.bundle",
    BundleOf.KLA: "outreach.web.kla.parts",
}


def documents(key: str) -> None:
    """Make the file of that key, which its page has prepared."""
    with contextlib.suppress(OSError, AttributeError):
        os.nice(NICENESS)
    with contextlib.suppress(BundleGone):  # somebody was erased meanwhile: it is not to be made any more
        import_module(MAKERS[bundles.of_key(key)]).work(key)
