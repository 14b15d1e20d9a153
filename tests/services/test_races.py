"""Concurrent requests for one hall, one last seat or one reminder: exactly one wins, on both databases."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from outreach.delivery import tokens
from outreach.domain.activities.values import ActivityValues
from outreach.domain.answers import Choice
from outreach.domain.kinds import ActivityKind, AttendanceSource, FeedScope, Role, Sector, StaffRole
from outreach.domain.polls import Proposed
from outreach.domain.states import InvitationState
from outreach.extensions import db
from outreach.models import (
    Activity,
    DatePoll,
    Feed,
    Invitation,
    MessageLine,
    Organisation,
    Person,
    PersonImport,
    PlanSettings,
    Programme,
    ReplacedLink,
    User,
    Venue,
)
from outreach.services import feeds, venues
from outreach.services.activities import community
from outreach.services.activities import edit as planning
from outreach.services.activities import publish as publishing
from outreach.services.answers import answer as answering
from outreach.services.directory import import_people, organisations, people
from outreach.services.door import attendance
from outreach.services.invitations import invite as inviting
from outreach.services.invitations import links
from outreach.services.locking import lock_address_book
from outreach.services.office import planning_rules as office_planning_rules
from outreach.services.office import staff
from outreach.services.planning import book
from outreach.services.planning.rules import PlanValues
from outreach.services.polls import edit as polls
from outreach.services.polls.edit import PollValues
from outreach.services.programmes import edit as programmes
from outreach.services.reminders import rules
from outreach.services.reminders import tick as reminding
from outreach.transactions import writing
from tests.world import JAKARTA, NOW, a_person, at, at_once, draft_activity, token_of

ROUNDS = 8


def test_one_of_four_bookings_of_one_hall_for_one_hour_wins(any_app, hall):
    hall_id = hall.id
    for hour in range(ROUNDS):
        values = ActivityValues(
            ActivityKind.OTHER, "Rakor", at(18 + hour, 8), at(18 + hour, 12), JAKARTA, venue_id=hall_id
        )
        outcomes = at_once(any_app, [lambda v=values: planning.create_activity(v, by=None, now=NOW)] * 4)
        assert Counter(outcomes) == {"done": 1, book.VenueTaken.__name__: 3}
    db.session.rollback()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Activity)) == ROUNDS


def test_a_programme_is_not_shortened_while_an_activity_is_moved_or_created_on_its_last_day(any_app, office):
    for n in range(ROUNDS):
        programme = Programme(
            title=f"Rangkaian {n}", starts_on=date(2027, 1, 18), ends_on=date(2027, 1, 21), zone=JAKARTA
        )
        activity = draft_activity(programme, None, 18)
        shorter = programmes.ProgrammeValues(f"Rangkaian {n}", date(2027, 1, 18), date(2027, 1, 20), JAKARTA)
        last_day = {"starts_at": at(21, 8), "ends_at": at(21, 12), "zone": JAKARTA}
        values = ActivityValues(ActivityKind.OTHER, "Rakor", **last_day)
        ids = programme.id, programme.version, activity.id, activity.version
        db.session.rollback()

        def shorten(ids=ids, shorter=shorter):
            programmes.edit(ids[0], shorter, ids[1], by=None, now=NOW)

        def move(ids=ids, values=values):
            planning.edit_activity(ids[2], values, ids[3], by=None, now=NOW)

        def make(ids=ids, values=values):
            planning.create_activity(values, programme_id=ids[0], by=None, now=NOW)

        outcomes = at_once(any_app, [shorten, move if n % 2 else make])
        assert sorted(outcomes) == ["OutsideProgramme", "done"]


def test_the_last_seat_is_given_once(any_app, programme, hall):
    rules.install_defaults(now=NOW)
    activity = draft_activity(programme, hall, capacity=1)
    activity_id = activity.id
    people = [a_person(f"Kader{number} Satu") for number in range(4)]
    inviting.invite_people([activity_id], [person.id for person in people], Role.CADRE, by=None, now=NOW)
    publishing.publish([activity_id], by=None, now=NOW)
    reminding.tick(NOW)
    keys = [tokens.token(tokens.link_for(db.session, person)) for person in people]
    db.session.rollback()
    at_once(any_app, [lambda key=key: answering.answer(key, activity_id, Choice.COMING, now=at(5)) for key in keys])
    states = Counter(db.session.scalars(sa.select(Invitation.state)))
    assert states == {InvitationState.COMING: 1, InvitationState.WAITLISTED: 3}


def test_two_schedulers_expand_a_reminder_once(any_app, activity, ani, budi):
    rules.install_defaults(now=NOW)
    inviting.invite_people([activity.id], [ani.id, budi.id], Role.CADRE, by=None, now=NOW)
    publishing.publish([activity.id], by=None, now=NOW)
    db.session.rollback()
    assert at_once(any_app, [lambda: reminding.tick(NOW)] * 3) == ["done"] * 3
    assert db.session.scalar(sa.select(sa.func.count()).select_from(MessageLine)) == 2


def test_only_one_of_three_concurrent_saves_of_the_first_rules_wins(any_app, office):
    def save(days: int) -> None:
        office_planning_rules.save(PlanValues(notice_days=days), by=None, now=NOW)

    outcomes = at_once(any_app, [lambda days=days: save(days) for days in (10, 11, 12)])
    assert Counter(outcomes) == {"done": 1, "Stale": 2}
    assert db.session.scalar(sa.select(sa.func.count()).select_from(PlanSettings)) == 1


def test_a_list_of_people_that_is_stored_twice_at_once_adds_nobody_twice(any_app, office):
    names = [f"Sulastri {word}" for word in ("Dewi", "Ayu", "Ningsih", "Rahma", "Utami", "Wulan", "Lestari", "Putri")]
    for round_ in range(3):
        lines = [f"{name} {'Ke' + 'i' * round_}na,08123456{round_}{row:03}" for row, name in enumerate(names)]
        book = import_people.open_workbook("\n".join(["Nama Lengkap,No. HP", *lines]).encode(), "kader.csv")
        outcomes = at_once(any_app, [lambda b=book: import_people.store(b, "kader.csv", by=None, now=NOW)] * 3)
        assert outcomes == ["done"] * 3
    db.session.rollback()
    stored = db.session.scalars(sa.select(Person.name).where(Person.name.startswith("Sulastri"))).all()
    assert len(stored) == len(set(stored)) == 3 * len(names)
    assert sorted(db.session.scalars(sa.select(PersonImport.added))) == [0] * 6 + [len(names)] * 3


def test_of_records_that_are_added_twice_at_once_the_second_is_told_that_it_exists(any_app, office):
    def add(what, name):
        if what is Organisation:
            organisations.add(organisations.OrganisationValues(name, Sector.POLICE), by=None, now=NOW)
        elif what is Venue:
            venues.add(venues.VenueValues(name), by=None, now=NOW)
        elif what is Person:
            people.add(people.PersonValues(name), by=None, now=NOW)
        else:
            values = staff.UserValues(name, f"{name.split()[-1].lower()}@example.com", StaffRole.VIEWER)
            staff.add(values, by=None, now=NOW)

    refused = {Organisation: "NameTaken", Venue: "NameTaken", Person: "Namesake", User: "AddressTaken"}
    for what, problem in refused.items():
        for name in ("Balai Melati", "Balai Kenanga", "Balai Anggrek"):
            outcomes = at_once(any_app, [lambda what=what, name=name: add(what, name)] * 3)
            assert Counter(outcomes) == {"done": 1, problem: 2}, what


def test_a_programme_or_calendar_address_whose_form_is_sent_twice_at_once_is_made_once(any_app, office, coordinator):
    days = {"starts_on": date(2027, 1, 18), "ends_on": date(2027, 1, 19), "zone": JAKARTA}
    maker = coordinator.id
    db.session.commit()

    def make(what, name, now=NOW):
        by = db.session.get(User, maker)
        if what is Programme:
            programmes.create(programmes.ProgrammeValues(name, **days), by=by, now=now)
        else:
            feeds.make(FeedScope.EVERYTHING, None, name, by=by, now=now)

    for what, column in ((Programme, Programme.title), (Feed, Feed.name)):
        before = db.session.scalar(sa.select(sa.func.count()).select_from(what))
        db.session.rollback()
        for name in ("Melati", "Kenanga", "Anggrek"):
            assert at_once(any_app, [lambda what=what, name=name: make(what, name)] * 3) == ["done"] * 3
        make(what, "Melati", now=NOW + timedelta(hours=1))  # later it is meant
        db.session.rollback()
        made = db.session.scalars(sa.select(column).order_by(what.id)).all()[before:]
        assert sorted(made) == ["Anggrek", "Kenanga", "Melati", "Melati"]


@pytest.mark.parametrize("what", ["activity", "kelurahan", "poll"])
def test_an_activity_or_date_poll_whose_form_is_sent_twice_at_once_is_made_once(any_app, office, coordinator, what):
    maker, table = coordinator.id, DatePoll if what == "poll" else Activity
    db.session.commit()

    def make(title, now=NOW):
        by = db.session.get(User, maker)
        hour = 9 if title == "Melati" else 13
        times = {"starts_at": at(18, hour), "ends_at": at(18, hour + 2)}
        values = ActivityValues(ActivityKind.OUTREACH, title, zone=JAKARTA, **times)
        if what == "activity":
            planning.create_activity(values, by=by, now=now)
        elif what == "kelurahan":
            community.create(values, ["18.72.01.1001", "18.72.04.1001"], by=by, now=now)
        else:
            slots = [Proposed(**times)]
            polls.create(PollValues(title, values.kind, JAKARTA, at(10, 12), slots), by=by, now=now)

    for title in ("Melati", "Kenanga"):
        assert at_once(any_app, [lambda title=title: make(title)] * 3) == ["done"] * 3
    if what != "kelurahan":  # their halls are taken by the first ones
        make("Melati", NOW + timedelta(hours=1))  # later it is meant
    db.session.rollback()
    made = [title.split()[0] for title in db.session.scalars(sa.select(table.title).order_by(table.id))]
    assert (
        sorted(made)
        == {
            "activity": ["Kenanga", "Melati", "Melati"],
            "kelurahan": ["Kenanga"] * 2 + ["Melati"] * 2,
            "poll": ["Kenanga", "Melati", "Melati"],
        }[what]
    )


def test_three_new_links_for_one_invitee_at_once_keep_what_each_mail_can_stop(any_app, office, ani):
    def renew():
        links.renew(db.session.get(Person, person_id), by=None, now=NOW)

    links.link_for(db.session, ani, expires_at=at(20))
    db.session.commit()
    person_id, given = ani.id, {token_of(ani)}
    for _round in range(3):
        assert at_once(any_app, [renew] * 3) == ["done"] * 3
        db.session.rollback()
        given.add(token_of(db.session.get(Person, person_id)))
    assert db.session.scalar(sa.select(sa.func.count()).select_from(ReplacedLink)) == 9
    assert {links.stopping_link(token).person_id for token in given} == {person_id}


@pytest.mark.parametrize("way", ["walk-in", "invitation"])
def test_somebody_new_waits_for_an_addition_to_the_address_book_and_is_not_stored_twice(
    any_app, office, programme, hall, way
):
    def add() -> str:
        with any_app.app_context():
            try:
                if way == "walk-in":
                    attendance.walk_in(activity_id, values, source=AttendanceSource.HAND, by=None, now=at(18, 9))
                else:
                    inviting.add_to_invite([activity_id], values, by=None, now=at(18, 9))
            except people.Namesake:
                return "known"
            finally:
                db.session.remove()
            return "stored"

    activity_id, values = draft_activity(programme, hall, 18).id, people.PersonValues("Sri Melati")
    publishing.publish([activity_id], by=None, now=NOW)
    with ThreadPoolExecutor(1) as pool:
        with writing() as session:
            lock_address_book(session)
            people.store(session, values, by=None, now=NOW)
            other = pool.submit(add)
            wait([other], timeout=0.5)
        assert other.result() == "known"
