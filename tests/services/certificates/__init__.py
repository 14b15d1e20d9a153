"""Tests of services/certificates."""
