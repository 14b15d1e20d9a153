"""The office, staff accounts and planning rules."""
