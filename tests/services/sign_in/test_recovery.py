"""Recovery codes: hashed, and each counts once."""

import threading

import pytest

from outreach.extensions import db
from outreach.models import RecoveryCode
from outreach.services.sign_in import recovery
from tests.support.apps import with_settings
from tests.world import NOW


def test_each_code_counts_once_however_it_is_written_and_new_codes_replace_the_old(any_app, coordinator, viewer):
    first, second, *others = recovery.make(coordinator.id, now=NOW)
    assert len({first, second, *others}) == recovery.COUNT == 10
    written = first.upper().replace("-", " ")
    assert not recovery.take(viewer.id, first, now=NOW)
    assert [recovery.take(coordinator.id, written, now=NOW) for _ in range(2)] == [True, False]
    assert recovery.remaining(coordinator.id) == 9
    recovery.make(coordinator.id, now=NOW)
    assert not recovery.take(coordinator.id, second, now=NOW)
    assert recovery.remaining(coordinator.id) == 10


def test_the_database_has_no_code_and_an_earlier_secret_key_still_takes_them(app, coordinator):
    codes = recovery.make(coordinator.id, now=NOW)
    stored = [row.code_hash for row in db.session.query(RecoveryCode)]
    assert not set(stored) & set(codes)
    key = app.extensions["outreach"].secret_key
    with_settings(app, secret_key="another-secret-key-of-tests-0123456789", previous_secret_keys=key)
    assert recovery.take(coordinator.id, codes[0], now=NOW)
    with_settings(app, previous_secret_keys="")
    assert not recovery.take(coordinator.id, codes[1], now=NOW)


@pytest.mark.parametrize("code", ["", "-", "abcd-efgh-jkmn", "abcd-efgh-jkmn-pqrs-tuvw-xyz2"])
def test_what_is_no_code_opens_nothing(app, coordinator, code: str):
    recovery.make(coordinator.id, now=NOW)
    assert not recovery.take(coordinator.id, code, now=NOW)


def test_of_two_who_use_a_code_at_the_same_moment_one_gets_in(any_app, coordinator):
    code, user_id, taken = recovery.make(coordinator.id, now=NOW)[0], coordinator.id, []

    def use() -> None:
        with any_app.app_context():
            taken.append(recovery.take(user_id, code, now=NOW))

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == [False, False, False, True]
