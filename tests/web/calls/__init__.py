"""Tests of outreach/web/calls."""
