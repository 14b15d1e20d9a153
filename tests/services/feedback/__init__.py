"""Tests of feedback: kept so that nobody can tell whose it is."""
