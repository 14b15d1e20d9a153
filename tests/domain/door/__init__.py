"""Tests of outreach/domain/door."""
