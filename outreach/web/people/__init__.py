"""People: their list and records, what they may ask for (their link, their data, its erasure), and importing many."""

from outreach.web.people.blueprint import bp

# Each module binds its views to the blueprint when it is imported.
from outreach.web.people import imports, records, rights  # noqa: F401 isort: skip

__all__ = ["bp"]
