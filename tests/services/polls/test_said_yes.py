"""People who said yes to a poll slot although they are known to be away: in the poll, on choosing, and afterwards."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from outreach.delivery import tokens
from outreach.domain.activities.values import Move
from outreach.domain.kinds import AnswerSource
from outreach.domain.planning.absences import hours
from outreach.domain.planning.parties import AbsenceSource
from outreach.domain.planning.rules import ClashKind, Severity
from outreach.domain.polls import Proposed
from outreach.extensions import db
from outreach.models import Absence, AbsenceCalendar, Activity, DatePoll, Invitation
from outreach.queries import clashes as clash_pages
from outreach.queries import polls as poll_pages
from outreach.services.absences import edit as absences
from outreach.services.absences import refresh as absence_refresh
from outreach.services.absences.edit import Subject, SubjectKind
from outreach.services.activities import move as moves
from outreach.services.invitations import links
from outreach.services.planning import clashes as clashing
from outreach.services.planning.checks import PlanBlocked
from outreach.services.polls import answer as poll_answering
from outreach.services.polls import decide as poll_deciding
from outreach.transactions import writing
from tests.world import JAKARTA, NOW, at
from tests.world.polls import MAYBE, NO, YES, a_poll, asked, dates

LATER = NOW + timedelta(hours=1)
AFTERWARDS = NOW + timedelta(hours=2)
OF_ABSENCE = {ClashKind.SPEAKER_ABSENT, ClashKind.INVITEE_ABSENT}


def enter_absence(person, *, now) -> None:
    """The person enters an absence on Monday from seven to one."""
    subject = Subject(SubjectKind.PERSON, person.id)
    when = hours(at(18).date(), at(18, 7).time(), at(18, 13).time(), JAKARTA)
    absences.add(subject, when, source=AbsenceSource.SELF, by=None, now=now)


def answers(poll, person, *choices, now, phone: bool = False) -> None:
    if phone:
        invitee = asked(poll, person)
        poll_answering.record(poll.id, invitee.id, dates(poll, *choices), AnswerSource.PHONE, by=None, now=now)
        return
    with writing() as session:
        token = tokens.token(links.link_for(session, person))
    poll_answering.answer(token, poll.id, dates(poll, *choices), now=now)


def monday_or_tuesday(*people) -> DatePoll:
    return a_poll(*people, slots=[Proposed(at(day, 8), at(day, 12)) for day in (18, 19)])


def of_absence(clashes) -> list[tuple[Severity, bool]]:
    return [(clash.severity, clash.said_yes) for clash in clashes if clash.kind in OF_ABSENCE]


def monday(poll) -> poll_pages.SlotRow:
    db.session.rollback()
    return next(row for row in poll_pages.table(poll.id, now=AFTERWARDS).rows if row.slot.starts_at == at(18, 8))


def decided(poll, *, publish: bool = False) -> Activity:
    return poll_deciding.decide(poll.id, monday(poll).slot.id, publish=publish, by=None, now=AFTERWARDS)


@pytest.mark.parametrize("said", [YES, MAYBE])
@pytest.mark.parametrize("phone", [False, True])
def test_a_yes_after_the_absence_was_known_makes_it_only_a_warning(any_app, chief, said, phone):
    poll = monday_or_tuesday(chief)
    enter_absence(chief, now=NOW)
    assert of_absence(monday(poll).found.clashes) == [(Severity.BLOCK, False)]
    answers(poll, chief, said, YES, now=LATER, phone=phone)
    row = monday(poll)
    assert of_absence(row.found.clashes) == [(Severity.WARN, True)]
    assert (row.standing.blocking, row.standing.warnings) == (0, 1)
    activity = decided(poll, publish=True)  # a blocking clash would refuse this
    found = clash_pages.of_activities([activity.id], now=AFTERWARDS)
    assert of_absence(found.clashes) == [(Severity.WARN, True)]
    assert of_absence(clashing.everything(now=AFTERWARDS).clashes) == [(Severity.WARN, True)]


def test_a_no_an_earlier_yes_and_silence_leave_the_clash_as_severe(app, chief, ani, budi):
    poll = monday_or_tuesday(chief, ani, budi)
    answers(poll, ani, YES, YES, now=NOW)
    for person in (chief, ani, budi):
        enter_absence(person, now=LATER)
    answers(poll, chief, NO, YES, now=AFTERWARDS)
    assert of_absence(monday(poll).found.clashes) == [(Severity.BLOCK, False)] * 3
    with pytest.raises(PlanBlocked):
        decided(poll)
    answers(poll, ani, YES, YES, now=AFTERWARDS)  # now that the absence is known to them
    assert sorted(of_absence(monday(poll).found.clashes)) == [(Severity.BLOCK, False)] * 2 + [(Severity.WARN, True)]


def test_at_another_time_than_the_slot_the_person_counts_as_away(app, chief):
    poll = monday_or_tuesday(chief)
    enter_absence(chief, now=NOW)
    answers(poll, chief, YES, YES, now=LATER)
    slot = monday(poll).slot
    yes, away_then = (Severity.WARN, True), (Severity.BLOCK, False)
    for starts, ends, expected in ((8, 12, yes), (9, 11, yes), (9, 13, away_then)):
        poll = poll_pages.get(poll.id)
        found = poll_deciding.preview(poll, slot, Proposed(at(18, starts), at(18, ends)), now=AFTERWARDS)
        assert of_absence(found.clashes) == [expected]
    activity = decided(poll)
    move = Move(
        starts_at=at(18, 9), ends_at=at(18, 13), zone=JAKARTA, venue_id=None, registration_at=None, respond_by_at=None
    )
    with pytest.raises(PlanBlocked):
        moves.move(activity.id, move, "", activity.version, by=None, now=AFTERWARDS)


def test_a_calendar_read_again_keeps_the_age_of_its_unchanged_absences(app, chief):
    calendar = AbsenceCalendar(person_id=chief.id, name="Dinas", source=AbsenceSource.CALENDAR)
    db.session.add(calendar)
    db.session.commit()
    poll = monday_or_tuesday(chief)
    on_monday, on_tuesday = (at(18, 7), at(18, 13)), (at(19, 7), at(19, 13))

    def read(*times, now) -> None:
        with writing() as session:
            absence_refresh.replace(session, session.get(AbsenceCalendar, calendar.id), times, JAKARTA, now)

    read(on_monday, now=NOW)
    answers(poll, chief, YES, YES, now=LATER)
    read(on_monday, on_tuesday, now=AFTERWARDS)
    db.session.rollback()
    found = {
        row.slot.starts_at.day: of_absence(row.found.clashes) for row in poll_pages.table(poll.id, now=AFTERWARDS).rows
    }
    assert found == {18: [(Severity.WARN, True)], 19: [(Severity.BLOCK, False)]}
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Absence)) == 2


def test_an_offices_yes_counts_for_the_office(any_app, police):
    poll = a_poll(organisations=[police], slots=[Proposed(at(18, 8), at(18, 12))])
    when = hours(at(18).date(), at(18, 7).time(), at(18, 13).time(), JAKARTA)
    absences.add(Subject(SubjectKind.ORGANISATION, police.id), when, source=AbsenceSource.COORDINATOR, by=None, now=NOW)
    poll_answering.record(
        poll.id, asked(poll, police).id, dates(poll, YES, who="Staf"), AnswerSource.PHONE, by=None, now=LATER
    )
    activity = decided(poll, publish=True)
    found = clash_pages.of_activities([activity.id], now=AFTERWARDS)
    assert of_absence(found.clashes) == [(Severity.WARN, True)]
    assert db.session.query(Invitation).one().organisation_id == police.id
