"""Settings of gunicorn for the pages: gunicorn --config docs/deploy/gunicorn.conf.py outreach.wsgi:app

Everyone who knows the address of an answer link or a calendar can open it without a login. So its log hides their tokens, and
leaves out queries and referrers, which may contain names. Both its logs are lines of JSON like ours, unless a terminal is there.
"""

from gunicorn.glogging import Logger

from outreach.logs import JsonLines, WithoutTokens, hidden, on_terminal

FIELDS = {"remote": "h", "method": "m", "path": "U", "status": "s", "bytes": "B", "ms": "M"}


class DiscreetLogger(Logger):
    def setup(self, cfg):
        super().setup(cfg)
        self.error_log.addFilter(WithoutTokens())
        if not on_terminal():
            for handler in (*self.error_log.handlers, *self.access_log.handlers):
                handler.setFormatter(JsonLines())

    def atoms(self, resp, req, environ, request_time):
        found = super().atoms(resp, req, environ, request_time)
        found["U"] = hidden(found["U"] or "")
        return found

    def access(self, resp, req, environ, request_time):
        if on_terminal():
            super().access(resp, req, environ, request_time)
            return
        known = self.atoms(resp, req, environ, request_time)
        fields = {name: known[letter] for name, letter in FIELDS.items()}
        self.access_log.info("request", extra={"fields": fields})


timeout = 120  # a test mail waits up to a minute for a slow mail server
logger_class = DiscreetLogger
accesslog = "-"
access_log_format = '%(h)s %(t)s "%(m)s %(U)s" %(s)s %(B)s %(M)sms'
# base_url and the proxy's X-Forwarded headers say where the pages stand. gunicorn believes SCRIPT_NAME from a proxy on this
# machine, but Caddy and others pass on whatever a visitor sends in it.
forwarder_headers = ""
control_socket_disable = True  # nobody uses it, and two services of one user would share its file
