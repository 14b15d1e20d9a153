"""Tests. The folders mirror outreach/; start with conftest.py (fixtures) and world.py (actions)."""
