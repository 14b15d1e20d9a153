"""Date polls for staff."""
