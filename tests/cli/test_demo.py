"""The loaded demo has what the README describes."""

import shutil
import sqlite3
import subprocess
import sys
from collections import Counter, defaultdict
from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from outreach.cli import main
from outreach.cli.demo import answers, content, guide
from outreach.cli.demo.command import COMPLETE
from outreach.cli.demo.programme import JAKARTA
from outreach.cli.serve.command import free_port
from outreach.delivery.demo_server import server as demo_server
from outreach.domain.door.scans import ScanConflictKind, ScanOutcome
from outreach.domain.kinds import AnswerSource, MailKind
from outreach.domain.needs import NeedKind
from outreach.domain.planning.rules import ClashKind, Severity
from outreach.domain.states import (
    ANSWERED,
    TAKES_A_SEAT,
    ActivityState,
    InvitationState,
    MessageState,
    MinutesState,
    PollState,
)
from outreach.extensions import db
from outreach.models import (
    AccountRole,
    ActingPerson,
    Activity,
    AnswerEvidence,
    Attendance,
    Cadre,
    Certificate,
    DatePoll,
    Device,
    Invitation,
    Material,
    Message,
    MessageLine,
    Minutes,
    Person,
    Programme,
    ProposedTopic,
    Reminder,
    SignedList,
    User,
)
from outreach.queries import absences as absence_pages
from outreach.queries import polls as poll_pages
from outreach.queries.door import paper, scans, walk_ins
from outreach.queries.minutes import follow_ups
from outreach.queries.overview import page as overview
from outreach.services.absences.edit import Subject, SubjectKind
from outreach.services.planning import clashes as clashing
from outreach.services.reminders import tick as reminding
from tests.cli.databases import LOADED_AT

pytestmark = pytest.mark.slow


def _day(activity: Activity) -> date:
    return activity.starts_at.astimezone(JAKARTA).date()


def _activities(ids) -> list[Activity]:
    return list(db.session.scalars(sa.select(Activity).where(Activity.id.in_(ids)).order_by(Activity.starts_at)))


def test_the_four_days_are_the_next_working_days_ten_days_ahead(loaded_demo):
    # 28 December + 10 = Thursday 7 January; 5 January is a holiday, but already past
    days = [_day(activity) for activity in _activities(loaded_demo.prepared.plan.days)]
    assert days == [date(2027, 1, 7), date(2027, 1, 8), date(2027, 1, 11), date(2027, 1, 12)]


def test_each_day_has_its_agenda_speakers_and_a_neutral_title(loaded_demo):
    for activity in _activities(loaded_demo.prepared.plan.days):
        topics = [item.topic for item in activity.agenda]
        assert topics[0] == "Pembukaan, Indonesia Raya, doa"
        assert "enutup" in topics[-1]
        assert 2 <= sum(len(item.speakers) for item in activity.agenda) <= 3
        assert activity.neutral_title != activity.title


def test_22_community_activities_follow_one_in_each_kelurahan(loaded_demo):
    community = _activities(loaded_demo.prepared.plan.community)
    assert len(community) == len({activity.region_code for activity in community}) == 22
    assert {activity.state for activity in community} == {ActivityState.PUBLISHED}
    assert len({_day(activity) for activity in community}) == 9
    assert min(_day(activity) for activity in community) == date(2027, 1, 13)


def test_no_kecamatan_has_two_community_activities_on_one_half_day(loaded_demo):
    halves = Counter(
        (activity.region_code.rpartition(".")[0], _day(activity), activity.starts_at.astimezone(JAKARTA).hour < 12)
        for activity in _activities(loaded_demo.prepared.plan.community)
    )
    assert max(halves.values()) == 1


def test_seven_of_ten_have_answered_and_15_of_100_have_representatives(loaded_demo):
    states = db.session.scalars(
        sa.select(Invitation.state).where(
            Invitation.activity_id.in_(loaded_demo.prepared.plan.activities), Invitation.nominated_under_id.is_(None)
        )
    ).all()
    answered = sum(state in ANSWERED for state in states)
    represented = sum(state is InvitationState.REPRESENTED for state in states)
    assert (round(100 * answered / len(states)), round(100 * represented / len(states))) == (70, 15)


def test_exactly_three_kelurahan_have_no_acceptance(loaded_demo):
    coming: dict[str, int] = defaultdict(int)
    for region, state in db.session.execute(
        sa.select(Cadre.region_code, Invitation.state)
        .join(Person, Cadre.person_id == Person.id)
        .join(Invitation, Invitation.person_id == Person.id)
        .where(Invitation.activity_id.in_(loaded_demo.prepared.plan.activities))
    ):
        coming[region] += state in TAKES_A_SEAT
    assert sorted(region for region, count in coming.items() if count == 0) == sorted(content.UNCOVERED)


def test_nobody_answers_at_night_and_staff_record_in_office_hours(loaded_demo):
    answered = db.session.execute(
        sa.select(Invitation.answered_at, Invitation.answer_source).where(
            Invitation.activity_id.in_(loaded_demo.prepared.plan.activities), Invitation.answered_at.is_not(None)
        )
    ).all()
    hours = {(source, at.astimezone(JAKARTA).hour) for at, source in answered}
    assert {hour for _source, hour in hours} <= set(range(6, 21))
    by_staff = {AnswerSource.PHONE, AnswerSource.WHATSAPP}
    assert {hour for source, hour in hours if source in by_staff} <= set(range(8, 16))
    assert {source for source, _hour in hours} >= by_staff
    days = {at.astimezone(JAKARTA).weekday() for at, source in answered if source in by_staff}
    assert days <= set(range(5))


def test_representatives_have_posts_that_exist(loaded_demo):
    held = Counter(db.session.scalars(sa.select(ActingPerson.post)))
    assert "Wakil" not in held
    assert held["Kasi Intelijen Kejaksaan Negeri Metro"] >= 1
    assert set(held) <= {*content.STAND_IN_POSTS.values(), *content.VOLUNTEER_POSTS}


def test_an_office_names_the_same_people_for_several_activities(loaded_demo):
    named = db.session.execute(
        sa.select(Invitation.person_id, sa.func.count())
        .where(Invitation.nominated_under_id.is_not(None))
        .group_by(Invitation.person_id)
    ).all()
    assert sum(1 for _person, times in named if times > 1) > 10


def test_49_cadres_are_invited_to_the_second_day_and_every_office_to_the_first(loaded_demo):
    first, second = loaded_demo.prepared.plan.days[:2]
    offices = sa.select(sa.func.count(), sa.func.min(Invitation.quota)).where(
        Invitation.activity_id == first, Invitation.organisation_id.is_not(None)
    )
    assert db.session.execute(offices).one() == (13 + 5 + 22, 2)
    cadres = sa.select(sa.func.count()).where(Invitation.activity_id == second, Invitation.role == "cadre")
    assert db.session.scalar(cadres) == 49


def test_the_importer_lists_the_refused_rows(loaded_demo):
    reading = loaded_demo.prepared.reading
    assert (len(reading.new), len(reading.refused)) == (304, 8)
    assert [row.number for row in reading.refused][-2:] == [318, 319]


def test_the_invitations_are_in_the_mailbox_dated_when_they_were_sent(loaded_demo):
    sent = db.session.scalars(sa.select(Message).where(Message.state == MessageState.SENT)).all()
    caught = demo_server.listing(loaded_demo.mailbox)
    assert Counter(mail.recipient for mail in caught) == Counter(mail.address for mail in sent)
    invitations = [
        mail for mail in sent if mail.kind is MailKind.INVITATION and mail.sent_at > LOADED_AT - timedelta(days=30)
    ]
    chosen = [
        invitation
        for invitation in invitations
        if not any(line.invitation.nominated_under_id for line in invitation.lines)
    ]
    assert {message.sent_at.date() for message in chosen} == {date(2026, 12, 23)}  # 24 and 25 are days off
    assert len(invitations) > len(chosen)  # nominees are invited when their office names them
    assert all(address.recipient.endswith("@example.com") for address in caught)


def test_a_reminder_is_due_within_a_minute_and_has_readers(loaded_demo):
    due = db.session.scalars(
        sa.select(Reminder).where(Reminder.due_at > LOADED_AT, Reminder.due_at <= LOADED_AT + timedelta(minutes=1))
    ).all()
    assert [reminder.activity_id for reminder in due] == [loaded_demo.prepared.soon_id]
    assert reminding.next_due_at() == due[0].due_at
    waiting = sa.select(sa.func.count()).where(
        Invitation.activity_id == loaded_demo.prepared.soon_id, Invitation.state == InvitationState.INVITED
    )
    assert db.session.scalar(waiting) == 3


def test_one_activity_is_postponed_and_its_invitees_were_told(loaded_demo):
    postponed = db.session.scalars(sa.select(Activity).where(Activity.state == ActivityState.POSTPONED)).one()
    assert postponed.id == loaded_demo.prepared.postponed_id
    invited = list(db.session.scalars(sa.select(Invitation).where(Invitation.activity_id == postponed.id)))
    assert {invitation.state for invitation in invited} >= {InvitationState.INVITED, InvitationState.COMING}
    about = sa.select(Message).join(MessageLine).join(Invitation).where(Invitation.activity_id == postponed.id)
    told = Counter(message.kind for message in db.session.scalars(about) if message.state is MessageState.SENT)
    reached = [invitation for invitation in invited if invitation.person.email]
    expected = [invitation for invitation in reached if invitation.state is not InvitationState.NOT_COMING]
    assert told == {MailKind.INVITATION: len(reached), MailKind.POSTPONEMENT: len(expected)}
    [need] = [need for need in overview.overview(now=LOADED_AT).needs if need.kind is NeedKind.NEW_DATE]
    assert [activity.title for activity, _count in need.parts] == ["Evaluasi kader Posyandu"]


def test_last_years_programme_was_held_with_attendance(loaded_demo):
    old = db.session.scalars(sa.select(Programme).order_by(Programme.starts_on)).first()
    assert old.starts_on.year in (2025, 2026)
    assert {activity.state for activity in old.activities} == {ActivityState.HELD}
    present = sa.select(sa.func.count()).where(Attendance.present)
    assert db.session.scalar(present) > 0


def test_a_day_of_last_year_was_recorded_by_two_devices_and_has_a_signed_list_to_compare(loaded_demo):
    [activity_id] = set(db.session.scalars(sa.select(SignedList.activity_id)))
    devices = db.session.execute(sa.select(Device.number, Device.name).order_by(Device.number)).all()
    assert devices == [(1, "HP Sari"), (2, "Tablet pintu 2")]
    kinds = {one.kind for row in scans.disagreements(activity_id) for one in row.conflicts}
    assert kinds == {ScanConflictKind.SAME_CODE, ScanConflictKind.UNDONE_ELSEWHERE}
    assert [scan.outcome for scan in scans.failed(activity_id)] == [ScanOutcome.FORGED]
    assert [bool(row.likely) for row in walk_ins.rows()[1]] == [True, False]
    found = paper.reconciliation(activity_id)
    assert (len(found.files), len(found.signed_only), len(found.ticked_only)) == (1, 1, 1)


def test_last_years_activity_has_certificates_one_corrected_and_one_revoked(loaded_demo):
    states = Counter(state.value for state in db.session.scalars(sa.select(Certificate.state)))
    assert (states["replaced"], states["revoked"], states["stands"] > 5) == (1, 1, True)


def test_last_years_activity_has_approved_minutes_with_tasks_one_overdue_and_one_done(loaded_demo):
    (made,) = db.session.scalars(sa.select(Minutes)).all()
    assert (made.state, [said.agrees for said in made.replies]) == (MinutesState.APPROVED, [True])
    rows = follow_ups.of_activity(made.activity_id, now=LOADED_AT)
    assert sorted((row.follow_up.state.value, row.overdue) for row in rows) == [
        ("done", False),
        ("open", False),
        ("open", True),
    ]


def test_nothing_is_waiting_or_failed(loaded_demo):
    states = set(db.session.scalars(sa.select(Message.state).where(Message.due_at <= LOADED_AT).distinct()))
    assert states == {MessageState.SENT, MessageState.SKIPPED}
    later = set(db.session.scalars(sa.select(Message.state).where(Message.due_at > LOADED_AT).distinct()))
    assert later <= {MessageState.DUE}  # a rung of today, for somebody who had a mail today


def test_there_are_three_accounts_and_the_database_has_no_passwords(loaded_demo):
    rows = db.session.execute(sa.select(User.email, AccountRole.name, User.password).join(User.roles)).all()
    assert {(row.email, row.name) for row in rows} == {
        (f"{role}@example.com", role) for role in ("administrator", "coordinator", "viewer")
    }
    assert all(row.password.startswith("$argon2") for row in rows)
    assert len({login.password for login in loaded_demo.prepared.logins}) == 3


def test_the_secret_is_readable_by_its_owner_only(loaded_demo):
    assert (loaded_demo.folder / "secret").stat().st_mode & 0o777 == 0o600


def test_the_next_port_is_used_if_one_is_in_use(capfd):
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert free_port("127.0.0.1", port) > port
    assert f"Port {port} is in use" in capfd.readouterr().err


def test_the_command_lists_its_subcommands():
    done = subprocess.run([sys.executable, "-m", "outreach", "--help"], capture_output=True, text=True, check=True)
    for name in ("init", "user", "db", "serve", "worker", "demo", "simulate"):
        assert f"  {name} " in done.stdout


def test_a_second_programme_of_26_drafts_is_ready_for_timetabling_with_three_facilitators(loaded_demo):
    drafts = loaded_demo.prepared.drafts
    activities = list(db.session.scalars(sa.select(Activity).filter_by(programme_id=drafts.programme_id)))
    assert {activity.state for activity in activities} == {ActivityState.DRAFT}
    assert len(activities) == 26
    assert len({_day(activity) for activity in activities}) == 9
    assert len({activity.region_code for activity in activities if activity.region_code}) == 22
    assert len(drafts.facilitators) == 3
    assert drafts.first in {activity.id for activity in activities}
    first_day = min(_day(activity) for activity in activities)
    assert first_day > max(_day(activity) for activity in _activities(loaded_demo.prepared.plan.community))


def test_the_demo_has_a_clash_in_one_kecamatan_and_one_of_travel_time(loaded_demo):
    found = clashing.everything(now=LOADED_AT).clashes
    assert {clash.severity for clash in found} == {Severity.WARN}
    kinds = [clash.kind for clash in found]
    assert (kinds.count(ClashKind.SAME_KECAMATAN), kinds.count(ClashKind.SPEAKER_TRAVEL)) == (1, 1)
    assert not set(kinds) & {ClashKind.SPEAKER_TWICE, ClashKind.VENUE_TAKEN, ClashKind.VENUE_ABSENT}


def test_a_speaker_is_away_and_a_hall_is_unavailable_every_monday(loaded_demo):
    cast = loaded_demo.prepared.cast
    [away] = absence_pages.entered(Subject(SubjectKind.PERSON, cast.people["kapolres"]), now=LOADED_AT)
    [taken] = absence_pages.entered(Subject(SubjectKind.VENUE, cast.halls["Aula Bappeda Kota Metro"]), now=LOADED_AT)
    assert (away.absent.whole_days, away.absent.repeats.value) == (True, "once")
    assert (taken.absent.first_on, taken.absent.repeats.value) == (date(2027, 1, 4), "weekly")


def test_a_speaker_and_an_acting_person_have_sent_slides_and_the_speaker_proposes_a_topic(loaded_demo):
    material, by_acting = db.session.scalars(sa.select(Material).order_by(Material.id))
    assert (by_acting.sent_by.acting, by_acting.activity.materials_published_at) == (True, None)
    assert material.person_id == loaded_demo.prepared.cast.people["psikolog"]
    assert (material.file.media_type, material.activity.materials_published_at) == ("application/pdf", None)
    assert db.session.scalars(sa.select(ProposedTopic.person_id)).all() == [material.person_id]


def test_one_recorded_answer_has_a_made_up_chat_as_evidence(loaded_demo):
    [found] = db.session.scalars(sa.select(AnswerEvidence))
    invitation = db.session.get(Invitation, found.invitation_id)
    assert (found.file.name, found.file.media_type) == ("percakapan-contoh.jpg", "image/jpeg")
    assert (invitation.state, invitation.answer_source) == (InvitationState.NOT_COMING, AnswerSource.WHATSAPP)


def test_one_date_poll_is_half_answered_and_one_became_an_activity(loaded_demo):
    by_state = {date_poll.state: date_poll for date_poll in db.session.scalars(sa.select(DatePoll))}
    assert set(by_state) == {PollState.OPEN, PollState.DECIDED}
    running = poll_pages.table(by_state[PollState.OPEN].id, now=LOADED_AT)
    assert (running.answered, len(running.invitees), running.takes_answers) == (4, 6, True)
    assert [bool(row.found.clashes) for row in running.rows].count(True) == 1  # the speaker is away then
    decided = by_state[PollState.DECIDED]
    assert decided.activity.state is ActivityState.DRAFT
    states = sa.select(Invitation.state).where(Invitation.activity_id == decided.activity_id)
    assert db.session.scalars(states).all() == [InvitationState.PREPARED] * 4
    [need] = [need for need in overview.overview(now=LOADED_AT).needs if need.kind is NeedKind.POLLS_RUN]
    assert [poll.title for poll in need.polls] == ["Rapat evaluasi lintas sektor"]


def test_the_cadre_whose_page_is_shown_has_not_answered(loaded_demo):
    """So that a newcomer has something to press."""
    plan = loaded_demo.prepared.plan
    shown = answers.first_cadre(plan.days[1])
    asked = sa.select(Invitation.state).where(
        Invitation.person_id == shown.id, Invitation.activity_id.in_(plan.activities)
    )
    assert set(db.session.scalars(asked)) == {InvitationState.INVITED}


@pytest.fixture
def kept_demo(tmp_path, upgraded_file, monkeypatch) -> Path:
    """The folder of a demo that was completed before."""
    folder = tmp_path / "demo"
    folder.mkdir()
    shutil.copy(upgraded_file, folder / "outreach.db")
    (folder / COMPLETE).touch()
    (folder / guide.FILE).write_text("{}")
    monkeypatch.setenv("OUTREACH_INSTANCE", str(tmp_path))
    return folder


def test_a_demo_of_a_newer_version_is_left_alone_with_a_sentence(kept_demo):
    with sqlite3.connect(kept_demo / "outreach.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    said = CliRunner().invoke(main, ["demo", "--port", str(free_port("127.0.0.1", 8000))])
    assert (said.exit_code, said.output) == (
        1, "Error: This demo was made by a newer version of Outreach. FRESH=1 (or --fresh) begins again.\n",
    )  # fmt: skip


def test_tables_of_a_newer_version_are_left_alone_with_a_sentence(kept_demo, monkeypatch):
    monkeypatch.setenv("OUTREACH_SECRET_KEY", "a" * 40)
    monkeypatch.setenv("OUTREACH_DATABASE_URL", f"sqlite:///{kept_demo / 'outreach.db'}")
    with sqlite3.connect(kept_demo / "outreach.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    said = CliRunner().invoke(main, ["db", "upgrade"])
    assert (said.exit_code, "made by a newer version" in said.output) == (1, True)


def test_the_guide_leaves_out_people_who_were_removed_in_the_demo(loaded_demo, tmp_path, capsys):
    guide.keep(tmp_path, loaded_demo.prepared)
    db.session.execute(sa.update(Person).where(Person.email == guide.SPEAKER).values(email="lain@example.com"))
    guide.show(tmp_path, "http://localhost:8000")
    said = capsys.readouterr().out
    db.session.rollback()
    assert "a cadre's answer page" in said
    assert "a speaker's" not in said


def test_a_representative_passed_it_on_and_the_next_one_confirmed(loaded_demo):
    passed = db.session.scalars(sa.select(ActingPerson).where(ActingPerson.position == 2)).one()
    assert (passed.acting, passed.post, passed.confirmed_at is not None) == (True, content.PASSED_ON[1], True)
    first = db.session.scalars(
        sa.select(ActingPerson).where(
            ActingPerson.invitation_id == passed.invitation_id, ActingPerson.ended_because == "passed_on"
        )
    ).one()
    assert first.post == "Kasi Intelijen Kejaksaan Negeri Metro"
