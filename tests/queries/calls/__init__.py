"""Tests of outreach/queries/calls."""
