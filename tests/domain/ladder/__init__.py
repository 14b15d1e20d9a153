"""Tests of outreach/domain/ladder."""
