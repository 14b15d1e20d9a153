"""Sessions on the server: what ends them, and what is written about their use."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from outreach.domain.kinds import StaffRole
from outreach.extensions import db
from outreach.models import StaffSession, User
from outreach.services.office import staff
from outreach.services.office.staff import UserValues
from outreach.services.sign_in import sessions
from outreach.services.sign_in.sessions import SessionMissing
from tests.world import NOW

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def used_at(id_: int):
    db.session.rollback()
    return db.session.scalar(sa.select(StaffSession.used_at).where(StaffSession.id == id_))


def begun(user: User, *, stays: bool = False) -> tuple[int, str]:
    """Begin a session, as one request does; the next one reads it."""
    made = sessions.begin(user, stays=stays, now=NOW)
    db.session.rollback()
    return made


def values_of(user: User, **changed: object) -> UserValues:
    return UserValues(**{"name": user.name, "email": user.email, "role": staff.role_of(user), **changed})  # type: ignore[arg-type]


def test_a_code_opens_its_account_and_is_not_stored(any_app, coordinator: User):
    id_, code = begun(coordinator)
    assert sessions.account_of(code, now=NOW) is coordinator
    assert sessions.account_of(code[:-1] + ("A" if code[-1] != "A" else "B"), now=NOW) is None
    stored = db.session.get_one(StaffSession, id_)
    assert code not in (stored.code_hash, stored.stamp)


def test_the_last_use_is_written_once_a_minute(any_app, coordinator: User, statements):
    id_, code = begun(coordinator)

    def use_at(moment):
        found = sessions.find(code, now=moment)
        assert found
        sessions.note_use(found, now=moment)

    read = statements(lambda: use_at(NOW + MINUTE - timedelta(seconds=1)))
    assert [statement.split()[0] for statement in read if statement != "BEGIN"] == ["SELECT"]
    assert used_at(id_) == NOW
    use_at(NOW + MINUTE)
    assert used_at(id_) == NOW + MINUTE


def test_an_unused_session_ends_and_one_that_stays_does_not(any_app, coordinator: User):
    _, code = begun(coordinator)
    _, staying = begun(coordinator, stays=True)
    assert sessions.account_of(code, now=NOW + HOUR) is None
    ended = sessions.find(code, now=NOW + HOUR)
    assert ended
    assert (ended.user, ended.is_over) == (coordinator, True)  # whose it was is known, for a form that it had open
    assert sessions.account_of(staying, now=NOW + timedelta(days=13)) is coordinator


@pytest.mark.parametrize(
    "event",
    [
        lambda user, by: staff.renew_password(user.id, by=by, now=NOW),
        lambda user, by: staff.edit(user.id, values_of(user, role=StaffRole.VIEWER), by=by, now=NOW),
        lambda user, by: staff.edit(user.id, values_of(user, active=False), by=by, now=NOW),
        lambda user, by: sessions.end_all(user, by=by, now=NOW),
    ],
    ids=["new password", "new role", "closed", "all ended"],
)
def test_what_changes_an_account_ends_its_sessions_and_no_others(
    any_app, coordinator: User, administrator: User, event
):
    codes = [begun(coordinator, stays=stays)[1] for stays in (False, True)]
    _, other = begun(administrator)
    assert [sessions.account_of(code, now=NOW) for code in codes] == [coordinator] * 2
    event(coordinator, administrator)
    assert [sessions.find(code, now=NOW) for code in codes] == [None, None]
    assert sessions.account_of(other, now=NOW) is administrator


def test_another_name_ends_no_session(any_app, coordinator: User, administrator: User):
    _, code = begun(coordinator)
    staff.edit(coordinator.id, values_of(coordinator, name="Siti"), by=administrator, now=NOW)
    assert sessions.account_of(code, now=NOW) is coordinator


def test_one_session_is_ended_only_for_its_own_account(any_app, coordinator: User, administrator: User):
    id_, code = begun(coordinator)
    with pytest.raises(SessionMissing):
        sessions.end(id_, of=administrator, by=administrator, now=NOW)
    assert sessions.account_of(code, now=NOW) is coordinator
    sessions.end(id_, of=coordinator, by=administrator, now=NOW)
    assert sessions.account_of(code, now=NOW) is None


def test_all_others_are_ended_and_the_present_one_stays(any_app, coordinator: User):
    id_, here = begun(coordinator)
    _, elsewhere = begun(coordinator)
    assert sessions.end_all(coordinator, by=coordinator, but=id_, now=NOW) == 1
    assert sessions.account_of(here, now=NOW) is coordinator
    assert sessions.account_of(elsewhere, now=NOW) is None


def test_a_new_code_makes_a_copy_of_the_old_one_worthless(any_app, coordinator: User):
    _, code = begun(coordinator)
    found = sessions.find(code, now=NOW)
    assert found
    renewed = sessions.renew(found)
    db.session.rollback()
    assert sessions.find(code, now=NOW) is None
    assert sessions.account_of(renewed, now=NOW) is coordinator


def test_ended_sessions_are_deleted_a_day_later(any_app, coordinator: User):
    begun(coordinator)
    begun(coordinator, stays=True)
    assert sessions.delete_old(NOW + HOUR + timedelta(days=1)) == 0
    assert sessions.delete_old(NOW + HOUR + timedelta(days=1, seconds=1)) == 1
    assert sessions.delete_old(NOW + timedelta(days=15, seconds=1)) == 1
