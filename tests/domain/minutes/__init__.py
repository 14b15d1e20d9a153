"""Tests of outreach/domain/minutes."""
