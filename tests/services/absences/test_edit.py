"""Absences entered, listed and removed, by staff and by the people themselves."""

from datetime import date, time

import pytest
import sqlalchemy as sa

from outreach.domain.clashes import find_clashes
from outreach.domain.kinds import Role
from outreach.domain.planning import absences as rules
from outreach.domain.planning.parties import AbsenceSource, Party
from outreach.domain.planning.rules import ClashKind
from outreach.extensions import db
from outreach.models import Absence, AuditEntry
from outreach.queries import absences as absence_pages
from outreach.services.absences import edit as absences
from outreach.services.absences.edit import Subject, SubjectKind
from outreach.services.invitations import invite as inviting
from outreach.services.planning import load as plans
from tests.support.copied import copied
from tests.world import JAKARTA, NOW, at

TUESDAY = date(2027, 1, 19)


def stored(absent, **values) -> Absence:
    row = Absence(
        starts_at=absent.starts_at,
        ends_at=absent.ends_at,
        zone=absent.zone.key,
        repeats=absent.repeats,
        repeats_until_on=absent.until_on,
        whole_days=absent.whole_days,
        **{"source": AbsenceSource.COORDINATOR, **values},
    )
    db.session.add(row)
    db.session.commit()
    return row


@copied
def tuesdays(any_app, chief) -> Absence:
    """The chief is away each Tuesday afternoon until 2 February."""
    away = rules.weekly(rules.hours(TUESDAY, time(13), time(15), JAKARTA), date(2027, 2, 2))
    return stored(away, person_id=chief.id, reason="Apel")


def test_the_plan_gets_each_occurrence_in_its_span_with_its_owner(any_app, tuesdays, chief, police, hall, queries):
    wedding = stored(rules.days(TUESDAY, TUESDAY, JAKARTA), venue_id=hall.id)
    leave = stored(rules.days(date(2027, 1, 25), date(2027, 1, 29), JAKARTA), organisation_id=police.id)
    chief_id, police_id, hall_id = chief.id, police.id, hall.id
    ids = (wedding.id, tuesdays.id, leave.id)
    found = []
    assert queries(lambda: found.extend(absences.occurrences(db.session(), at(18), at(28)))) <= 2  # with BEGIN
    assert [(absence.starts_at, absence.ends_at, absence.of, absence.id) for absence in found] == [
        (at(19, 0), at(20, 0), hall_id, ids[0]),
        (at(19, 13), at(19, 15), Party.person(chief_id), ids[1]),
        (at(25, 0), at(30, 0), Party.organisation(police_id), ids[2]),
        (at(26, 13), at(26, 15), Party.person(chief_id), ids[1]),
    ]
    assert (found[1].party.name, found[1].reason, found[2].party.name) == ("Kapolres Metro", "Apel", "Polres Metro")


def test_the_last_week_is_included_and_the_week_after_is_not(any_app, tuesdays):
    assert len(absences.occurrences(db.session(), at(2, 14, month=2), at(3, month=2))) == 1
    assert not absences.occurrences(db.session(), at(2, 15, month=2), at(3, month=3))


def away(subject: Subject) -> list:
    return [absence.absent for absence in absence_pages.entered(subject, now=NOW)]


@pytest.mark.parametrize("kind", list(SubjectKind))
def test_an_absence_is_entered_listed_and_removed(any_app, coordinator, chief, police, hall, kind):
    whose = {SubjectKind.PERSON: chief, SubjectKind.ORGANISATION: police, SubjectKind.VENUE: hall}[kind]
    subject = Subject(kind, whose.id)
    wedding = rules.days(TUESDAY, TUESDAY, JAKARTA)
    for _press in range(2):
        made = absences.add(subject, wedding, " Resepsi  ", source=AbsenceSource.COORDINATOR, by=coordinator, now=NOW)
    assert [(absence.id, absence.absent, absence.reason) for absence in absence_pages.entered(subject, now=NOW)] == [
        (made.id, wedding, "Resepsi")
    ]
    absences.remove(subject, made.id, by=coordinator, now=NOW)
    assert away(subject) == []
    logged = db.session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [(entry.action, entry.subject_id, entry.detail["starts_at"]) for entry in logged] == [
        (f"{kind}.absence_added", subject.id, "2027-01-18T17:00:00+00:00"),
        (f"{kind}.absence_removed", subject.id, "2027-01-18T17:00:00+00:00"),
    ]


def test_absences_that_a_person_enters_about_themselves_are_not_logged(any_app, chief):
    subject = Subject(SubjectKind.PERSON, chief.id)
    absences.add(subject, rules.days(TUESDAY, TUESDAY, JAKARTA), source=AbsenceSource.SELF, by=None, now=NOW)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(AuditEntry)) == 0
    assert away(subject) == [rules.days(TUESDAY, TUESDAY, JAKARTA)]


def test_a_past_absence_is_neither_accepted_nor_listed(any_app, chief):
    subject = Subject(SubjectKind.PERSON, chief.id)
    early = rules.weekly(rules.hours(date(2026, 12, 21), time(6), time(8), JAKARTA), date(2026, 12, 28))
    with pytest.raises(absences.AlreadyOver):
        absences.add(subject, early, source=AbsenceSource.SELF, by=None, now=NOW)
    still = rules.weekly(rules.hours(date(2026, 12, 21), time(7), time(9), JAKARTA), date(2027, 1, 4))
    absences.add(subject, still, source=AbsenceSource.SELF, by=None, now=NOW)
    assert away(subject) == [still]
    assert absence_pages.entered(subject, now=at(4, 9)) == []


def test_only_the_owner_removes_an_absence_and_the_number_is_limited(any_app, chief, hall, monkeypatch):
    mine, halls = Subject(SubjectKind.PERSON, chief.id), Subject(SubjectKind.VENUE, hall.id)
    made = absences.add(halls, rules.days(TUESDAY, TUESDAY, JAKARTA), source=AbsenceSource.SELF, by=None, now=NOW)
    with pytest.raises(absences.AbsenceMissing):
        absences.remove(mine, made.id, by=None, now=NOW)
    monkeypatch.setattr(absences, "MOST", 1)
    with pytest.raises(absences.TooManyAbsences):
        absences.add(
            halls, rules.days(TUESDAY, date(2027, 1, 20), JAKARTA), source=AbsenceSource.SELF, by=None, now=NOW
        )
    with pytest.raises(absences.SubjectMissing):
        absence_pages.name_of(Subject(SubjectKind.PERSON, 999))


def test_an_absence_clashes_with_its_speakers_invitation(any_app, activity, chief, hall):
    inviting.invite_people([activity.id], [chief.id], Role.SPEAKER, by=None, now=NOW)
    clashing = {ClashKind.SPEAKER_ABSENT, ClashKind.VENUE_ABSENT}
    assert not clashing & {clash.kind for clash in find_clashes(plans.load(now=NOW))}
    for subject in (Subject(SubjectKind.PERSON, chief.id), Subject(SubjectKind.VENUE, hall.id)):
        mondays = rules.weekly(rules.hours(date(2027, 1, 11), time(11), time(13), JAKARTA), None)
        absences.add(subject, mondays, source=AbsenceSource.COORDINATOR, by=None, now=NOW)
    assert clashing <= {clash.kind for clash in find_clashes(plans.load(now=NOW))}
