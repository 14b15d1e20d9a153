"""Pages of activities: list, edit, publish, move, cancel."""
