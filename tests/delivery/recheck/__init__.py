"""Notices contain only what the reader has not received yet."""
