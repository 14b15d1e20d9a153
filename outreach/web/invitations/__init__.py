"""Pages of an activity's invitees: the list, inviting, and one invitation with its actions."""
