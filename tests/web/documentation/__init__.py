"""Tests of the pages with photos and press text."""
