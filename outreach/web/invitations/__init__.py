"""The pages about an activity's invitees: the list, inviting, one invitation and what is done with it."""
