"""Tests of outreach/domain/reminders."""
