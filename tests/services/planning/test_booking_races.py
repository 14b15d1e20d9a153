"""Races of two or four coordinators for one hall or one speaker: one wins, the others are told who has it.

Each coordinator is a process of its own, on SQLite and on PostgreSQL; the stored result is counted by SQL. `make test` runs
a hundred races on each, `make chaos` a thousand.
"""

import random
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from itertools import accumulate, combinations
from threading import Barrier

import pytest
import sqlalchemy as sa

from outreach.delivery import tokens
from outreach.domain.activities.values import ActivityValues, Move
from outreach.domain.answers import Choice
from outreach.domain.kinds import ActivityKind, AnswerSource, Role
from outreach.domain.states import ActivityState
from outreach.extensions import db
from outreach.models import Activity, Invitation, Person, Programme, SpeakerBooking, User, Venue
from outreach.services import locking
from outreach.services.activities import edit as planning
from outreach.services.activities import move as moves
from outreach.services.activities import publish as publishing
from outreach.services.answers import answer as answering
from outreach.services.answers import record as recording
from outreach.services.invitations import invite as inviting
from outreach.services.invitations import withdraw as withdrawing
from outreach.services.planning import book as booking
from outreach.services.planning.book import VenueTaken
from outreach.services.programmes import copy as copying
from outreach.transactions import writing
from tests.services.planning.booking_help import (
    HALLS_TWICE,
    PEOPLE_TWICE,
    UNBOOKED,
    WAIT_S,
    Coordinators,
    TryResult,
    bookings_now,
    counted_by,
    names,
)
from tests.support.copied import copied
from tests.support.long_form import many
from tests.world import JAKARTA, NOW, a_person, at

pytestmark = pytest.mark.slow


NAMES = ("Sari", "Rudi", "Tuti", "Joko")
ONE_EACH = timedelta(days=1)
FIRST = at(1, 8, month=2)  # rounds are on different days from here on
LATER = at(1, 8, year=2031)  # and what is moved, from here on


@copied
def staff(any_app, hall) -> list[int]:
    """The ids of four coordinators."""
    made = [User(email=f"{n}@example.com", name=n, password="x", fs_uniquifier=n.ljust(32, "x")) for n in NAMES]
    db.session.add_all(made)
    db.session.commit()
    return [user.id for user in made]


@pytest.fixture
def several(any_app, staff, tmp_path):
    """Four processes on the database."""
    processes = Coordinators(len(NAMES), tmp_path)
    yield processes
    processes.end()


def times(number: int, racer: int, first: datetime = FIRST) -> dict[str, datetime]:
    """Return a round's own day: the first round from 8.00, the second from 8.30, ..., three hours each."""
    starts_at = first + number * ONE_EACH + timedelta(minutes=30 * racer)
    return {"starts_at": starts_at, "ends_at": starts_at + timedelta(hours=3)}


def in_turn(*counts: int) -> list[range]:
    """Return the numbers of the rounds of each kind of race, one kind after the other."""
    return [range(end - count, end) for count, end in zip(counts, accumulate(counts), strict=True)]


def drafts(rounds: range, venue_id: int | None = None, **values: object) -> None:
    """Store, for each round, two drafts whose times overlap only each other."""
    db.session.add_all(
        Activity(
            kind=ActivityKind.OTHER, title=title(each, racer), zone=JAKARTA, respond_by_at=at(20), venue_id=venue_id,
            **{**times(each, racer), **values},
        )
        for each in rounds
        for racer in range(2)
    )  # fmt: skip
    db.session.commit()
    db.session.execute(sa.text("ANALYZE"))  # as a database does later by itself
    db.session.commit()


def title(number: int, racer: int) -> str:
    return f"{NAMES[racer]} {number}"


def own(number: int, racer: int) -> Activity:
    return db.session.scalars(sa.select(Activity).where(Activity.title == title(number, racer))).one()


def book(venue_id: int, staff: list[int], number: int, racer: int) -> None:
    values = ActivityValues(
        ActivityKind.OTHER, title(number, racer), zone=JAKARTA, venue_id=venue_id, **times(number, racer)
    )
    planning.create_activity(values, by=db.session.get(User, staff[racer]), now=NOW)


def invite_own(person_id: int, number: int, racer: int) -> None:
    role = (Role.SPEAKER, Role.MODERATOR)[racer]
    inviting.invite_people([own(number, racer).id], [person_id], role, by=None, now=NOW)


def edit(venue_id: int, number: int, racer: int) -> None:
    """Move a draft in the same hall to the other draft's new time."""
    found = own(number, racer)
    values = ActivityValues(
        ActivityKind.OTHER, found.title, zone=JAKARTA, venue_id=venue_id, **times(number, racer, LATER)
    )
    planning.edit_activity(found.id, values, found.version, by=None, now=NOW)


def move_own(venue_id: int, number: int, racer: int) -> None:
    """Move a published activity in the same way."""
    to = Move(zone=JAKARTA, venue_id=venue_id, **times(number, racer, LATER))
    moves.move(own(number, racer).id, to, "alasan", None, by=None, now=NOW)


def copy(programme_id: int, number: int, racer: int) -> None:
    copying.copy_programme(
        programme_id, (at(7, year=2030) + number * ONE_EACH).date(), f"Salinan {racer}", by=None, now=NOW
    )


def publish_or_book(venue_id: int, staff: list[int], number: int, racer: int) -> None:
    """The first publishes a draft, the second wants its hall."""
    if racer == 0:
        publishing.publish([own(number, 0).id], by=None, now=NOW)
    else:
        book(venue_id, staff, number, racer)


def ask_nobody(action: Callable[[int, int], None], number: int, racer: int) -> None:
    """Write as code without locks or checks would: only the database can refuse it."""
    locking.lock_venues = lambda session, ids: set(ids)  # type: ignore[assignment]
    locking.lock_people = lambda session, ids: None  # type: ignore[assignment]
    booking._are_free = lambda session, activities, rules: [True] * len(activities)
    booking._check_speakers = lambda *args: None
    action(number, racer)


def won_once(rounds: list[list[TryResult]], problem: str) -> None:
    assert [names(outcomes) for outcomes in rounds] == [{"done": 1, problem: len(outcomes) - 1} for outcomes in rounds]


def check_losers_are_told(rounds: list[list[TryResult]], first: int, start: datetime = FIRST) -> None:
    """Every loser got the winner's title and end."""
    for number, outcomes in enumerate(rounds, start=first):
        winner = next(racer for racer, outcome in enumerate(outcomes) if outcome.name == "done")
        until = times(number, winner, start)["ends_at"]
        said = {(outcome.told["title"], outcome.told["until"]) for outcome in outcomes if outcome.name != "done"}
        assert said == {(title(number, winner), until)}


def test_each_of_many_races_has_one_winner(any_app, several, staff):
    hall_id, speaker_id = db.session.scalar(sa.select(Venue.id)), a_person("Siti Rahmawati").id
    shares = [share * many(1, 10) for share in (35, 10, 30, 10, 8, 4, 3)]
    of_two, of_four, for_speakers, of_edits, of_moves, of_publishing, of_copies = in_turn(*shares)

    halls = several.at_once(2, partial(book, hall_id, staff), of_two)
    won_once(halls, "VenueTaken")
    check_losers_are_told(halls, of_two.start)
    loser = next(outcome for outcome in halls[0] if outcome.name != "done")
    assert (loser.told["venue"], loser.told["by"]) == ("Aula Bappeda", loser.told["title"].split()[0])

    four = several.at_once(4, partial(book, hall_id, staff), of_four)
    won_once(four, "VenueTaken")

    drafts(for_speakers)
    speakers = several.at_once(2, partial(invite_own, speaker_id), for_speakers)
    won_once(speakers, "SpeakerTaken")
    check_losers_are_told(speakers, for_speakers.start)

    drafts(of_edits)
    give_the_first_of_each(of_edits, venue_id=hall_id)
    edited = several.at_once(2, partial(edit, hall_id), of_edits)
    won_once(edited, "VenueTaken")
    check_losers_are_told(edited, of_edits.start, LATER)

    drafts(of_moves, state=ActivityState.PUBLISHED)
    moved = several.at_once(2, partial(move_own, hall_id), of_moves)
    won_once(moved, "VenueTaken")

    drafts(of_publishing)
    give_the_first_of_each(of_publishing, venue_id=hall_id)
    delete_the_second_of_each(of_publishing)
    published = several.at_once(2, partial(publish_or_book, hall_id, staff), of_publishing)
    assert [[outcome.name for outcome in each] for each in published] == [["done", "VenueTaken"]] * len(of_publishing)

    programme = Programme(title="Asal", starts_on=at(18).date(), ends_on=at(18).date(), zone=JAKARTA)
    db.session.add(programme)
    original = of_copies[:1]
    drafts(original, starts_at=at(18, 8), ends_at=at(18, 10))
    delete_the_second_of_each(original)
    give_the_first_of_each(original, programme_id=programme.id)
    inviting.invite_people([own(original.start, 0).id], [speaker_id], Role.SPEAKER, by=None, now=NOW)
    copied = several.at_once(2, partial(copy, programme.id), of_copies)
    won_once(copied, "SpeakerTaken")

    assert (counted_by(HALLS_TWICE), counted_by(PEOPLE_TWICE), counted_by(UNBOOKED)) == (0, 0, 0)
    assert len(bookings_now()) == len(for_speakers) + 1 + len(of_copies)


def give_the_first_of_each(rounds: range, **values: int) -> None:
    """Change the first draft of each round."""
    first = Activity.title.in_([title(number, 0) for number in rounds])
    db.session.execute(sa.update(Activity).where(first).values(**values))
    db.session.commit()


def delete_the_second_of_each(rounds: range) -> None:
    db.session.execute(sa.delete(Activity).where(Activity.title.in_([title(number, 1) for number in rounds])))
    db.session.commit()


@pytest.mark.postgresql
@pytest.mark.parametrize("any_app", ["postgresql"], indirect=True)
def test_without_the_checks_the_database_still_lets_one_win_with_the_same_message(several, staff):
    hall_id, speaker_id = db.session.scalar(sa.select(Venue.id)), a_person("Siti Rahmawati").id
    halls = several.at_once(2, partial(ask_nobody, partial(book, hall_id, staff)), range(60))
    won_once(halls, "VenueTaken")
    check_losers_are_told(halls, 0)
    drafts(range(60, 120))
    speakers = several.at_once(2, partial(ask_nobody, partial(invite_own, speaker_id)), range(60, 120))
    won_once(speakers, "SpeakerTaken")
    check_losers_are_told(speakers, 60)
    assert (counted_by(HALLS_TWICE), counted_by(PEOPLE_TWICE), counted_by(UNBOOKED)) == (0, 0, 0)


@pytest.mark.postgresql
@pytest.mark.parametrize("any_app", ["postgresql"], indirect=True)
def test_in_a_deadlock_the_one_ended_by_the_database_is_told_who_has_the_hall(any_app, monkeypatch):
    for name in ("lock_venues", "lock_people"):
        monkeypatch.setattr(locking, name, getattr(locking, name))  # unchanged afterwards
    for name in ("_are_free", "_check_speakers"):
        monkeypatch.setattr(booking, name, getattr(booking, name))
    halls = [Venue(name=f"Balai {racer}") for racer in range(2)]
    db.session.add_all(halls)
    db.session.commit()
    venue_ids, both = [hall.id for hall in halls], Barrier(2)

    def cross(number: int, racer: int) -> None:
        """Book one's own hall, and the other's as well once both have booked."""
        with writing() as session:
            for at_venue in (racer, 1 - racer):
                activity = Activity(
                    kind=ActivityKind.OTHER, title=f"{NAMES[racer]} {at_venue}", zone=JAKARTA, respond_by_at=at(20),
                    venue_id=venue_ids[at_venue], **times(0, racer),
                )  # fmt: skip
                session.add(activity)
                booking.book(session, [activity])
                if at_venue == racer:
                    both.wait(WAIT_S)

    def tried(racer: int) -> TryResult:
        with any_app.app_context():
            try:
                ask_nobody(cross, 0, racer)
            except VenueTaken as problem:
                return TryResult("VenueTaken", problem.values)
            return TryResult("done")

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(tried, range(2)))
    won_once([outcomes], "VenueTaken")
    winner = next(racer for racer, outcome in enumerate(outcomes) if outcome.name == "done")
    assert outcomes[1 - winner].told["title"] in {f"{NAMES[winner]} {at_venue}" for at_venue in range(2)}
    assert counted_by("SELECT COUNT(*) FROM activity") == 2


def jostle(halls: list[int], people: list[int], activities: list[int], number: int, racer: int) -> None:
    """Do one action that books or releases halls and speakers of a few activities."""
    chance = random.Random(f"{number}.{racer}")
    activity = db.session.get(Activity, chance.choice(activities))
    invited = db.session.scalars(sa.select(Invitation).where(Invitation.activity_id == activity.id)).all()
    starts_at = LATER + timedelta(hours=chance.randrange(12))
    to = Move(starts_at, starts_at + timedelta(hours=chance.randint(1, 3)), JAKARTA, chance.choice(halls))
    match chance.randrange(6):
        case 0 | 1:
            moves.move(activity.id, to, "alasan", None, by=None, now=NOW)
        case 2:
            chosen = chance.sample(activities, 2)
            inviting.invite_people(chosen, chance.sample(people, 2), Role.SPEAKER, by=None, now=NOW)
        case 3 if invited:
            withdrawing.withdraw(chance.choice(invited).id, by=None, now=NOW)
        case 4 if invited:
            choice = chance.choice([Choice.COMING, Choice.NOT_COMING])
            recording.record_answer(chance.choice(invited).id, choice, AnswerSource.PHONE, by=None, now=NOW)
        case _:
            person = db.session.get(Person, chance.choice(people))
            key = tokens.token(tokens.link_for(db.session, person))
            db.session.rollback()
            choices = chance.sample(activities, 3)
            answering.answer_all(key, {id: answering.LinkAnswer(Choice.COMING) for id in choices}, now=NOW)


def test_four_processes_on_few_halls_and_speakers_never_hang_and_book_nothing_twice(several, staff):
    halls = [Venue(name=name) for name in ("Aula Kemenag", "Gedung Wanita")]
    db.session.add_all(halls)
    drafts(range(3), state=ActivityState.PUBLISHED)
    people = [a_person(name).id for name in ("Siti Rahmawati", "Rudi Hartono", "Tuti Wibowo")]
    activities = list(db.session.scalars(sa.select(Activity.id)))
    with writing() as session:
        tokens.ensure_links(session, person_ids=people, expires_at=LATER)
    action = partial(jostle, [hall.id for hall in halls], people, activities)
    tried = sum((names(outcomes) for outcomes in several.at_once(4, action, range(60))), Counter())
    allowed = {"done", "VenueTaken", "SpeakerTaken", "Stale", "AlreadyWithdrawn", "NotRecordable", "NothingMoved"}
    assert tried.keys() <= allowed
    assert min(tried["done"], tried["VenueTaken"], tried["SpeakerTaken"]) > 5
    assert counted_by(HALLS_TWICE) == 0
    assert counted_by(PEOPLE_TWICE) >= counted_by(UNBOOKED)  # only by answers
    spans = db.session.execute(sa.select(SpeakerBooking)).scalars().all()
    assert not [
        1
        for a, b in combinations(spans, 2)
        if a.person_id == b.person_id and a.starts_at < b.ends_at and b.starts_at < a.ends_at
    ]
