"""Calendar addresses, for staff and for calendar programs."""
