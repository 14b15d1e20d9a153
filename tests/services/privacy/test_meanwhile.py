"""Erasing a person while something else changes their rows: one waits for the other, and PostgreSQL finds no deadlock.

On SQLite only one connection writes at a time.
"""

import threading
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from outreach.delivery.outbox import leases, results
from outreach.delivery.outbox.leases import Lease
from outreach.delivery.outbox.results import Settled
from outreach.domain.kinds import MailKind
from outreach.domain.planning.parties import AbsenceSource
from outreach.domain.privacy.requests import RequestKind, RequestWay
from outreach.domain.states import MessageState
from outreach.extensions import db
from outreach.models import Absence, AbsenceCalendar, CalendarFile, DataRequest, Message, Person, User
from outreach.services.absences import refresh
from outreach.services.privacy import person as privacy
from outreach.services.privacy import requests
from tests.support.waiting import waits_for_another
from tests.world import JAKARTA, NOW, at

pytestmark = [pytest.mark.postgresql, pytest.mark.parametrize("any_app", ["postgresql"], indirect=True)]
LEASE_S = 60


def one_after_the_other(app, held: sa.Select, *actions) -> list[str]:
    """Begin the actions in this order while `held` rows are locked, then free these. Return how each action ended."""
    ends = ["still waiting"] * len(actions)

    def run(place: int) -> None:
        with app.app_context():
            try:
                actions[place]()
                ends[place] = "done"
            except Exception as error:
                ends[place] = type(error).__name__
            finally:
                db.session.remove()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(actions))]
    with db.engine.begin() as connection:
        connection.execute(held.with_for_update())
        for begun, thread in enumerate(threads, 1):
            thread.start()
            assert waits_for_another(connections=begun)
    for thread in threads:
        thread.join(60)
    return ends


def erase(person_id: int):
    return lambda: privacy.erase(person_id, by=None, now=NOW)


def is_erased(person_id: int) -> bool:
    db.session.rollback()
    return db.session.get(Person, person_id, populate_existing=True).erased_at is not None


def mails_in_hand_over(person: Person, number: int) -> list[Lease]:
    """Mails to one person. The later one was written, the earlier it is due."""
    found = [
        Message(
            person=person, kind=MailKind.REMINDER, local_day=date(2027, 1, 4), due_at=NOW - timedelta(hours=place),
            expires_at=at(18), state=MessageState.HANDING_OVER, fence=1, worker="w", leased_until=NOW + timedelta(minutes=1),
        ) for place in range(number)
    ]  # fmt: skip
    db.session.add_all(found)
    db.session.commit()
    return [Lease(message.id, 1) for message in found]


def settles(leases_in_turn: list[Lease]) -> None:
    found = [Settled(lease, MessageState.SENT, tried=True) for lease in leases_in_turn]
    results.settle(found, MessageState.HANDING_OVER, "w", now=NOW)


def begins(leases_in_turn: list[Lease]) -> None:
    last, *others = leases_in_turn
    found = [Settled(last, MessageState.SENT, tried=True)]
    results.turn(found, others, "w", lease_s=LEASE_S, now=NOW)


def renews(leases_in_turn: list[Lease]) -> None:
    leases.renew(leases_in_turn, NOW + timedelta(minutes=2))


@pytest.mark.parametrize("change", [settles, begins, renews])
@pytest.mark.parametrize("order", [(0, 2), (2, 0)], ids=["as written", "as due"])
def test_a_person_is_erased_while_several_mails_to_them_are_settled(any_app, office, ani, change, order):
    mails = mails_in_hand_over(ani, 3)
    ani_id = ani.id
    held = sa.select(Message.id).where(Message.id == mails[1].message_id)
    db.session.remove()
    ends = one_after_the_other(any_app, held, erase(ani_id), lambda: change([mails[place] for place in order]))
    assert ends == ["done", "done"]
    assert is_erased(ani_id)


BUSY = b"\r\n".join(
    [b"BEGIN:VCALENDAR", b"VERSION:2.0", b"BEGIN:VEVENT", b"UID:1", b"DTSTART:20270106T010000Z", b"DURATION:PT1H",
     b"END:VEVENT", b"END:VCALENDAR", b""]
)  # fmt: skip


@pytest.mark.parametrize("locked", [AbsenceCalendar, Absence])
def test_a_person_is_erased_while_a_calendar_file_of_theirs_is_read(any_app, office, ani, locked):
    ani_id = ani.id
    calendar = AbsenceCalendar(
        person_id=ani_id, name="Dinas", url="", source=AbsenceSource.SELF, next_read_at=NOW, created_at=NOW
    )
    db.session.add(calendar)
    db.session.flush()
    calendar_id = calendar.id
    db.session.add(CalendarFile(calendar_id=calendar_id, data=BUSY))
    db.session.add(
        Absence(
            person_id=ani_id, calendar_id=calendar_id, starts_at=at(5, 8), ends_at=at(5, 9), zone=JAKARTA.key,
            source=AbsenceSource.CALENDAR, created_at=NOW,
        )
    )  # fmt: skip
    db.session.commit()
    db.session.remove()
    ends = one_after_the_other(any_app, sa.select(locked.id), erase(ani_id), lambda: refresh.read(calendar_id, now=NOW))
    assert ends == ["done", "done"]
    assert is_erased(ani_id)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(CalendarFile)) == 0
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Absence)) == 0


def test_a_person_is_erased_while_their_correction_is_applied(any_app, office, ani, coordinator):
    request = DataRequest(
        person=ani,
        kind=RequestKind.CORRECT,
        way=RequestWay.LINK,
        received_at=NOW,
        nonce="n",
        wanted={"post": "Ketua RT"},
    )
    db.session.add(request)
    db.session.commit()
    ani_id, request_id, user_id = ani.id, request.id, coordinator.id
    db.session.remove()

    def correct() -> None:
        requests.apply_corrections(request_id, by=db.session.get_one(User, user_id), now=NOW)

    ends = one_after_the_other(any_app, sa.select(DataRequest.id), correct, erase(ani_id))
    assert ends == ["done", "done"]
    assert is_erased(ani_id)
