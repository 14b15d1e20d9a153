"""Absences by hand and from calendars; broken and hostile calendar files."""
