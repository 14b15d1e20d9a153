"""Dates, times and closed lists in Indonesian and English."""
