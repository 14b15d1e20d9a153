"""Rows are locked in the order that services/locking.py names, so no two transactions wait for each other on PostgreSQL.

Each test holds the first lock of that order. The use case must wait for it, and hold nothing yet that comes later.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach.delivery.outbox import results
from outreach.delivery.outbox.leases import Lease
from outreach.delivery.outbox.results import Settled
from outreach.domain.kinds import MailKind
from outreach.domain.mail.address_faults import AddressFault
from outreach.domain.states import ActivityState, InvitationState, MessageState
from outreach.extensions import db
from outreach.models import Activity, AddressFailure, Invitation, Message, Person
from outreach.services.privacy import person as privacy
from outreach.services.reminders import tick as reminding
from tests.support.waiting import is_waited_for, waits_for_another
from tests.world import NOW, at, draft_activity, invite, invite_and_publish, publish, run

pytestmark = [
    pytest.mark.parametrize("any_app", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True),
    pytest.mark.usefixtures("default_rules"),
]


def lock(connection: sa.Connection, table: type, key: object) -> None:
    """Lock a row. It must be free."""
    column = sa.inspect(table).primary_key[0]
    wanted = sa.select(column).where(column == key).with_for_update(key_share=True, nowait=True)
    assert connection.scalar(wanted) == key


@contextmanager
def while_waiting(
    app: Flask, action: Callable[[], object], table: type, key: object
) -> Iterator[tuple[sa.Connection, Future[None]]]:
    """Hold a row's lock while the action runs in another thread, until it waits for that lock. Afterwards it must succeed."""

    def acted() -> None:
        with app.app_context():
            action()
            db.session.remove()

    with ThreadPoolExecutor(1) as pool, db.engine.connect() as holder:
        lock(holder, table, key)
        done = pool.submit(acted)
        try:
            assert is_waited_for(holder)
            yield holder, done
        finally:
            holder.rollback()
        done.result()


def message(person: Person, **values: object) -> Message:
    new = Message(
        person_id=person.id, kind=MailKind.INVITATION, local_day=NOW.date(), due_at=NOW, expires_at=at(18), **values
    )
    db.session.add(new)
    db.session.commit()
    return new


def test_activities_that_are_over_are_marked_by_their_ids(any_app, programme, hall):
    first, second = (draft_activity(programme, hall, day) for day in (19, 18))
    publish(first, second, tick=False)
    first.ends_at += timedelta(minutes=1)  # so the table and its index have it last
    db.session.commit()
    ids = first.id, second.id
    db.session.rollback()
    with while_waiting(any_app, lambda: reminding.tick(at(25)), Activity, ids[0]) as (holder, _):
        lock(holder, Activity, ids[1])
    db.session.rollback()
    assert set(db.session.scalars(sa.select(Activity.state))) == {ActivityState.HELD}


def test_a_passed_deadline_changes_invitations_only_under_the_lock_of_their_activity(any_app, activity, ani):
    invite_and_publish(activity, ani)
    run(NOW)
    activity_id = activity.id
    db.session.rollback()
    with while_waiting(any_app, lambda: reminding.tick(at(16, 16)), Activity, activity_id):
        assert db.session.scalar(sa.select(Invitation.state)) is InvitationState.INVITED
    db.session.rollback()
    assert db.session.scalar(sa.select(Invitation.state)) is InvitationState.NO_ANSWER


def test_blocked_addresses_are_locked_by_their_keys(any_app, ani, budi):
    """The addresses differ in their letters from their keys: "Z" comes before "a", but "z" after it."""
    for key in ("ani@example.com", "zainal@example.com"):
        db.session.add(AddressFailure(address=key, reply="", delays=0, last_at=NOW))
    values = {"state": MessageState.HANDING_OVER, "fence": 1, "worker": "w", "leased_until": NOW + timedelta(hours=1)}
    refused = [
        Settled(
            Lease(message(person, **values).id, 1), MessageState.FAILED, "permanent", tried=True, code=550,
            reply="no such user", address=address, fault=AddressFault.UNKNOWN,
        )
        for person, address in ((ani, "ani@example.com"), (budi, "Zainal@example.com"))
    ]  # fmt: skip

    def settle() -> None:
        assert len(results.settle(refused, MessageState.HANDING_OVER, "w", now=NOW)) == 2

    with while_waiting(any_app, settle, AddressFailure, "ani@example.com") as (holder, _):
        lock(holder, AddressFailure, "zainal@example.com")


def test_a_person_is_erased_only_after_all_mails_to_them_are_locked_by_their_ids(any_app, ani):
    first, second = message(ani, state=MessageState.FAILED), message(ani, state=MessageState.FAILED)
    first.due_at = at(5)  # so the table has it last now
    db.session.commit()
    ids, person_id = (first.id, second.id), ani.id
    db.session.rollback()
    erase = lambda: privacy.erase(person_id, by=None, now=NOW)  # noqa: E731
    with while_waiting(any_app, erase, Message, ids[0]) as (holder, _):
        lock(holder, Message, ids[1])


def test_an_activity_to_which_a_person_is_invited_meanwhile_is_locked_before_the_person(any_app, programme, hall, ani):
    first, second = (draft_activity(programme, hall, day) for day in (18, 19))
    invite([first], ani)
    ids, person_id = (first.id, second.id), ani.id
    db.session.rollback()
    erase = lambda: privacy.erase(person_id, by=None, now=NOW)  # noqa: E731
    with (
        db.engine.connect() as other,
        while_waiting(any_app, erase, Activity, ids[0]) as (holder, done),
    ):
        invite([second], ani)
        db.session.rollback()
        lock(other, Activity, ids[1])
        holder.rollback()
        assert is_waited_for(other)
        lock(other, Person, person_id)
        other.rollback()
        done.result()
    assert set(db.session.scalars(sa.select(Invitation.state))) == {InvitationState.WITHDRAWN}


def test_two_ticks_follow_one_another(any_app, activity, ani):
    """Both change the mails that still take lines, each in the order of its own reminders."""
    invite_and_publish(activity, ani)
    activity_id = activity.id
    db.session.rollback()
    with (
        ThreadPoolExecutor(1) as pool,
        while_waiting(any_app, lambda: reminding.tick(at(11, 8)), Activity, activity_id),
    ):
        second = pool.submit(_tick_in, any_app)
        assert waits_for_another(10, connections=2)
        assert not second.done()


def _tick_in(app: Flask) -> None:
    with app.app_context():
        reminding.tick(at(5))
        db.session.remove()
