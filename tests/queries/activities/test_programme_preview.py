"""The clashes of several activities that would be created at once, found before any of them is stored."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from outreach.domain.activities.values import ActivityValues
from outreach.domain.clashes import find_resolutions
from outreach.domain.kinds import ActivityKind, Role
from outreach.domain.planning.rules import ClashKind
from outreach.domain.states import InvitationState
from outreach.extensions import db
from outreach.models import Absence, Activity, Invitation, Region, Venue
from outreach.queries.activities import programme_preview
from outreach.services.activities import community as community_activities
from outreach.services.planning.book import VenueTaken
from outreach.services.programmes import copy as copying
from outreach.services.programmes import edit as programmes
from outreach.services.programmes.edit import ProgrammeValues
from tests.world import JAKARTA, NOW, at, draft_activity

IN_PUSAT = ("18.72.01.1001", "18.72.01.1003")
PROGRAMME = ProgrammeValues("Empat hari", date(2027, 1, 18), date(2027, 1, 24), JAKARTA)


def values(day: int = 19, starts: int = 8, ends: int = 12, **more) -> ActivityValues:
    return ActivityValues(
        ActivityKind.COORDINATION, more.pop("title", "Rapat"), at(day, starts), at(day, ends), JAKARTA, **more
    )


def stored() -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(Activity)) or 0


def kinds(found) -> list[tuple[ClashKind, tuple[int, ...]]]:
    return [(clash.kind, clash.ids) for clash in found.clashes]


# a new programme


def test_a_new_programmes_activities_are_checked_against_each_other_and_the_plan(any_app, activity, hall):
    rows = {
        0: values(18, 11, 13, venue_id=hall.id),
        2: values(20, venue_id=hall.id),
        3: values(20, 9, 10, venue_id=hall.id),
    }
    found, ids = programme_preview.programme(PROGRAMME, rows, by="Dewi", now=NOW)
    assert ids == [programme_preview.id_of(number) for number in rows]
    first, third, fourth = ids
    assert kinds(found) == [
        (ClashKind.VENUE_TAKEN, (activity.id, first)),
        (ClashKind.NOON_BREAK, (first,)),
        (ClashKind.VENUE_TAKEN, (third, fourth)),
    ]
    assert stored() == 1


def test_the_preview_finds_what_creating_the_programme_refuses(any_app, activity, hall):
    taken = values(18, 11, 13, venue_id=hall.id)
    with pytest.raises(VenueTaken):
        programmes.create(PROGRAMME, [taken], by=None, now=NOW)
    found, _ids = programme_preview.programme(PROGRAMME, {0: taken}, by="Dewi", now=NOW)
    assert len(found.blocking) == 1


def test_a_resolution_stays_within_the_new_programmes_days(any_app, office):
    short = ProgrammeValues("Dua hari", date(2027, 1, 22), date(2027, 1, 23), JAKARTA)
    found, (id,) = programme_preview.programme(short, {0: values(23, 8, 10)}, by="Dewi", now=NOW)
    (weekend,) = found.clashes
    assert [resolution.starts_at for resolution in find_resolutions(found.plan, weekend, id)] == [at(22, 8)]


def test_a_valid_new_programme_has_no_clashes(any_app, activity, hall):
    found, _ids = programme_preview.programme(PROGRAMME, {0: values(19, venue_id=hall.id)}, by="Dewi", now=NOW)
    assert found.clashes == []


# one activity for each kelurahan


def test_each_kelurahans_activity_is_at_its_own_hall_if_known(any_app, regions, activity):
    first, second = db.session.get_one(Region, IN_PUSAT[0]), db.session.get_one(Region, IN_PUSAT[1])
    known = Venue(name=f"Balai Kelurahan {first.name}", region_code=first.code)
    db.session.add(known)
    db.session.commit()
    draft_activity(None, known, 19)
    found, ids = programme_preview.community(
        values(19, 9, 11), [first.code, second.code], programme_id=None, by="Dewi", now=NOW
    )
    assert [found.plan.activities[id].title for id in ids] == [f"Rapat {first.name}", f"Rapat {second.name}"]
    assert [(clash.kind, clash.place.name) for clash in found.clashes] == [(ClashKind.VENUE_TAKEN, known.name)]
    assert stored() == 2


def test_activities_of_one_kecamatan_may_be_created_at_one_time(any_app, regions):
    outreach = ActivityValues(ActivityKind.OUTREACH, "Sosialisasi", at(19, 9), at(19, 11), JAKARTA)
    codes = list(IN_PUSAT)
    assert programme_preview.community(outreach, codes, programme_id=None, by="Dewi", now=NOW)[0].clashes == []
    assert len(community_activities.create(outreach, codes, by=None, now=NOW)) == 2


# a copy


def test_a_copy_is_checked_with_its_invitees_on_its_new_days(any_app, programme, activity, ani, police, hall):
    hall.capacity = 3
    db.session.add_all(
        [
            Invitation(activity_id=activity.id, role=Role.CADRE, person_id=ani.id, state=InvitationState.NOT_COMING),
            Invitation(activity_id=activity.id, role=Role.PARTICIPANT, organisation_id=police.id, quota=3),
        ]
    )
    there = {"starts_at": at(25, 9), "ends_at": at(25, 10), "zone": "Asia/Jakarta", "source": "coordinator"}
    db.session.add(Absence(person=ani, **there))
    db.session.commit()
    previewed = programme_preview.copy(programme, date(2027, 1, 25), by="Dewi", now=NOW)
    assert [(clash.kind, clash.needed) for clash in previewed.found.clashes] == [
        (ClashKind.VENUE_TOO_SMALL, 4),  # people who declined are asked again
        (ClashKind.INVITEE_ABSENT, None),
    ]
    made = copying.copy_programme(programme.id, date(2027, 1, 25), "Salinan", by=None, now=NOW)
    assert [activity.title for activity in made.activities] == [
        previewed.found.plan.activities[id].title for id in previewed.ids
    ]


def test_for_a_copy_the_nearest_first_day_without_clashes_is_named(any_app, programme, activity, hall):
    previewed = programme_preview.copy(programme, date(2027, 1, 23), by="Dewi", now=NOW)  # a Saturday
    assert [clash.kind for clash in previewed.found.clashes] == [ClashKind.WEEKEND]
    assert previewed.better == date(2027, 1, 25)  # on Friday it would overlap the prayer
    assert programme_preview.copy(programme, date(2027, 1, 25), by="Dewi", now=NOW).better is None
    draft_activity(None, hall, 25)
    assert programme_preview.copy(programme, date(2027, 1, 23), by="Dewi", now=NOW).better == date(2027, 1, 21)


def test_if_something_blocks_a_first_day_with_only_a_warning_is_offered_too(any_app, programme, activity, hall):
    db.session.add(
        Absence(
            venue=hall, starts_at=at(1), ends_at=at(1) + timedelta(days=60), zone="Asia/Jakarta", source="coordinator"
        )
    )
    db.session.commit()
    assert programme_preview.copy(programme, date(2027, 1, 25), by="Dewi", now=NOW).better is None
    db.session.query(Absence).delete()
    activity.venue_id = None
    draft_activity(None, hall, 25)
    db.session.commit()
    previewed = programme_preview.copy(programme, date(2027, 1, 25), by="Dewi", now=NOW)
    assert (previewed.found.clashes, previewed.better) == ([], None)
