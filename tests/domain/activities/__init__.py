"""Tests of outreach/domain/activities."""
