"""Tests of outreach/web/reports."""
