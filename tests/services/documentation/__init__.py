"""Tests of the photos and the press text of an activity."""
