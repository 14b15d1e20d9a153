"""Clashes are shown in forms before saving, on pages of activities and programmes, and before mails are sent."""

import re
from dataclasses import replace

import pytest

from outreach.domain.kinds import Role
from outreach.domain.planning.rules import ClashKind, Severity
from outreach.domain.states import ActivityState, InvitationState
from outreach.extensions import db
from outreach.models import Activity, Invitation
from outreach.services.office import planning_rules as office_planning_rules
from outreach.services.planning import rules as planning_rules
from tests.web.clash_help import NEW, activities, button, filled
from tests.web.reading import fields, text_of
from tests.world import NOW, an_absence, at, draft_activity

pytestmark = pytest.mark.usefixtures("clock_stands")


def test_a_form_without_clashes_is_saved_at_once(coordinator_client, office):
    assert coordinator_client.post("/activities/new", data=NEW).status_code == 302
    assert activities() == 1


def test_a_warning_is_shown_first_and_saved_after_confirmation(coordinator_client, office):
    data = NEW | {"on": "2027-01-23"}
    answer = coordinator_client.post("/activities/new", data=data)
    assert answer.status_code == 200
    assert "Nothing is saved yet." in text_of(answer.text)
    assert "Saturday, 23 January 2027 is at the weekend." in text_of(answer.text)
    assert activities() == 0
    seen = button(answer.text, "Save all the same")
    assert coordinator_client.post("/activities/new", data=data | {"seen": seen}).status_code == 302
    assert activities() == 1


def test_another_warning_is_shown_before_it_is_saved(coordinator_client, office):
    seen = button(coordinator_client.post("/activities/new", data=NEW | {"on": "2027-01-23"}).text, "Save all the same")
    answer = coordinator_client.post("/activities/new", data=NEW | {"begins": "05:00", "seen": seen})
    assert "Office hours on Monday, 18 January 2027 are 07:30 to 16:00." in text_of(answer.text)
    assert activities() == 0


def test_a_resolution_fills_the_form_and_keeps_the_input(coordinator_client, office):
    data = NEW | {"on": "2027-01-23", "title": "Kegiatan Sabtu"}
    answer = coordinator_client.post("/activities/new", data=data)
    resolution = button(answer.text, "Move it to Mon, 25 Jan 2027, 13:00 WIB")
    answer = coordinator_client.post("/activities/new", data=data | {"way": resolution})
    assert answer.status_code == 200
    again = fields(answer.text)
    assert (again["on"], again["begins"], again["title"]) == (["2027-01-25"], ["13:00"], ["Kegiatan Sabtu"])
    assert activities() == 0
    kept = {name: found[0] for name, found in again.items()}
    assert coordinator_client.post("/activities/new", data=kept).status_code == 302


@pytest.mark.parametrize("resolution", ["", "on=x", "title=Dirusak&csrf_token=1", "%00", "on=2027-01-25&on=2027-01-26"])
def test_a_manipulated_resolution_breaks_nothing(coordinator_client, office, resolution):
    answer = coordinator_client.post("/activities/new", data=NEW | {"way": resolution})
    assert answer.status_code == 200
    assert fields(answer.text)["title"] == ["Rapat"]


def test_a_blocking_clash_is_shown_at_its_field_with_resolutions(coordinator_client, activity, hall, office):
    data = NEW | {"begins": "11:00", "venue_id": hall.id}
    answer = coordinator_client.post("/activities/new", data=data)
    assert answer.status_code == 422
    assert "Aula Bappeda is taken until" in text_of(answer.text)
    resolution = button(answer.text, "Move it to Mon, 18 Jan 2027, 12:00 WIB")
    assert fields(coordinator_client.post("/activities/new", data=data | {"way": resolution}).text)["begins"] == [
        "12:00"
    ]
    assert activities() == 1


def test_a_venues_absence_is_shown_at_the_venue(coordinator_client, hall, office):
    an_absence(venue=hall, starts_at=at(18), ends_at=at(19), reason="Direnovasi")
    answer = coordinator_client.post("/activities/new", data=NEW | {"venue_id": hall.id})
    assert answer.status_code == 422
    error = re.search(r'id="venue_id-error">(.*?)</div>', answer.text, re.S)[1]
    assert "Aula Bappeda is not available" in error
    assert "Direnovasi" in error
    assert "Your office does not allow that" in error


def test_an_edit_warns_only_of_new_clashes(coordinator_client, programme, hall):
    saturday = draft_activity(None, hall, 23)
    address = f"/activities/{saturday.id}/edit"
    data = filled(coordinator_client, address, title="Kata lain")
    assert coordinator_client.post(address, data=data).status_code == 302
    data = filled(coordinator_client, address, on="2027-01-24")
    answer = coordinator_client.post(address, data=data)
    assert "Sunday, 24 January 2027 is at the weekend." in text_of(answer.text)
    data["seen"] = button(answer.text, "Save all the same")
    assert coordinator_client.post(address, data=data).status_code == 302
    assert db.session.get_one(Activity, saturday.id).starts_at == at(24, 8)


def test_the_pages_of_an_activity_and_its_programme_show_clashes_briefly(coordinator_client, activity, programme, hall):
    own, its = f"/activities/{activity.id}", f"/programmes/{programme.id}"
    assert "All clashes" not in coordinator_client.get(own).text
    an_absence(venue=hall, starts_at=at(18, 0), ends_at=at(19, 0))
    for address in (own, its):
        said = text_of(coordinator_client.get(address).text)
        assert "One thing clashes" in said
        assert "Aula Bappeda is not available: Monday, 18 January 2027." in said
    assert f'href="/findings?programme={programme.id}"' in coordinator_client.get(its).text


def test_new_clashes_are_shown_before_a_move(coordinator_client, activity, programme, hall, office):
    office_planning_rules.save(
        replace(planning_rules.values(), severities={ClashKind.OUTSIDE_PROGRAMME: Severity.IGNORE}), by=None, now=NOW
    )
    activity.state, activity.told_at = ActivityState.PUBLISHED, NOW
    db.session.commit()
    address = f"/activities/{activity.id}/move"
    data = filled(coordinator_client, address, on="2027-01-23", reason="Bentrok")
    answer = coordinator_client.post(address, data=data)
    assert "Saturday, 23 January 2027 is at the weekend." in text_of(answer.text)
    assert "Move it?" in answer.text
    resolution = button(answer.text, "Move it to Mon, 25 Jan 2027, 08:00 WIB")
    again = fields(coordinator_client.post(address, data=data | {"way": resolution}).text)
    assert (again["on"], again["reason"]) == (["2027-01-25"], ["Bentrok"])
    assert coordinator_client.post(address, data=data | {"confirm": "1"}).status_code == 302


def test_a_blocked_move_is_not_offered(coordinator_client, activity, hall, office):
    an_absence(venue=hall, starts_at=at(19), ends_at=at(20))
    activity.state, activity.told_at = ActivityState.PUBLISHED, NOW
    db.session.commit()
    address = f"/activities/{activity.id}/move"
    data = filled(coordinator_client, address, on="2027-01-19", reason="Bentrok")
    answer = coordinator_client.post(address, data=data)
    assert answer.status_code == 422
    assert "Aula Bappeda is not available" in text_of(answer.text)
    assert "Move it?" not in answer.text
    assert coordinator_client.post(address, data=data | {"confirm": "1"}).status_code == 422
    assert db.session.get_one(Activity, activity.id).starts_at == at(18, 8)


def test_clashes_are_shown_before_publishing_and_a_blocked_activity_is_not_offered(
    coordinator_client, activity, programme, hall
):
    own, its = f"/activities/{activity.id}/publish", f"/programmes/{programme.id}/publish"
    for address in (own, its):
        assert "Publish and send the invitations" in coordinator_client.get(address).text
    an_absence(venue=hall, starts_at=at(18), ends_at=at(19))
    for address in (own, its):
        html = coordinator_client.get(address).text
        assert "Aula Bappeda is not available" in html
        assert "It cannot be published so." in html
        assert "Publish and send the invitations" not in html
        assert coordinator_client.post(address).status_code == 422
    assert db.session.get_one(Activity, activity.id).state is ActivityState.DRAFT


def test_absent_and_busy_people_are_shown_before_they_are_invited(coordinator_client, activity, programme, ani, budi):
    an_absence(person=ani, starts_at=at(18, 9), ends_at=at(18, 10))
    other_activity = draft_activity(programme, None, 18, title="Pelatihan")
    db.session.add(Invitation(activity=other_activity, person=budi, role=Role.CADRE, state=InvitationState.INVITED))
    db.session.commit()
    address = f"/activities/{activity.id}/invite/people"
    data = {"role": "participant", "activity_ids": [activity.id], "person_ids": [ani.id, budi.id], "do": "check"}
    said = text_of(coordinator_client.post(address, data=data).text)
    assert "Ani Wijaya (Participant) is away: 09:00–10:00 WIB." in said
    assert "Budi Santoso is expected at “Pelatihan” at the same time" in said
    assert "is invited to another activity at the same time" not in said
    assert coordinator_client.post(address, data=data | {"do": "invite"}).status_code == 302
    data["role"] = "speaker"
    page = coordinator_client.post(address, data=data)
    assert "Ani Wijaya (Speaker) is away" in text_of(page.text)
    assert 'value="invite"' not in page.text
    answer = coordinator_client.post(address, data=data | {"do": "invite"})
    assert answer.status_code == 422


def test_an_absent_office_is_shown_before_it_is_invited(coordinator_client, activity, police):
    an_absence(organisation=police, starts_at=at(18, 9), ends_at=at(18, 10))
    data = {"activity_ids": [activity.id], "organisation_ids": [police.id], f"quota-{police.id}": "2", "do": "check"}
    said = text_of(coordinator_client.post(f"/activities/{activity.id}/invite/organisations", data=data).text)
    assert "Polres Metro (Participant) is away: 09:00–10:00 WIB." in said


def test_busy_cadres_are_shown_together(coordinator_client, activity, programme, ani, budi):
    other_activity = draft_activity(programme, None, 18, title="Pelatihan")
    for person in (ani, budi):
        db.session.add(
            Invitation(activity=other_activity, person=person, role=Role.CADRE, state=InvitationState.INVITED)
        )
    db.session.commit()
    codes = ["18.72.01.1003", "18.72.04.1001"]
    data = {"activity_ids": [activity.id], "kinds": ["patbm", "pkk"], "region_codes": codes, "do": "check"}
    said = text_of(coordinator_client.post(f"/activities/{activity.id}/invite/cadres", data=data).text)
    assert "Ani Wijaya and Budi Santoso are expected at “Pelatihan” at the same time" in said


def test_the_start_page_asks_to_look_at_clashes(coordinator_client, activity, hall, monkeypatch):
    monkeypatch.setattr(
        "outreach.queries.overview.clash_counts.CHEAP_S", 60
    )  # a slow machine would cache its first counts
    assert "clash" not in text_of(coordinator_client.get("/").text)
    an_absence(venue=hall, starts_at=at(18), ends_at=at(19))
    draft_activity(None, None, 23, title="Sabtu")
    html = coordinator_client.get("/").text
    assert "1 thing in the plan clashes" in html
    assert 'href="/findings?severity=block"' in html
    assert "1 thing in the plan to look at again" in html
