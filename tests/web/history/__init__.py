"""Tests of outreach/web/history."""
