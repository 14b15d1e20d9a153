"""Tests. The folders mirror outreach/; start with world/ (what a test begins with), then README.md."""
