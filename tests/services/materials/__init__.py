"""Tests of what speakers send, and of showing it to attendees."""
