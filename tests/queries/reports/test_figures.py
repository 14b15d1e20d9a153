"""The figures of a report: who is counted, what is hidden, and with how many statements."""

from dataclasses import astuple
from datetime import date

import pytest

from outreach.domain.kinds import AgeGroup, AnswerSource, LetterKind, Role, Sector, Sex
from outreach.domain.states import ActivityState, FollowUpState, InvitationState, LetterState
from outreach.extensions import db
from outreach.models import Letter
from outreach.queries.reports import figures, people
from outreach.queries.reports.figures import Counts, ReportScope, Totals
from outreach.services.locking import ProgrammeMissing
from outreach.services.minutes import follow_ups
from outreach.services.minutes.follow_ups import FollowUpValues
from tests.world import JAKARTA, a_person, an_invitation, an_organisation, at, draft_activity, written_minutes
from tests.world.held import came, held, many_came

METRO, IMOPURO, YOSODADI = "18.72.01.1001", "18.72.01.1003", "18.72.04.1001"
LATER = at(30)
JANUARY = ReportScope(JAKARTA, first=date(2027, 1, 1), last=date(2027, 1, 31))


def report(scope=JANUARY, below=5, now=LATER):
    return figures.report(scope, below=below, now=now)


def test_each_invitee_counts_once_with_their_answer_and_whether_they_came(any_app, activity, ani, budi, police, chief):
    held(activity)
    came(activity, ani, Role.SPEAKER)
    an_invitation(activity, ani, Role.MODERATOR, state=InvitationState.COMING)  # the same person in a second role
    an_invitation(activity, budi, Role.SPEAKER, state=InvitationState.NOT_COMING)
    came(activity, chief, Role.SPEAKER, acting="Wakapolres")
    an_invitation(activity, police)  # named nobody and did not answer
    came(activity, a_person("Citra"), state=InvitationState.COMING, answer_source=AnswerSource.WALK_IN)
    came(activity, a_person("Dewi"), state=InvitationState.PREPARED)
    an_invitation(activity, a_person("Eka"), state=InvitationState.WITHDRAWN)
    an_invitation(activity, a_person("Fitri"), state=InvitationState.WAITLISTED)
    assert report().counts == Counts(
        invited=6, answered=4, coming=1, represented=1, not_coming=1, present=4, acted=1, uninvited=1,
        speakers_in_person=1, speakers_represented=1, speakers_absent=1,
    )  # fmt: skip
    assert {type(number) for number in astuple(report().counts)} == {int}, "what a database sums to is no decimal"


def test_an_organisation_counts_through_the_people_it_named(any_app, activity, police, ani):
    held(activity)
    office = an_invitation(activity, police, state=InvitationState.COMING, quota=2)
    came(activity, ani, nominated_under_id=office.id)
    declined = an_organisation("SMPN 1 Metro", sector=Sector.SCHOOL)
    an_invitation(activity, declined, state=InvitationState.NOT_COMING)
    found = report(below=1)
    assert (found.counts.invited, found.counts.answered, found.counts.present) == (2, 2, 1)
    assert [(line.sectors, line.counted.invited) for line in found.sectors] == [((Sector.SCHOOL,), 1), ((None,), 1)]


def test_only_held_activities_of_the_period_or_programme_count_and_the_others_are_named(any_app, programme, hall, ani):
    first = held(draft_activity(programme, hall, 18))
    came(first, ani)
    came(held(draft_activity(None, None, 19, title="Sosialisasi")), ani)
    draft_activity(programme, None, 20, state=ActivityState.CANCELLED)
    draft_activity(programme, None, 21, state=ActivityState.POSTPONED)
    draft_activity(programme, None, 28, state=ActivityState.PUBLISHED)
    now = at(25)
    assert [(line.title, line.activities) for line in report(now=now).lines] == [(programme.title, 1), ("", 1)]
    of_programme = report(ReportScope(JAKARTA, programme_id=programme.id), now=now)
    assert [(line.title, line.first, line.counted.invited) for line in of_programme.lines] == [
        (first.title, date(2027, 1, 18), None)
    ]
    found = of_programme
    assert (found.held, found.ahead, found.postponed, found.cancelled, found.without_attendance) == (1, 1, 1, 1, 0)
    assert report(ReportScope(JAKARTA, first=date(2027, 1, 19), last=date(2027, 1, 31)), now=now).held == 1
    assert report(ReportScope(JAKARTA, first=date(2027, 1, 20), last=date(2027, 1, 31)), now=now).held == 0
    with pytest.raises(ProgrammeMissing):
        report(ReportScope(JAKARTA, programme_id=999))


def test_days_are_those_of_the_offices_calendar(any_app, programme):
    held(draft_activity(programme, None, 18, starts_at=at(18, 0, 30), ends_at=at(18, 2)))  # the 17th in UTC
    day = date(2027, 1, 18)
    assert report(ReportScope(JAKARTA, first=day, last=day)).held == 1
    assert report(ReportScope(JAKARTA, first=date(2027, 1, 17), last=date(2027, 1, 17))).held == 0


def test_people_are_counted_by_place_sex_and_age_and_whoever_came_for_somebody_as_of_unknown_sex(any_app, activity):
    held(activity)
    many_came(activity, 6, region_code=IMOPURO, sex=Sex.FEMALE, age_group=AgeGroup.FROM_25)
    many_came(activity, 7, region_code=YOSODADI, sex=Sex.MALE, age_group=AgeGroup.FROM_45)
    for name in ("Gita", "Hani", "Ira", "Juli", "Kiki"):
        came(activity, a_person(name, region_code=YOSODADI, sex=Sex.FEMALE), acting="Wakil")
    found = report()
    counted = found.people.counted
    assert {group: number for group, number in found.people.present.tables.counts.items() if number} == {
        (IMOPURO, Sex.FEMALE, AgeGroup.FROM_25): 6, (YOSODADI, Sex.MALE, AgeGroup.FROM_45): 7, (YOSODADI, "", ""): 5,
    }  # fmt: skip
    assert (counted(None, None, None), found.whole) == (18, Totals(18, 18, 18))
    assert counted(METRO, Sex.FEMALE, None) == 0, "nobody from there was invited"
    assert counted(YOSODADI, Sex.FEMALE, None) is None, "five of them were invited, and it could follow that none came"


def test_kelurahan_count_as_reached_where_something_was_held_or_from_where_somebody_came(any_app, activity, ani):
    held(activity)  # in a hall in Metro
    many_came(activity, 1, region_code=YOSODADI)
    an_invitation(activity, ani, state=InvitationState.NOT_COMING)  # of Imopuro
    found = report()
    assert (found.reached, len(found.kelurahan)) == (2, 3)
    assert {line.place.name: (line.held, line.present) for line in found.kelurahan} == {
        "Metro": (1, 0), "Imopuro": (0, 0), "Yosodadi": (0, None),
    }  # fmt: skip


def test_a_total_that_is_hidden_by_place_is_hidden_everywhere_in_the_report(any_app, activity):
    held(activity)
    many_came(activity, 3, region_code=IMOPURO, sex=Sex.FEMALE)
    found = report()
    hidden = Totals(None, None, None)
    assert (found.whole, found.lines[0].counted, found.months[0].counted, found.sectors[0].counted) == (hidden,) * 4


def test_no_hidden_count_of_a_report_can_be_computed(any_app, activity):
    held(activity)
    for number, (region, sex, age) in enumerate(
        (region, sex, age)
        for region in (METRO, IMOPURO, YOSODADI)
        for sex in (Sex.FEMALE, Sex.MALE, None)
        for age in (AgeGroup.UNDER_18, AgeGroup.FROM_25, None)
    ):
        many_came(activity, number * 5 % 8, region_code=region, sex=sex, age_group=age)
    found = report()
    audits = [*found.people.audits(), *found.over_time.audits()]
    assert [(audit.small, audit.recoverable, audit.thin) for audit in audits] == [((), (), ())] * 6
    audits = found.people.audits()
    assert audits[-1].hidden > 0
    assert audits[-1].narrowest >= 1


def test_one_person_who_came_often_is_hidden_and_five_who_came_once_are_not(any_app, programme):
    rina = a_person("Rina", region_code=METRO, sex=Sex.FEMALE)
    for day in range(18, 24):
        activity = held(draft_activity(programme, None, day))
        came(activity, rina)
        many_came(activity, 1, region_code=IMOPURO, sex=Sex.FEMALE)
        many_came(activity, 4, region_code=YOSODADI, sex=Sex.FEMALE)
    found = report()
    assert found.people.present.tables.counts[METRO, Sex.FEMALE, ""] == 6
    shown = {line.place.name: line.present for line in found.kelurahan}
    assert shown == {"Metro": None, "Imopuro": None, "Yosodadi": 24}, (
        "Imopuro hides Metro in the total of their kecamatan"
    )
    assert [(a.small, a.recoverable, a.thin) for a in found.people.audits()] == [((), (), ())] * 3


def test_whoever_came_in_the_place_of_five_invitees_counts_as_five_people(any_app, activity):
    held(activity)
    many_came(activity, 9, region_code=IMOPURO, sex=Sex.FEMALE)
    for name in ("Gita", "Hani", "Ira", "Juli"):
        came(activity, a_person(name, region_code=YOSODADI), acting="Wakil")
    assert report().people.counted(YOSODADI, "", None) is None
    came(activity, a_person("Kiki", region_code=YOSODADI), acting="Wakil")
    assert report().people.counted(YOSODADI, "", None) == 5


def test_small_counts_by_activity_and_month_are_hidden_with_those_that_tell_them(any_app, programme):
    for day, number in ((18, 2), (19, 4), (20, 9), (21, 30)):
        many_came(held(draft_activity(programme, None, day, title=f"Hari {day}")), number, region_code=IMOPURO)
    february = draft_activity(programme, None, 8, starts_at=at(8, month=2), ends_at=at(8, 12, month=2))
    many_came(held(february), 20, region_code=IMOPURO)
    found = report(ReportScope(JAKARTA, programme_id=programme.id), now=at(20, month=2))
    assert [line.counted.present for line in found.lines] == [None, None, None, 30, 20], (
        "the four of the second day may be all"
    )
    assert [month.counted.present for month in found.months] == [45, 20]
    assert found.whole.present == 65
    many_came(held(draft_activity(programme, None, 9, starts_at=at(9, month=2), ends_at=at(9, 12, month=2))), 1)
    found = report(ReportScope(JAKARTA, programme_id=programme.id), now=at(20, month=2))
    assert [line.counted.present for line in found.lines][-2:] == [None, None], (
        "else one follows from the sum of February"
    )
    assert [(a.small, a.recoverable, a.thin) for a in found.over_time.audits()] == [((), (), ())] * 3


def test_sectors_with_few_people_share_a_line(any_app, activity):
    held(activity)
    for sector, number in ((Sector.SCHOOL, 6), (Sector.POLICE, 5), (Sector.MILITARY, 3), (Sector.PROSECUTOR, 1)):
        many_came(activity, number, organisation=an_organisation(sector.value, sector=sector), region_code=IMOPURO)
    lines = [(line.sectors, line.counted.present) for line in report().sectors]
    assert lines == [((Sector.SCHOOL,), 6), ((Sector.POLICE, Sector.MILITARY, Sector.PROSECUTOR), 9)]
    many_came(activity, 1, organisation=an_organisation("Kodim", sector=Sector.MILITARY), region_code=IMOPURO)
    lines = [(line.sectors, line.counted.present) for line in report().sectors]
    assert lines == [((Sector.SCHOOL,), 6), ((Sector.POLICE,), 5), ((Sector.MILITARY, Sector.PROSECUTOR), 5)]


def test_a_hidden_count_of_invitees_is_not_bounded_by_how_many_of_them_answered():
    places = [people.ReportPlace(code, code) for code in ("1",)]
    places += [people.ReportPlace(f"1.{name}", name, "1", is_kelurahan=True) for name in "abc"]
    groups = {
        ("1.a", Sex.FEMALE.value, ""): Counts(invited=1),
        ("1.b", Sex.FEMALE.value, ""): Counts(invited=11, answered=11, present=11),
        ("1.c", Sex.FEMALE.value, ""): Counts(invited=30, answered=25, present=20),
    }
    found = people.protected(groups, groups, places, 5)
    assert found.lines([])[2].invited is None, "a and b have 12 invitees"
    assert found.lines([])[2].answered is None, "11 would leave one for a"
    assert found.lines([])[2].present is None
    assert [audit.recoverable for audit in found.audits()] == [(), (), ()]


def test_letters_of_the_held_activities_are_listed_without_drafts(any_app, activity, ani):
    held(activity)
    invitation = an_invitation(activity, ani)
    for number, state in (
        ("400/2/2027", LetterState.SIGNED),
        ("", LetterState.DRAFT),
        ("400/1/2027", LetterState.COMPOSED),
    ):
        letter = Letter(
            kind=LetterKind.INVITATION, state=state, number=number, subject="Undangan", dated_on=date(2027, 1, 5)
        )
        letter.invitations.append(invitation)
        db.session.add(letter)
    db.session.commit()
    assert [astuple(letter)[0] for letter in report().letters] == ["400/1/2027", "400/2/2027"]


def test_a_report_takes_as_many_statements_for_many_activities_as_for_one(any_app, programme, queries):
    held(draft_activity(programme, None, 18))
    few = queries(report)
    for day in (19, 20, 21):
        many_came(held(draft_activity(None, None, day)), 4, region_code=IMOPURO)
    assert queries(report) == few


def test_tasks_from_the_minutes_of_held_activities_are_counted_open_and_done(
    any_app, default_rules, activity, chief, ani, budi, coordinator
):
    minutes = written_minutes.write(
        written_minutes.hold(activity, chief, ani, budi, by=coordinator), chief, by=coordinator
    )
    for what, state in (
        ("Kirim daftar", "open"),
        ("Pasang papan", "done"),
        ("Cetak kartu", "done"),
        ("Rapat", "dropped"),
    ):
        values = FollowUpValues(what, ani.id, None, date(2027, 2, 15))
        task = follow_ups.add(minutes.activity_id, values, by=None, now=at(18, 17))
        follow_ups.settle(task.id, FollowUpState(state), task.version, by=None, now=at(18, 17))
    found = report()
    assert (found.tasks_open, found.tasks_done) == (1, 2)
    elsewhere = report(ReportScope(JAKARTA, first=date(2027, 2, 1), last=date(2027, 2, 28)))
    assert (elsewhere.tasks_open, elsewhere.tasks_done) == (0, 0)
