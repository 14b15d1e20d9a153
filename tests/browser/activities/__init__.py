"""Activities: planned in the calendar or by a search, with agenda and invitees, published, postponed."""
