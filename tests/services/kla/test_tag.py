"""Activities are tagged one by one or many at once, also when they are over; copies keep their tags."""

from dataclasses import replace
from datetime import date

import pytest

from outreach.domain.activities.values import ActivityValues
from outreach.domain.states import ActivityState
from outreach.extensions import db
from outreach.models import Activity, AuditEntry
from outreach.queries.kla import year as pages
from outreach.services.activities import edit
from outreach.services.kla.tag import IndicatorUnknown, TagChange, tag
from outreach.services.locking import ActivityMissing
from outreach.services.programmes import copy
from tests.world import NOW, at, draft_activity, fresh, rows_of
from tests.world.held import held


def change(add=(), take=()):
    return TagChange(frozenset(add), frozenset(take))


def test_only_what_changes_is_written_and_logged(any_app, activity, coordinator):
    assert tag({activity.id: change(["21", "7"])}, by=coordinator, now=NOW) == 1
    assert tag({activity.id: change(["7"], ["3"])}, by=coordinator, now=NOW) == 0
    assert tag({activity.id: change(["12"], ["7"])}, by=coordinator, now=NOW) == 1
    assert fresh(activity).indicators == "12, 21"
    logged = [one.detail["changed"] for one in rows_of(AuditEntry) if one.action == "activity.indicators_set"]
    assert logged == [{"indicators": ["", "7, 21"]}, {"indicators": ["7, 21", "12, 21"]}]


def test_many_are_tagged_together_or_none(any_app, programme, hall, coordinator):
    ids = [draft_activity(programme, hall, day).id for day in (18, 19)]
    with pytest.raises(ActivityMissing):
        tag(dict.fromkeys([*ids, 9999], change(["7"])), by=coordinator, now=NOW)
    with pytest.raises(IndicatorUnknown):
        tag({ids[0]: change(["7"]), ids[1]: change(["99"])}, by=coordinator, now=NOW)
    assert [one.indicators for one in rows_of(Activity)] == ["", ""]
    assert tag(dict.fromkeys(ids, change(["7"])), by=coordinator, now=NOW) == 2
    assert pages.of_programme(programme.id).counts["7"] == 2


def test_an_activity_that_is_over_can_still_be_tagged(activity, coordinator):
    held(activity)
    assert tag({activity.id: change(["7"])}, by=coordinator, now=at(30)) == 1


def test_the_form_sets_tags_with_the_other_values(activity, coordinator):
    values = ActivityValues(**{name: getattr(activity, name) for name in ActivityValues.__dataclass_fields__})
    edit.edit_activity(activity.id, replace(values, indicators="7, 12"), activity.version, by=coordinator, now=NOW)
    assert fresh(activity).indicators == "7, 12"
    assert rows_of(AuditEntry)[-1].detail["changed"] == {"indicators": ["", "7, 12"]}


def test_a_copy_keeps_its_tags(programme, hall, coordinator):
    tag({draft_activity(programme, hall, 18).id: change(["7"])}, by=coordinator, now=NOW)
    made = copy.copy_programme(programme.id, date(2028, 1, 17), "Salinan", by=coordinator, now=NOW)
    assert [one.indicators for one in made.activities] == ["7"]


def test_held_ahead_and_cancelled_activities_are_told_apart(any_app, programme, hall, coordinator):
    over, ahead, off = (draft_activity(programme, hall, day) for day in (18, 25, 26))
    tag(dict.fromkeys([over.id, ahead.id, off.id], change(["7"])), by=coordinator, now=NOW)
    for one, state in ((over, ActivityState.PUBLISHED), (off, ActivityState.CANCELLED)):
        fresh(one).state = state
        db.session.commit()
    line = pages.kla_year(2027, now=at(20)).line("7")
    assert [one.activity.id for one in line.held] == [over.id]
    assert [one.activity.id for one in line.not_held] == [ahead.id]
    assert pages.kla_year(2028, now=at(20)).line("7").activities == ()
    assert pages.usual_year(now=at(20)) == 2027
