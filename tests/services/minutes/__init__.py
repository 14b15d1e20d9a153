"""Tests of minutes, the chair's approval, the copies, and the follow-ups."""
