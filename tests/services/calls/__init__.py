"""Tests of outreach/services/calls."""
