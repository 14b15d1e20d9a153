"""Calendar feeds, for staff and for calendar programs."""
