"""Tests of outreach/web/frame/sign_in."""
