"""What other packages log has the form of our own lines, and no text of an error."""

import json
import logging
import re
import sys

from outreach.logs import JsonLines, hidden


def line(record: logging.LogRecord) -> dict[str, object]:
    written = JsonLines().format(record)
    assert "\n" not in written
    return json.loads(written)


def test_a_line_of_another_package_has_the_fields_of_ours():
    record = logging.LogRecord("waitress", logging.WARNING, "x.py", 7, "Task queue depth is %d", (3,), None)
    record.created = 1_796_000_000.5
    record.fields = {"status": 200}
    assert line(record) == {
        "event": "Task queue depth is 3",
        "logger": "waitress",
        "level": "warning",
        "timestamp": "2026-11-30T00:53:20.500000Z",
        "status": 200,
    }


def test_the_tokens_of_links_are_hidden():
    token = "Ab3dEf6h_jKlMnOpQrStUvWxYz0123456789ab"
    record = logging.LogRecord(
        "waitress", logging.ERROR, "x.py", 7, "Exception while serving %s", (f"/j/{token}",), None
    )
    assert line(record)["event"] == "Exception while serving /j/…"


# What opens nothing to who only reads it in a log: it needs an account or the session that asked, or stands on paper and on a
# public page.
OPENS_NOTHING = ("/account/", "/login/", "/verify/", "/people/import/", "/rules/", "/texts/", "/mailbox/", "/documents/",
                 "/kla/", "/l/", "/s/", "/p/")  # fmt: skip


def test_the_log_of_requests_hides_whatever_opens_something_by_its_address_alone(app):
    secret = "Ab3dEf6h_jKlMnOpQrStUvWxYz0123456789-bcdefg"
    paths = {
        re.sub(r"<(?:\w+:)?(?:token|code|key)>", secret, rule.rule)
        for rule in app.url_map.iter_rules()
        if {"token", "code", "key"} & rule.arguments
    }
    assert {path for path in paths if secret in hidden(path)} == {
        path for path in paths if path.startswith(OPENS_NOTHING)
    }
    assert {path.split(secret)[0] for path in paths if secret not in hidden(path)} == {
        "/j/", "/feeds/", "/lihat/", "/r/", "/k/", "/go-on/",
    }  # fmt: skip


def test_an_error_is_named_without_its_text():
    try:
        raise ValueError("ani@example.com")
    except ValueError:
        record = logging.LogRecord("waitress", logging.ERROR, "x.py", 7, "Exception\nwhile serving", (), sys.exc_info())
    found = line(record)
    assert (found["event"], found["error"]) == ("Exception\nwhile serving", "ValueError")
    assert "ani@example.com" not in JsonLines().format(record)
