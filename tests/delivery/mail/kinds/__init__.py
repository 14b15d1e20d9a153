"""Tests of outreach/delivery/mail/kinds."""
