"""Tests of web/certificates."""
