"""Clashes of saved activities, of unsaved changes and of new invitees, and which of them are refused."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from outreach.domain.activities.values import ActivityValues, Move
from outreach.domain.kinds import ActivityKind, Role
from outreach.domain.planning.rules import ClashKind, Severity
from outreach.domain.states import ActivityState
from outreach.extensions import db
from outreach.models import Activity, Programme, Venue
from outreach.queries import clashes as clash_pages
from outreach.queries.overview import clash_counts
from outreach.queries.overview.clash_counts import ClashCounts
from outreach.services.activities import move as moves
from outreach.services.activities import projected
from outreach.services.planning import checks as plan_checks
from outreach.services.planning import clashes as clashing
from outreach.services.planning import load as plans
from outreach.services.planning.checks import PlanBlocked
from outreach.transactions import writing
from tests.world import JAKARTA, NOW, an_absence, an_invitation, at, draft_activity, set_severities


def kinds(found: clashing.FoundClashes) -> list[ClashKind]:
    return [clash.kind for clash in found.clashes]


def values(**more) -> ActivityValues:
    return ActivityValues(
        **{
            "kind": ActivityKind.COORDINATION,
            "title": "Rapat",
            "starts_at": at(19, 9),
            "ends_at": at(19, 10),
            "zone": JAKARTA,
            **more,
        }
    )


def shift(activity, starts_at, ends_at) -> None:
    """Give an activity another time, as a service that checks for new clashes."""
    with writing() as session:
        before = plan_checks.before(session, [activity.id])
        row = session.get_one(Activity, activity.id)
        row.starts_at, row.ends_at = starts_at, ends_at
        plan_checks.refuse_blocking(session, [activity.id], before=before, now=NOW)


def test_a_valid_plan_has_no_clashes(any_app, activity):
    assert clash_pages.of_activities([activity.id], now=NOW).clashes == []
    assert clashing.everything(now=NOW).clashes == []


def test_an_activity_gets_only_its_own_clashes_and_its_resolutions_use_the_days_ahead(
    any_app, activity, hall, programme
):
    activity.starts_at, activity.ends_at = at(18, 6), at(18, 8)
    weekend = draft_activity(None, None, 23)
    db.session.commit()
    found = clash_pages.of_activities([activity.id], now=NOW)
    assert kinds(found) == [ClashKind.OUTSIDE_HOURS]
    assert weekend.id in found.plan.activities
    assert kinds(clashing.everything(now=NOW)) == [ClashKind.OUTSIDE_HOURS, ClashKind.WEEKEND]


def test_a_new_activity_is_checked_before_it_is_saved(any_app, activity, hall):
    wanted = projected.new(
        values(starts_at=at(18, 11), ends_at=at(18, 13), venue_id=hall.id), programme_id=None, by="Dewi", now=NOW
    )
    found = clashing.preview_saved(wanted, now=NOW)
    assert kinds(found) == [ClashKind.VENUE_TAKEN, ClashKind.NOON_BREAK]
    assert found.clashes[0].other(projected.UNSAVED).id == activity.id
    assert kinds(clashing.preview_saved(replace(wanted, venue_id=None), now=NOW)) == [ClashKind.NOON_BREAK]


def test_an_edit_is_refused_only_for_new_clashes(any_app, activity, hall):
    saturday = draft_activity(None, hall, 23)
    same = values(starts_at=at(23, 8), ends_at=at(23, 12), venue_id=hall.id, title="Other words")
    assert kinds(clashing.preview_saved(projected.edited(saturday.id, same, now=NOW), now=NOW)) == []
    sunday = values(starts_at=at(24, 8), ends_at=at(24, 12), venue_id=hall.id)
    assert kinds(clashing.preview_saved(projected.edited(saturday.id, sunday, now=NOW), now=NOW)) == [ClashKind.WEEKEND]


def test_a_move_is_checked_and_on_another_day_the_clash_is_new(any_app, activity, hall):
    activity.state, activity.told_at = ActivityState.PUBLISHED, NOW
    db.session.commit()
    later = NOW + timedelta(days=12)  # Saturday the 16th
    there = Move(at(18, 13), at(18, 15), JAKARTA, hall.id)
    assert kinds(moves.brought(activity.id, there, now=later)) == []
    there = Move(at(19, 8), at(19, 12), JAKARTA, hall.id)
    assert kinds(moves.brought(activity.id, there, now=later)) == [ClashKind.SHORT_NOTICE]


def test_an_absent_or_busy_person_is_found_before_the_invitation(any_app, activity, ani, budi, hall):
    an_absence(starts_at=at(18, 10), ends_at=at(18, 11), person=ani)
    other_activity = draft_activity(None, None, 18)
    an_invitation(other_activity, budi, Role.SPEAKER)
    found = clash_pages.preview_invited([activity.id], Role.SPEAKER, person_ids=[ani.id, budi.id], now=NOW)
    assert {(clash.kind, clash.party.name) for clash in found.clashes} == {
        (ClashKind.SPEAKER_ABSENT, "Ani Wijaya"),
        (ClashKind.SPEAKER_TWICE, "Budi Santoso"),
    }
    found = clash_pages.preview_invited([activity.id], Role.CADRE, person_ids=[ani.id], now=NOW)
    assert [(clash.kind, clash.severity) for clash in found.clashes] == [(ClashKind.INVITEE_ABSENT, Severity.WARN)]


def test_an_absent_office_is_found_before_the_invitation(any_app, activity, police):
    assert clash_pages.preview_invited([activity.id], Role.PARTICIPANT, quotas={police.id: 2}, now=NOW).clashes == []
    an_absence(starts_at=at(18, 10), ends_at=at(18, 11), organisation=police)
    found = clash_pages.preview_invited([activity.id], Role.PARTICIPANT, quotas={police.id: 2}, now=NOW)
    assert kinds(found) == [ClashKind.INVITEE_ABSENT]


def test_more_invitees_than_the_halls_seats_are_found_before_the_invitation(any_app, activity, ani, budi, police, hall):
    hall.capacity = 5
    db.session.commit()
    an_invitation(activity, ani, Role.CADRE)
    asked = {"person_ids": [ani.id, budi.id], "now": NOW}
    assert (
        clash_pages.preview_invited([activity.id], Role.PARTICIPANT, **asked).clashes == []
    )  # Ani has her seat already
    assert clash_pages.preview_invited([activity.id], Role.PARTICIPANT, quotas={police.id: 4}, now=NOW).clashes == []
    (small,) = clash_pages.preview_invited([activity.id], Role.PARTICIPANT, quotas={police.id: 5}, now=NOW).clashes
    assert (small.kind, small.needed, small.there) == (ClashKind.VENUE_TOO_SMALL, 6, 5)


def test_an_edit_counts_only_the_seats_that_it_adds(any_app, activity, ani, budi, police, hall):
    hall.capacity, activity.capacity = 1, 1
    db.session.commit()
    an_invitation(activity, ani, Role.CADRE)
    an_invitation(activity, budi, Role.CADRE)
    same = {"starts_at": at(18), "ends_at": at(18, 12), "venue_id": hall.id}
    open_ended = projected.edited(activity.id, values(**same, capacity=None), now=NOW)
    (small,) = clashing.preview_saved(open_ended, now=NOW).clashes
    assert (small.kind, small.needed, small.is_of_seats) == (ClashKind.VENUE_TOO_SMALL, 2, False)
    assert (
        kinds(clashing.preview_saved(projected.edited(activity.id, values(**same, capacity=1), now=NOW), now=NOW)) == []
    )


def test_a_new_activity_of_a_past_programme_lies_outside_it(any_app, office):
    over = Programme(title="Tahun lalu", starts_on=date(2026, 1, 5), ends_on=date(2026, 1, 8), zone=JAKARTA)
    db.session.add(over)
    db.session.commit()
    wanted = projected.new(values(), programme_id=over.id, by="Dewi", now=NOW)
    assert kinds(clashing.preview_saved(wanted, now=NOW)) == [ClashKind.OUTSIDE_PROGRAMME]


def test_a_kecamatan_is_found_with_its_name(any_app, programme, hall):
    for _ in range(2):
        draft_activity(programme, None, 18, kind=ActivityKind.OUTREACH, region_code="18.72.01.1003")
    found = clashing.everything(now=NOW)
    assert kinds(found) == [ClashKind.SAME_KECAMATAN]
    assert found.kecamatan == {"18.72.01": "Metro Pusat"}


def test_a_new_clash_that_the_office_blocks_is_refused(any_app, activity, hall):
    an_absence(venue=hall, starts_at=at(19), ends_at=at(20))
    with pytest.raises(PlanBlocked) as refused:
        shift(activity, at(19, 8), at(19, 12))
    assert (refused.value.clash.kind, refused.value.field) == (ClashKind.VENUE_ABSENT, "venue_id")
    assert db.session.get_one(Activity, activity.id).starts_at == at(18, 8)


def test_an_existing_clash_does_not_block_an_edit(any_app, activity, hall):
    an_absence(venue=hall, starts_at=at(18), ends_at=at(19))
    with writing() as session:
        before = plan_checks.before(session, [activity.id])
        session.get_one(Activity, activity.id).title = "Other words"
        plan_checks.refuse_blocking(session, [activity.id], before=before, now=NOW)
    assert db.session.get_one(Activity, activity.id).title == "Other words"
    with pytest.raises(PlanBlocked), writing() as session:
        plan_checks.refuse_blocking(session, [activity.id], now=NOW)  # as publishing asks: for all that is found


def test_a_clash_that_only_warns_is_not_refused(any_app, activity):
    with writing() as session:
        row = session.get_one(Activity, activity.id)
        row.starts_at, row.ends_at = at(18, 6), at(18, 8)
        plan_checks.refuse_blocking(session, [activity.id], now=NOW)
    set_severities(outside_hours=Severity.BLOCK)
    with pytest.raises(PlanBlocked) as refused, writing() as session:
        plan_checks.refuse_blocking(session, [activity.id], now=NOW)
    assert (refused.value.clash.kind, refused.value.field) == (ClashKind.OUTSIDE_HOURS, "starts_at")
    set_severities(outside_hours=Severity.IGNORE)
    assert clashing.everything(now=NOW).clashes == []


def test_a_move_from_one_day_off_to_another_gives_a_new_clash(any_app, activity):
    set_severities(weekend=Severity.BLOCK, outside_programme=Severity.IGNORE)
    activity.starts_at, activity.ends_at = at(23, 8), at(23, 12)
    db.session.commit()
    with pytest.raises(PlanBlocked):
        shift(activity, at(24, 8), at(24, 12))


def test_the_start_page_counts_clashes(any_app, activity, hall, monkeypatch):
    monkeypatch.setattr(clash_counts, "CHEAP_S", 60.0)  # however slow the machine is just now
    assert clash_counts.counts(now=NOW) == ClashCounts()
    an_absence(starts_at=at(18, 10), ends_at=at(18, 11), venue=hall)
    draft_activity(None, None, 23)
    assert clash_counts.counts(now=NOW) == ClashCounts(blocking=1, warnings=1)


def test_a_slow_count_is_cached_longer(any_app, activity, hall, monkeypatch):
    monkeypatch.setattr(clash_counts, "CHEAP_S", 0.0)
    assert clash_counts.counts(now=NOW) == ClashCounts()
    an_absence(starts_at=at(18, 10), ends_at=at(18, 11), venue=hall)
    assert clash_counts.counts(now=NOW + timedelta(seconds=2)) == ClashCounts()
    assert clash_counts.counts(now=NOW + timedelta(minutes=6)) == ClashCounts(blocking=1)


def test_links_lead_to_the_invitations_of_the_named_people(any_app, activity, ani, budi, queries):
    an_invitation(activity, ani, Role.SPEAKER)
    plan = plans.load(now=NOW)
    party = plan.activities[activity.id].engagements[0].party
    assert list(clash_pages.invitations_of([(activity.id, party)])) == [(activity.id, party)]
    assert clash_pages.invitations_of([]) == {}


def test_a_too_small_venue_is_found(any_app, activity, ani, budi):
    small = Venue(name="Ruang kecil", capacity=1)
    db.session.add(small)
    activity.venue = small
    for person in (ani, budi):
        an_invitation(activity, person, Role.CADRE)
    found = clash_pages.of_activities([activity.id], now=NOW).clashes
    assert [(clash.kind, clash.needed, clash.there) for clash in found] == [(ClashKind.VENUE_TOO_SMALL, 2, 1)]
