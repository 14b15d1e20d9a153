"""Staff accounts: who may be added, changed and closed; one administrator always remains."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_security.utils import verify_password

from outreach.domain.directory.email_addresses import AddressInvalid
from outreach.domain.kinds import FeedScope, StaffRole
from outreach.extensions import db
from outreach.models import AuditEntry, User
from outreach.queries import feeds as feed_pages
from outreach.queries.office import pages as office_pages
from outreach.services import feeds
from outreach.services.office import staff
from outreach.services.office.staff import UserValues
from outreach.services.sign_in import passwords
from tests.world import NOW, account

SITI = UserValues("Siti Rahmawati", "siti@example.com", StaffRole.COORDINATOR)


def values_of(user: User, **changed: object) -> UserValues:
    return UserValues(
        **{"name": user.name, "email": user.email, "role": staff.role_of(user), "locale": "id", **changed}
    )


def test_siti_gets_an_account_and_her_password_is_not_stored(any_app: Flask, administrator: User):
    added = staff.add(SITI, by=administrator, now=NOW)
    assert verify_password(added.password, added.user.password)
    assert len(added.password) == 19
    assert (added.user.email, staff.role_of(added.user), added.user.active) == (
        "siti@example.com",
        StaffRole.COORDINATOR,
        True,
    )
    [entry] = db.session.query(AuditEntry)
    assert (entry.action, entry.user_id, entry.subject_name) == ("user.added", administrator.id, "Siti Rahmawati")
    assert added.password not in str(entry.detail)


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        (UserValues(" ", "siti@example.com", StaffRole.VIEWER), staff.AccountNameMissing),
        (UserValues("Siti", "", StaffRole.VIEWER), staff.AddressMissing),
        (UserValues("Siti", "siti at example", StaffRole.VIEWER), AddressInvalid),
        (UserValues("Siti", "ADMINISTRATOR@example.com", StaffRole.VIEWER), staff.AddressTaken),
        (UserValues("Siti", "siti@example.com", None), staff.RoleMissing),
    ],
)
def test_bad_input_is_reported_and_adds_nobody(app: Flask, administrator: User, values, problem):
    with pytest.raises(problem):
        staff.add(values, by=administrator, now=NOW)
    assert db.session.query(User).count() == 1


def test_a_first_password_is_rated_ends_after_a_week_and_is_not_its_owners_own(app: Flask, office):
    with pytest.raises(passwords.PasswordTooShort):
        staff.add(SITI, by=None, now=NOW, password="tas-kayu-ap")
    with pytest.raises(passwords.PasswordOfNames):
        staff.add(SITI, by=None, now=NOW, password="siti-dp3ap2kb-2027")
    given = staff.add(SITI, by=None, now=NOW, password="tas-kayu-api")
    assert (given.password, given.ends_at, given.user.password_ends_at) == (
        "tas-kayu-api", NOW + timedelta(days=7), given.ends_at,
    )  # fmt: skip
    assert [passwords.ended(given.user, now=NOW + timedelta(days=7, seconds=s)) for s in (-1, 0)] == [False, True]
    own = staff.add(replace(SITI, email="dewi@example.com"), by=None, now=NOW, password="tas-kayu-api", own=True)
    assert own.user.password_ends_at is None


@pytest.mark.parametrize("changed", [{"role": StaffRole.COORDINATOR}, {"active": False}])
def test_the_last_administrator_cannot_be_removed(any_app: Flask, administrator: User, changed: dict):
    with pytest.raises(staff.LastAdministrator):
        staff.edit(administrator.id, values_of(administrator, **changed), by=None, now=NOW)
    assert (staff.role_of(administrator), administrator.active) == (StaffRole.ADMINISTRATOR, True)


def test_a_closed_administrator_does_not_count(app: Flask, administrator: User):
    other = staff.add(UserValues("Dewi", "dewi@example.com", StaffRole.ADMINISTRATOR), by=None, now=NOW).user
    staff.edit(other.id, values_of(other, active=False), by=administrator, now=NOW)
    with pytest.raises(staff.LastAdministrator):
        staff.edit(administrator.id, values_of(administrator, role=StaffRole.VIEWER), by=other, now=NOW)


def test_two_administrators_cannot_both_be_closed_at_once(any_app: Flask, administrator: User):
    other = staff.add(UserValues("Dewi", "dewi@example.com", StaffRole.ADMINISTRATOR), by=None, now=NOW).user
    wishes = [(user.id, values_of(user, role=StaffRole.VIEWER)) for user in (administrator, other)]
    db.session.commit()
    refused: list[int] = []
    together = threading.Barrier(2)

    def leave(user_id: int, values: UserValues) -> None:
        with any_app.app_context():
            together.wait()
            try:
                staff.edit(user_id, values, by=None, now=NOW)
            except staff.LastAdministrator:
                refused.append(user_id)

    threads = [threading.Thread(target=leave, args=wish) for wish in wishes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    db.session.rollback()
    assert [row.id for row in office_pages.accounts() if row.role is StaffRole.ADMINISTRATOR] == refused


def test_nobody_closes_their_own_account(app: Flask, administrator: User):
    staff.add(UserValues("Dewi", "dewi@example.com", StaffRole.ADMINISTRATOR), by=None, now=NOW)
    with pytest.raises(staff.OwnAccount):
        staff.edit(administrator.id, values_of(administrator, active=False), by=administrator, now=NOW)


def test_closing_an_account_or_resetting_its_password_ends_its_sessions(
    app: Flask, administrator: User, coordinator: User
):
    first = coordinator.fs_uniquifier
    added = staff.renew_password(coordinator.id, by=administrator, now=NOW)
    second = coordinator.fs_uniquifier
    assert verify_password(added.password, coordinator.password)
    staff.edit(coordinator.id, values_of(coordinator, active=False), by=administrator, now=NOW)
    assert len({first, second, coordinator.fs_uniquifier}) == 3


def test_a_change_is_in_the_audit_log_with_before_and_after(app: Flask, administrator: User, coordinator: User):
    staff.edit(coordinator.id, values_of(coordinator, role=StaffRole.VIEWER), by=administrator, now=NOW)
    [entry] = db.session.query(AuditEntry)
    assert (entry.action, entry.detail) == ("user.changed", {"role": ["coordinator", "viewer"]})


def test_accounts_are_listed_in_one_query(app: Flask, administrator: User, queries):
    for_one = queries(office_pages.accounts)
    account(StaffRole.VIEWER, "Vina")
    assert queries(office_pages.accounts) == for_one
    assert [(row.name, row.role) for row in office_pages.accounts()] == [
        ("Administrator", StaffRole.ADMINISTRATOR),
        ("Vina", StaffRole.VIEWER),
    ]


def test_closing_an_account_stops_its_calendar_addresses(any_app, administrator, coordinator):
    made = feeds.make(FeedScope.EVERYTHING, None, "HP Kepala Bidang", by=coordinator, now=NOW)
    others = feeds.make(FeedScope.EVERYTHING, None, "HP Kepala Dinas", by=administrator, now=NOW)
    staff.edit(coordinator.id, values_of(coordinator, name="Koordinator"), by=administrator, now=NOW)
    assert {row.feed.id for row in feed_pages.all_feeds() if row.url} == {made.id, others.id}
    staff.edit(coordinator.id, values_of(coordinator, active=False), by=administrator, now=NOW)
    assert {row.feed.id for row in feed_pages.all_feeds() if row.url} == {others.id}
    noted = sa.select(AuditEntry.user_id).where(AuditEntry.action == "feed.revoked", AuditEntry.subject_id == made.id)
    assert db.session.scalars(noted).all() == [administrator.id]
    renewed = feeds.renew(made.id, by=administrator, now=NOW)
    assert (renewed.created_by_id, renewed.revoked_at) == (administrator.id, None)
