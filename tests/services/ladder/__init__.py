"""Tests of outreach/services/ladder."""
