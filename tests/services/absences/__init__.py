"""Absences entered by hand or read from calendars, with broken and hostile calendar files."""
