"""Security events: stored at once or with their use case, and never as many as an attacker likes."""

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from outreach.domain.sign_in.events import SecurityKind
from outreach.extensions import db
from outreach.models import SecurityEvent, User
from outreach.services.sign_in.events import MOST_A_MINUTE, MOST_FROM_ALL, security_event
from outreach.transactions import begin_writing, trying, writing
from tests.world import NOW
from tests.world.sign_in import set_time_of_tries

ANDROID = (
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Mobile Safari/537.36"
)


def stored() -> list[tuple[SecurityKind, int | None, str, str, str, dict]]:
    db.session.rollback()
    found = db.session.scalars(sa.select(SecurityEvent).order_by(SecurityEvent.id))
    return [(one.kind, one.user_id, one.network_address, one.browser, one.system, one.detail) for one in found]


def test_an_event_of_a_request_is_stored_and_logged_with_where_it_came_from(any_app, coordinator: User):
    here = {"REMOTE_ADDR": "192.0.2.7", "HTTP_USER_AGENT": ANDROID}
    with any_app.test_request_context("/", environ_base=here), capture_logs() as logged:
        security_event(SecurityKind.SIGNED_IN, coordinator, now=NOW, via="password")
    assert stored() == [(SecurityKind.SIGNED_IN, coordinator.id, "192.0.2.7", "Chrome", "Android", {"via": "password"})]
    assert logged == [
        {
            "event": "security", "log_level": "info", "kind": "signed_in", "user_id": coordinator.id,
            "network_address": "192.0.2.7", "browser": "Chrome", "system": "Android", "via": "password",
        }
    ]  # fmt: skip


def test_an_event_within_a_use_case_is_undone_with_it(any_app, coordinator: User):
    with trying():
        security_event(SecurityKind.ROLE_CHANGED, coordinator, now=NOW)
    assert stored() == []
    with writing() as session:
        security_event(SecurityKind.ROLE_CHANGED, session.get(User, coordinator.id), now=NOW)
    assert [kind for kind, *_ in stored()] == [SecurityKind.ROLE_CHANGED]


def test_an_event_leaves_what_the_request_has_changed_and_not_saved_yet(any_app, coordinator: User):
    coordinator.name = "Siti Rahmawati"
    security_event(SecurityKind.SIGNED_IN, coordinator, now=NOW)
    begin_writing()
    db.session.commit()
    db.session.expire_all()
    assert (coordinator.name, len(stored())) == ("Siti Rahmawati", 1)


def test_all_failures_are_logged_and_only_some_of_a_minute_stored(any_app):
    with any_app.test_request_context("/", environ_base={"REMOTE_ADDR": "192.0.2.9"}), capture_logs() as logged:
        for _ in range(MOST_A_MINUTE + 3):
            security_event(SecurityKind.SIGN_IN_FAILED, now=NOW)
    with any_app.test_request_context("/", environ_base={"REMOTE_ADDR": "192.0.2.10"}):
        security_event(SecurityKind.SIGN_IN_FAILED, now=NOW)
    assert (len(logged), len(stored())) == (MOST_A_MINUTE + 3, MOST_A_MINUTE + 1)


def test_strangers_with_very_many_addresses_do_not_fill_the_list(any_app, monkeypatch: pytest.MonkeyPatch):
    set_time_of_tries(monkeypatch)
    for number in range(MOST_FROM_ALL + 3):
        with any_app.test_request_context("/", environ_base={"REMOTE_ADDR": f"198.51.100.{number}"}):
            security_event(SecurityKind.SIGN_IN_FAILED, now=NOW)
    assert len(stored()) == MOST_FROM_ALL
