"""Tests of outreach/queries/reports."""
