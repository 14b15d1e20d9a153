"""Answers by link, by calendar and by phone; nominees; the last seat."""
