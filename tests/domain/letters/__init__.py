"""Tests of outreach/domain/letters."""
