"""Pages of people, organisations and venues."""
