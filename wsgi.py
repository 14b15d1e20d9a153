"""The WSGI application of a checkout: `wsgi:app` in its folder. Everywhere else it is `outreach.wsgi:app`."""

from outreach.wsgi import app

__all__ = ["app"]
