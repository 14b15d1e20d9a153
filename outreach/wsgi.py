"""The WSGI application, for gunicorn and others. It never starts a scheduler: that is `outreach serve` or `outreach worker`."""

from outreach import create_app

app = create_app()
