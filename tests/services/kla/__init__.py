"""Tests of outreach/services/kla and queries/kla. Start with test_lists.py."""
