"""The pages about an activity's invitees: the list, inviting, one invitation and what is done with it."""

from outreach.web.invitations.blueprint import bp

# Each module binds its views to the blueprint when it is imported.
from outreach.web.invitations import answers, lists, people, groups  # noqa: F401 isort: skip

__all__ = ["bp"]
