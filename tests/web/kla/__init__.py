"""Tests of outreach/web/kla. Start with test_views.py; test_parts.py reads a bundle back."""
