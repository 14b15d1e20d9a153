"""Tests of the pages of minutes and follow-ups."""
