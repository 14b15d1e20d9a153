"""Applying a proposal: all or part of it in one transaction, and nothing if the plan has changed meanwhile."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from outreach.domain.kinds import MailKind, Role
from outreach.domain.ladder.rungs import LadderName, RungKind, RungRule, RungState, RungTiming
from outreach.domain.planning.parties import AbsenceSource
from outreach.domain.planning.rules import ClashKind, Severity
from outreach.domain.states import ActivityState, InvitationState, SearchState
from outreach.extensions import db
from outreach.models import (
    Absence,
    Activity,
    AuditEntry,
    Invitation,
    Reminder,
    Rung,
    SpeakerBooking,
    TimetablingSearch,
)
from outreach.queries import timetabling as timetabling_pages
from outreach.services.activities import publish as publishing
from outreach.services.activities.publish import ReasonMissing
from outreach.services.invitations import invite as inviting
from outreach.services.ladder import climb, edit
from outreach.services.office import planning_rules as office_planning_rules
from outreach.services.planning.checks import PlanBlocked
from outreach.services.planning.rules import PlanValues
from outreach.services.reminders import rules
from outreach.services.reminders import tick as reminding
from outreach.services.timetabling import apply as applying
from outreach.transactions import writing
from tests.support.copied import copied
from tests.world import NOW, at, draft_activity, publish
from tests.world.timetabling import a_request, community, facilitators, lines_of, searched, speakers_of, three_at_once


@copied
def proposed(any_app, office, coordinator):
    """Three simultaneous drafts, and the proposal for them with three facilitators."""
    return searched(a_request(three_at_once(), facilitators()))


def test_the_whole_proposal_is_applied_and_its_facilitators_are_invited(proposed, coordinator):
    lines = lines_of(proposed)
    seen = applying.preview(proposed, lines, now=NOW)
    assert (seen.may, seen.needs_reason, seen.tells, seen.changed, seen.blocking) == (True, False, False, (), [])
    applying.apply(proposed.id, lines, by=coordinator, now=NOW)
    for line in lines.values():
        activity = db.session.get(Activity, line.id)
        assert (activity.starts_at, activity.ends_at) == (line.after.starts_at, line.after.ends_at)
        assert activity.state is ActivityState.DRAFT
        assert speakers_of(line.id) == {name for _id, name in line.after.people}
    assert db.session.scalar(sa.select(sa.func.count()).select_from(SpeakerBooking)) == 3
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Reminder)) == 0  # drafts: nobody is notified
    assert timetabling_pages.get(proposed.id).state is SearchState.TAKEN
    said = set(db.session.scalars(sa.select(AuditEntry.action).where(AuditEntry.user_id == coordinator.id)))
    assert {"placement.taken", "activity.edited", "activity.invited"} <= said


def test_a_part_can_be_applied_and_the_rest_later(proposed, coordinator):
    lines = lines_of(proposed)
    first, *rest = lines
    result = applying.apply(proposed.id, [first], by=coordinator, now=NOW)
    assert result.taken == {first}
    assert {line.id for line in result.open} == set(rest)
    assert timetabling_pages.get(proposed.id).state is SearchState.DONE
    with pytest.raises(applying.NothingTicked):
        applying.apply(proposed.id, [first], by=coordinator, now=NOW)
    applying.apply(proposed.id, lines, by=coordinator, now=NOW)
    assert timetabling_pages.get(proposed.id).state is SearchState.TAKEN


def test_ticked_activities_must_belong_to_the_proposal(proposed):
    for ids in ([], [999_999]):
        with pytest.raises(applying.NothingTicked):
            applying.preview(proposed, ids, now=NOW)


def test_nothing_is_applied_if_one_activity_was_changed_meanwhile(proposed, coordinator):
    lines = lines_of(proposed)
    changed = db.session.get(Activity, next(iter(lines)))
    with writing() as session:
        session.get(Activity, changed.id).title = "Diubah orang lain"
    seen = applying.preview(timetabling_pages.get(proposed.id), lines, now=NOW)
    assert [line.id for line in seen.changed] == [changed.id]
    assert not seen.may
    with pytest.raises(applying.ChangedMeanwhile, match=lines[changed.id].title):
        applying.apply(proposed.id, lines, by=coordinator, now=NOW)
    assert set(db.session.scalars(sa.select(Activity.starts_at))) == {at(18, 9)}
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Invitation)) == 0
    others = [id for id in lines if id != changed.id]
    applying.apply(proposed.id, others, by=coordinator, now=NOW)


def test_nothing_is_applied_if_one_activity_was_deleted_meanwhile(proposed, coordinator):
    lines = lines_of(proposed)
    with writing() as session:
        session.delete(session.get(Activity, next(iter(lines))))
    assert len(applying.preview(timetabling_pages.get(proposed.id), lines, now=NOW).changed) == 1
    with pytest.raises(applying.ChangedMeanwhile):
        applying.apply(proposed.id, lines, by=coordinator, now=NOW)


def test_nothing_is_applied_if_a_new_booking_clashes(any_app, office, coordinator):
    """Somebody else books the facilitator at the proposed time."""
    [facilitator, *_rest] = facilitators()
    proposed = searched(a_request([community("Metro", "18.72.01.1001")], [facilitator]))
    [line] = lines_of(proposed).values()
    other_activity = draft_activity(None, None, 18, starts_at=line.after.starts_at, ends_at=line.after.ends_at,
                           registration_at=None, title="Acara lain")  # fmt: skip
    inviting.invite_people([other_activity.id], [facilitator.id], Role.SPEAKER, by=coordinator, now=NOW)
    seen = applying.preview(timetabling_pages.get(proposed.id), [line.id], now=NOW)
    assert [clash.kind for clash in seen.blocking] == [ClashKind.SPEAKER_TWICE]
    assert not seen.may
    with pytest.raises(Exception, match="Acara lain"):
        applying.apply(proposed.id, [line.id], by=coordinator, now=NOW)
    assert speakers_of(line.id) == set()
    assert timetabling_pages.get(proposed.id).state is SearchState.DONE


def test_a_part_that_clashes_with_the_unticked_rest_is_refused(any_app, office, coordinator):
    """Two activities may not share a kecamatan and half day: one moves to the place of another, which is not ticked."""
    office_planning_rules.save(PlanValues({ClashKind.SAME_KECAMATAN: Severity.BLOCK}), by=None, now=NOW)
    activity = community("Metro", "18.72.01.1001", 18, 9)
    other_activity = community("Imopuro", "18.72.01.1003", 19, 9)
    asked = a_request([activity, other_activity])
    lines = (
        replace(asked.lines[0], first_on=at(19).date(), last_on=at(19).date()),
        replace(asked.lines[1], first_on=at(18).date(), last_on=at(18).date()),
    )
    proposed = searched(replace(asked, lines=lines))
    changes = lines_of(proposed)
    same_half = {line.after.starts_at.astimezone(at(18).tzinfo).hour < 12 for line in changes.values()}
    assert same_half == {True}  # each keeps its hour and gets the other's day
    seen = applying.preview(proposed, [activity.id], now=NOW)
    assert [clash.kind for clash in seen.blocking] == [ClashKind.SAME_KECAMATAN]
    with pytest.raises(PlanBlocked):
        applying.apply(proposed.id, [activity.id], by=coordinator, now=NOW)
    applying.apply(proposed.id, [activity.id, other_activity.id], by=coordinator, now=NOW)
    assert db.session.get(Activity, other_activity.id).starts_at == changes[other_activity.id].after.starts_at


def test_two_activities_swap_days_in_one_hall_in_one_transaction(any_app, office, hall, coordinator):
    activity = draft_activity(None, hall, 18, registration_at=None)
    other_activity = draft_activity(None, hall, 19, registration_at=None)
    asked = a_request([activity, other_activity])
    days = (at(19).date(), at(18).date())
    lines = tuple(replace(line, first_on=day, last_on=day) for line, day in zip(asked.lines, days, strict=True))
    proposed = searched(replace(asked, lines=lines))
    applying.apply(proposed.id, [activity.id, other_activity.id], by=coordinator, now=NOW)
    assert [db.session.get(Activity, id).starts_at.date() for id in (activity.id, other_activity.id)] == list(days)
    assert all(db.session.scalars(sa.select(Activity.holds_venue)))


def test_published_activities_move_with_a_reason_and_notify_everybody_notified_before(
    any_app, office, coordinator, ani
):
    rules.install_defaults(now=NOW)
    activities, people = three_at_once(), facilitators()
    inviting.invite_people([meeting.id for meeting in activities], [ani.id], Role.CADRE, by=coordinator, now=NOW)
    publish(*activities, tick=False)
    db.session.execute(sa.update(Invitation).values(state=InvitationState.INVITED, invited_at=NOW))
    db.session.commit()
    asked = a_request(activities, people)
    proposed = searched(asked)
    lines = lines_of(proposed)
    moved = [line for line in lines.values() if line.is_moved]
    assert moved
    assert len(moved) < 3  # one of the three can stay, and its people count as notified
    seen = applying.preview(proposed, lines, now=NOW)
    assert (seen.needs_reason, seen.tells, seen.may) == (True, True, True)
    assert [line.id for line, _forecast in seen.forecasts] == [line.id for line in moved]
    assert all(forecast.rows[0].kind is MailKind.CHANGE for _line, forecast in seen.forecasts)
    with pytest.raises(ReasonMissing):
        applying.apply(proposed.id, lines, reason=" ", by=coordinator, now=NOW)
    applying.apply(proposed.id, lines, reason="Tiga fasilitator bergiliran", by=coordinator, now=NOW)
    told = db.session.scalars(sa.select(Reminder).where(Reminder.kind == MailKind.CHANGE)).all()
    assert {notice.activity_id for notice in told} == {line.id for line in moved}
    assert {notice.detail["reason"] for notice in told} == {"Tiga fasilitator bergiliran"}
    for line in lines.values():
        activity = db.session.get(Activity, line.id)
        assert activity.sequence == (1 if line.is_moved else 0)
        assert speakers_of(line.id) == {name for _id, name in line.after.people}


def test_the_preview_names_the_rungs_that_ladders_have_after_the_proposal_is_taken(any_app, office, coordinator, ani):
    for name in (LadderName.CADRES, LadderName.SPEAKERS):
        rungs = [
            RungRule(RungKind.CALL, RungTiming.AFTER_INVITATION, 3),
            RungRule(RungKind.CALL, RungTiming.BEFORE_START, 2),
        ]
        edit.save(name, rungs, by=coordinator, now=NOW)
    activities, people = three_at_once(), facilitators()
    inviting.invite_people([meeting.id for meeting in activities], [ani.id], Role.CADRE, by=coordinator, now=NOW)
    publish(*activities)
    climb.tick(NOW)
    proposed = searched(a_request(activities, people))
    lines, now = lines_of(proposed), at(5)
    said = applying.preview(proposed, lines, now=now).rungs
    applying.apply(proposed.id, lines, reason="Bergiliran", by=coordinator, now=now)
    for when in (now, now + timedelta(minutes=1)):
        reminding.tick(when)
        climb.tick(when)
    waiting = db.session.execute(
        sa.select(Activity.title, Invitation.role, Rung.due_at)
        .join(Rung.invitation)
        .join(Invitation.activity)
        .where(Rung.state == RungState.WAITING)
    ).all()
    ladders = {Role.CADRE: LadderName.CADRES, Role.SPEAKER: LadderName.SPEAKERS}
    assert {line.is_moved for line in lines.values()} == {True, False}
    assert {role for _title, role, _due_at in waiting} == set(ladders)
    assert sorted((row.activity_title, row.ladder, row.due_at) for row in said for _one in range(row.people)) == sorted(
        (title, ladders[role], due_at) for title, role, due_at in waiting
    )


def test_a_replaced_facilitators_invitation_is_withdrawn(any_app, office, coordinator):
    """Citra is away on all remaining days, so another facilitator replaces her."""
    people = facilitators()
    activity = community("Metro", "18.72.01.1001")
    inviting.invite_people([activity.id], [people[0].id], Role.SPEAKER, by=coordinator, now=NOW)
    db.session.add(
        Absence(person_id=people[0].id, starts_at=at(17), ends_at=at(24), zone="Asia/Jakarta", whole_days=True,
                source=AbsenceSource.COORDINATOR)
    )  # fmt: skip
    db.session.commit()
    proposed = searched(a_request([activity], people))
    [line] = lines_of(proposed).values()
    assert [name for _id, name in line.let_go] == ["Citra Fasilitator"]
    applying.apply(proposed.id, [activity.id], by=coordinator, now=NOW)
    assert speakers_of(activity.id) == {name for _id, name in line.after.people}
    assert "Citra Fasilitator" not in speakers_of(activity.id)


def test_the_preview_shows_order_problems_caused_by_applying_a_part(any_app, office):
    first, second = community("Metro", "18.72.01.1001", 18), community("Yosodadi", "18.72.04.1001", 19)
    proposed = searched(a_request([first, second], order=((second.id, first.id),), first_on=date(2027, 1, 20)), now=NOW)
    assert applying.preview(proposed, [first.id, second.id], now=NOW).out_of_order == ()
    assert applying.preview(proposed, [second.id], now=NOW).out_of_order == ()
    seen = applying.preview(proposed, [first.id], now=NOW)
    assert (seen.out_of_order, seen.may) == ((("Yosodadi", "Metro"),), True)


def test_a_proposed_time_that_has_passed_meanwhile_is_refused(proposed, coordinator):
    lines = lines_of(proposed)
    late = max(line.after.starts_at for line in lines.values()) + timedelta(hours=1)
    with pytest.raises(publishing.InThePast):
        applying.apply(proposed.id, lines, by=coordinator, now=late)


def test_notice_of_another_day_counts_only_from_when_the_proposal_is_applied(any_app, office, coordinator):
    activity = community("Metro", "18.72.01.1001")
    publish(activity, tick=False)
    proposed = searched(a_request([activity], first_on=date(2027, 1, 20)))
    later = NOW + timedelta(hours=1)
    applying.apply(proposed.id, [activity.id], reason="Aula dipakai", by=coordinator, now=later)
    assert db.session.get(Activity, activity.id).told_at == later  # notice is counted from then


def test_nothing_is_applied_while_the_search_runs(proposed, coordinator):
    with writing() as session:
        running = session.get(TimetablingSearch, proposed.id)
        running.state, running.beat_at = SearchState.RUNNING, NOW
    with pytest.raises(applying.StillSearching):
        applying.apply(proposed.id, lines_of(proposed), by=coordinator, now=NOW)
    assert set(db.session.scalars(sa.select(Activity.starts_at))) == {at(18, 9)}


def test_previewing_many_takes_as_many_queries_as_one(proposed, queries):
    lines = list(lines_of(proposed))
    counts = []
    for ids in (lines[-1:], lines):
        db.session.rollback()
        search = timetabling_pages.get(proposed.id)
        counts.append(queries(lambda ids=ids, search=search: applying.preview(search, ids, now=NOW)))
    assert counts[0] == counts[1]
    assert len(lines) == 3
