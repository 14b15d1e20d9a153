"""Tests of outreach/web/ladder."""
