"""Tests of the pages with feedback, for staff."""
