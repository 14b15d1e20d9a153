"""Tests of making photos smaller."""
