"""Tests of outreach/domain/kla. Start with test_indicators.py."""
