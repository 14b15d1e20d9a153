"""/livez, /readyz and /healthz say whether process, pages and engines work; /metrics has the figures, for those who may ask."""

from dataclasses import replace
from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from outreach import clock, create_app
from outreach.domain.sign_in.events import SecurityKind
from outreach.engines import loop
from outreach.extensions import db
from outreach.models import AuditEntry, Heartbeat, SecurityEvent
from outreach.services.reminders import rules
from tests.servers.smtp import Server
from tests.support.apps import settings_for
from tests.world import draft_activity, invite_and_publish, send_through

pytestmark = pytest.mark.any_day


def scrape(app, **headers) -> dict[tuple[str, ...], float]:
    """Return the metrics as {(name, label values…): value}."""
    answer = app.test_client().get("/metrics", headers=headers)
    assert (answer.status_code, answer.content_type.split(";")[0]) == (200, "text/plain")
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def status(app, remote: str = "127.0.0.1", **headers) -> int:
    answer = app.test_client().get("/metrics", headers=headers, environ_base={"REMOTE_ADDR": remote})
    return answer.status_code


@pytest.mark.usefixtures("clock_stands")
def test_the_metrics_count_sent_and_waiting_mails(app, office, ani):
    rules.install_defaults(now=clock.now())
    for ago in (1, 59, 61):
        at = clock.now() - timedelta(minutes=ago)
        db.session.add(SecurityEvent(at=at, kind=SecurityKind.SIGN_IN_FAILED))
    db.session.commit()
    starts_at = clock.now() + timedelta(days=30)
    activity = draft_activity(
        None, None, starts_at=starts_at, ends_at=starts_at + timedelta(hours=2),
        registration_at=None, respond_by_at=starts_at - timedelta(days=2),
    )  # fmt: skip
    invite_and_publish(activity, ani, now=clock.now())
    with Server() as server:
        send_through(app, server)
        db.session.remove()
        loop.tick(app, now=clock.now)
    found = scrape(app)
    assert found[("outreach_messages_due",)] == 0
    assert found[("outreach_messages_sent", "1h")] == 1
    assert found[("outreach_attempts", "sent")] == 1
    assert found[("outreach_lateness_seconds", "0.99")] == 0
    assert found[("outreach_engine_age_seconds",)] == 0
    assert found[("outreach_failed_sign_ins",)] == 2
    assert found[("outreach_engines",)] == 1
    assert found[("outreach_reminders_scheduled",)] > 0
    assert [key[1] for key in found if key[0] == "outreach_build_info"] == ["sqlite"]


@pytest.mark.parametrize("remote", ["127.0.0.1", "::1"])
def test_without_a_token_this_machine_has_access(app, remote):
    assert status(app, remote) == 200


@pytest.mark.parametrize(
    ("remote", "headers"),
    [
        ("10.0.0.7", {}),
        ("", {}),
        ("127.0.0.1", {"X-Forwarded-For": "10.0.0.7"}),
        ("127.0.0.1", {"X-Forwarded-Proto": "https"}),
        ("127.0.0.1", {"x-forwarded-host": "outreach.example.com"}),
        ("127.0.0.1", {"Forwarded": "for=x"}),
        ("127.0.0.1", {"Via": "1.1 proxy"}),
        ("127.0.0.1", {"Host": "outreach.example.com"}),  # from a proxy without headers of its own
        ("127.0.0.1", {"Host": "localhost.example.com:8000"}),
        ("127.0.0.1", {"Host": "[::1"}),
    ],
)
def test_without_a_token_others_and_clients_behind_a_local_proxy_have_no_access(app, remote, headers):
    assert status(app, remote, **headers) == 403


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost:8000", "[::1]:8000"])
def test_this_machine_has_access_unless_a_proxy_is_in_front_of_the_pages(app, host):
    assert status(app, Host=host) == 200
    app.extensions["outreach"] = replace(app.extensions["outreach"], proxies=1)
    assert status(app, Host=host) == 403


def test_with_a_token_only_its_holder_has_access_from_anywhere(app):
    app.extensions["outreach"] = replace(app.extensions["outreach"], metrics_token="a-token-of-the-office")
    assert status(app) == 403
    assert status(app, Authorization="Bearer another") == 403
    assert status(app, Authorization="a-token-of-the-office") == 403
    assert status(app, "10.0.0.7", Authorization="Bearer a-token-of-the-office") == 200


@pytest.mark.parametrize(("minutes", "code", "state"), [(4, 200, "ok"), (6, 503, "engine silent")])
def test_health_reports_that_no_engine_is_alive(app, office, minutes, code, state):
    db.session.add(Heartbeat(name="a:1", at=clock.now() - timedelta(minutes=minutes)))
    db.session.commit()
    answer = app.test_client().get("/healthz")
    assert (answer.status_code, answer.json["state"]) == (code, state)


@pytest.mark.parametrize(("minutes", "code", "state"), [(14, 200, "ok"), (16, 503, "engine silent")])
def test_health_reports_that_no_engine_ever_ran(app, office, minutes, code, state):
    db.session.add(AuditEntry(at=clock.now() - timedelta(minutes=minutes), action="user.added", subject_type="user"))
    db.session.commit()
    answer = app.test_client().get("/healthz")
    assert (answer.status_code, answer.json["state"]) == (code, state)


def asked(app, address: str) -> tuple[int, str]:
    answer = app.test_client().get(address)
    assert answer.headers["Cache-Control"] == "no-store"  # whatever it answers
    return answer.status_code, answer.json["state"]


def test_the_process_lives_and_its_pages_are_ready_while_the_engines_are_silent(app, office):
    db.session.add(Heartbeat(name="a:1", at=clock.now() - timedelta(hours=6)))
    db.session.commit()
    assert asked(app, "/healthz") == (503, "engine silent")
    assert (asked(app, "/readyz"), asked(app, "/livez")) == ((200, "ok"), (200, "ok"))


def test_the_process_lives_while_the_database_is_away(tmp_path):
    shell = create_app(settings_for(tmp_path))  # its database has no tables
    assert asked(shell, "/healthz") == (503, "no database")
    assert asked(shell, "/readyz") == (503, "no database")
    assert asked(shell, "/livez") == (200, "ok")
