"""Tests of signing in: security events, new passwords by mail, second factors, recovery codes."""
