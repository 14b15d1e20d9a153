"""The calendar and moves made in it."""
