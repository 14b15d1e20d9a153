"""Resolutions that lead away from the check before inviting return to it, with the same people chosen."""

import re
from html import unescape

import pytest

from outreach.domain.kinds import Role
from outreach.domain.states import ActivityState, InvitationState
from outreach.extensions import db
from outreach.models import Activity, Invitation, Programme
from outreach.web.frame import way_back
from tests.web.reading import fields, text_of
from tests.world import NOW, an_absence, an_invitation, at, draft_activity

pytestmark = pytest.mark.usefixtures("clock_stands")


def resolution(html: str, words: str) -> str:
    """Return the address of the resolution with this text."""
    return unescape(re.search(rf'href="([^"]*)"[^>]*>{re.escape(words)}', html)[1])


def sent(html: str, **changed: object) -> dict[str, object]:
    """Return the values that the page's form sends."""
    return {name: found if len(found) > 1 else found[0] for name, found in fields(html).items()} | changed


def kept(html: str, *names: str) -> dict[str, list[str]]:
    found = fields(html)
    return {name: found[name] for name in names}


def asked(activity: Activity) -> list[tuple[int, Role]]:
    db.session.rollback()
    return [
        (invitation.person_id, invitation.role)
        for invitation in db.session.query(Invitation).filter_by(activity_id=activity.id)
    ]


def checked(client, activity: Activity, *people, role: str = "speaker") -> str:
    data = {"role": role, "activity_ids": activity.id, "person_ids": [person.id for person in people], "do": "check"}
    return client.post(f"/activities/{activity.id}/invite/people", data=data).text


def test_a_draft_is_moved_and_the_same_people_are_still_chosen(coordinator_client, activity, ani, budi, hall):
    an_absence(person=ani, starts_at=at(18, 0), ends_at=at(19, 0))
    first = checked(coordinator_client, activity, ani, budi)
    address = resolution(first, "Move it to Tue, 19 Jan 2027, 08:00 WIB")
    form = coordinator_client.get(address).text
    assert "Afterwards you are back where you were, with what you had chosen there." in form
    back = resolution(form, "Cancel")
    assert text_of(coordinator_client.get(back).text) == text_of(first)  # nothing was changed
    answer = coordinator_client.post(address, data=sent(form))
    assert answer.location == back
    again = coordinator_client.get(answer.location).text
    said = text_of(again)
    assert f"“{activity.title}” is saved: Tue, 19 Jan 2027, 08:00–12:00 WIB, Aula Bappeda." in said
    assert "2 chosen: Ani Wijaya; Budi Santoso." in said
    assert "is away" not in said
    names = ("role", "activity_ids", "person_ids")
    assert kept(again, *names) == kept(first, *names)
    coordinator_client.post(f"/activities/{activity.id}/invite/people", data=sent(again, do="invite"))
    assert asked(activity) == [(ani.id, Role.SPEAKER), (budi.id, Role.SPEAKER)]
    assert db.session.get_one(Activity, activity.id).starts_at == at(19, 8)


def test_a_published_activity_is_moved_with_its_reason(coordinator_client, activity, ani, budi, coordinator):
    activity.state, activity.told_at = ActivityState.PUBLISHED, NOW
    an_absence(person=ani, starts_at=at(18, 0), ends_at=at(19, 0))
    address = resolution(checked(coordinator_client, activity, ani, budi), "Move it to Tue, 19 Jan 2027, 08:00 WIB")
    assert f"/activities/{activity.id}/move?" in address
    form = sent(coordinator_client.get(address).text, reason="Kapolres berhalangan")
    told = coordinator_client.post(address, data=form).text
    assert "Move it?" in text_of(told)
    answer = coordinator_client.post(address, data=sent(told, confirm="1"))
    said = text_of(coordinator_client.get(answer.location).text)
    assert said.count("Moved. Everyone who was told of it gets the news.") == 1
    assert "2 chosen: Ani Wijaya; Budi Santoso." in said


def test_a_new_time_in_a_published_activitys_form_leads_to_the_move_page_and_then_back(
    coordinator_client, activity, ani, hall, coordinator
):
    hall.capacity, activity.capacity, activity.state, activity.told_at = 20, 30, ActivityState.PUBLISHED, NOW
    db.session.commit()
    to = way_back.leading_back(
        f"/activities/{activity.id}/edit", f"/activities/{activity.id}/invite/people?chosen=1&person_ids={ani.id}"
    )
    form = sent(coordinator_client.get(to).text, begins="09:00")
    moving = coordinator_client.post(to, data=form).location
    assert moving.startswith(f"/activities/{activity.id}/move?")
    assert resolution(coordinator_client.get(moving).text, "Cancel").startswith(
        f"/activities/{activity.id}/invite/people?"
    )


def test_offices_keep_their_seats(coordinator_client, programme, police, hall):
    activity = draft_activity(programme, hall, 18)
    an_absence(organisation=police, starts_at=at(18, 0), ends_at=at(19, 0))
    address = f"/activities/{activity.id}/invite/organisations"
    data = {"activity_ids": activity.id, "organisation_ids": police.id, f"quota-{police.id}": "7", "do": "check"}
    first = coordinator_client.post(address, data=data).text
    edit = resolution(first, "Move it to Tue, 19 Jan 2027, 08:00 WIB")
    back = coordinator_client.post(edit, data=sent(coordinator_client.get(edit).text)).location
    again = coordinator_client.get(back).text
    assert "1 organisation with 7 seats in all" in text_of(again)
    coordinator_client.post(address, data=sent(again, do="invite"))
    [invitation] = db.session.query(Invitation).all()
    assert (invitation.organisation_id, invitation.quota) == (police.id, 7)


def test_cadres_who_are_left_out_are_remembered_on_the_way_back(coordinator_client, activity, programme, ani, budi):
    other_activity = draft_activity(None, None, 18)
    an_invitation(other_activity, ani, Role.CADRE)
    an_absence(person=budi, starts_at=at(18, 0), ends_at=at(19, 0))
    address = f"/activities/{activity.id}/invite/cadres"
    codes = ["18.72.01.1003", "18.72.04.1001"]
    data = {"activity_ids": activity.id, "kinds": ["patbm", "pkk"], "region_codes": codes, "without": ani.id}
    first = coordinator_client.post(address, data=data).text
    edit = resolution(first, "Move it to Tue, 19 Jan 2027, 08:00 WIB")
    back = coordinator_client.post(edit, data=sent(coordinator_client.get(edit).text)).location
    again = coordinator_client.get(back).text
    names = ("activity_ids", "kinds", "region_codes", "without")
    assert kept(again, *names) == kept(first, *names)
    coordinator_client.post(address, data=sent(again, do="invite"))
    assert asked(activity) == [(budi.id, Role.CADRE)]


def test_a_person_withdrawn_on_the_way_is_not_forgotten(coordinator_client, activity, ani, budi):
    activity.fixed = True  # so that no time helps
    an_invitation(activity, ani, Role.PARTICIPANT)
    an_absence(person=ani, starts_at=at(18, 0), ends_at=at(19, 0))
    address = resolution(checked(coordinator_client, activity, ani, budi), "Ask somebody else in place of Ani Wijaya")
    answer = coordinator_client.post(address, data=sent(coordinator_client.get(address).text))
    said = text_of(coordinator_client.get(answer.location).text)
    assert "The invitation of Ani Wijaya is withdrawn." in said
    assert "2 chosen: Ani Wijaya; Budi Santoso." in said
    assert db.session.query(Invitation).one().state is InvitationState.WITHDRAWN


def test_extending_the_programme_returns_too(coordinator_client, programme, activity, ani):
    to = f"/activities/{activity.id}/invite/people?chosen=1&role=speaker&activity_ids={activity.id}&person_ids={ani.id}"
    address = way_back.leading_back(f"/programmes/{programme.id}/edit?days=5", to)
    answer = coordinator_client.post(address, data=sent(coordinator_client.get(address).text))
    assert answer.location == to
    assert db.session.get_one(Programme, programme.id).ends_on.day == 22
    assert f"“{programme.title}” is saved." in text_of(coordinator_client.get(to).text)


def test_extending_the_programme_for_a_move_returns_to_the_typed_day(coordinator_client, programme, activity):
    activity.state, activity.told_at = ActivityState.PUBLISHED, NOW
    db.session.commit()
    address = f"/activities/{activity.id}/move"
    typed = {"on": "2027-01-22", "begins": "13:00", "ends": "15:00", "reason": "Aula sedang direnovasi"}
    seen = coordinator_client.post(address, data=sent(coordinator_client.get(address).text, **typed)).text
    extend = resolution(seen, "Let the programme last")
    assert "renovasi" not in extend  # addresses are written into logs
    programmes_form = coordinator_client.get(extend).text
    assert "Afterwards you are back" in programmes_form
    again = coordinator_client.post(extend, data=sent(programmes_form)).location
    found = fields(coordinator_client.get(again).text)
    assert [found[name] for name in ("on", "begins", "ends", "reason")] == [[typed[name]] for name in typed]
    assert db.session.get_one(Programme, programme.id).ends_on.day == 22


TYPED = {
    "title": "Pendampingan korban KDRT", "public_title": "Rapat koordinasi", "description": "Kasus Bunga ~ rahasia",
    "things_to_bring": "Map hijau", "kind": "coordination", "on": "2027-01-22", "begins": "13:00", "ends": "15:00",
    "registration": "12:30", "respond_on": "2027-01-20", "respond_at": "10:00", "capacity": "12", "zone": "Asia/Jakarta",
}  # fmt: skip


def extended(client, address: str, **typed: str) -> tuple[str, str]:
    """Send an activity's form, let the programme last longer, and return (the resolution's address, where that leads)."""
    data = sent(client.get(address).text, **typed)
    data.pop("names_helpline", None)  # the tick is taken away
    seen = client.post(address, data=data).text
    extend = resolution(seen, "Let the programme last")
    programmes_form = client.get(extend).text
    assert "Afterwards you are back" in programmes_form
    return extend, client.post(extend, data=sent(programmes_form)).location


@pytest.mark.parametrize("new", [True, False], ids=["new", "edited"])
def test_extending_the_programme_returns_to_all_that_was_typed_about_an_activity(
    coordinator_client, programme, activity, new
):
    address = f"/activities/new?programme={programme.id}" if new else f"/activities/{activity.id}/edit"
    extend, back = extended(coordinator_client, address, **TYPED)
    for free_text in ("title", "public_title", "description", "things_to_bring"):
        assert TYPED[free_text].split()[0] not in extend + back  # addresses are written into logs
    again = coordinator_client.get(back).text
    found = fields(again)
    assert {name: found[name] for name in TYPED if name in found} == {
        name: [value] for name, value in TYPED.items() if name != "description"
    }
    assert f"{TYPED['description']}</textarea>" in again
    assert "names_helpline" not in found
    assert "filled in below" not in again
    coordinator_client.post(back, data=sent(again, description=TYPED["description"]))
    db.session.rollback()
    saved = db.session.query(Activity).filter_by(title=TYPED["title"]).one()
    assert (saved.programme_id, saved.starts_at, saved.description) == (programme.id, at(22, 13), TYPED["description"])


def test_extending_the_programme_returns_to_all_that_was_typed_about_an_activity_for_each_kelurahan(
    coordinator_client, programme
):
    ticked = {"region_codes": ["18.72.04.1001"], "kecamatan": ["18.72.01"]}
    address = f"/activities/community?programme={programme.id}"
    extend, back = extended(coordinator_client, address, **TYPED, **ticked)
    assert "Pendampingan" not in extend + back  # addresses are written into logs
    again = coordinator_client.get(back).text
    found = fields(again)
    assert (found["title"], found["on"], found["programme_id"]) == (
        [TYPED["title"]], ["2027-01-22"], [str(programme.id)]
    )  # fmt: skip
    assert {name: found[name] for name in ticked} == ticked
    form = sent(again, description=TYPED["description"])
    asked_first = coordinator_client.post(back, data=form)
    if digest := re.search(r'name="seen" value="(\w+)"', asked_first.text):  # warnings are shown before it is saved
        coordinator_client.post(back, data={**form, "seen": digest[1]})
    db.session.rollback()
    made = db.session.query(Activity).filter(Activity.title.startswith(TYPED["title"])).all()
    assert {"18.72.04.1001", "18.72.01.1003"} < {activity.region_code for activity in made}
    assert {activity.starts_at for activity in made} == {at(22, 13)}


def test_the_text_typed_in_one_tab_does_not_appear_in_another(coordinator_client, programme):
    address = f"/activities/new?programme={programme.id}"
    _extend, first = extended(coordinator_client, address, **TYPED)
    _extend, second = extended(coordinator_client, address, **{**TYPED, "on": "2027-01-23", "title": "Kegiatan lain"})
    assert fields(coordinator_client.get(second).text)["title"] == ["Kegiatan lain"]
    other_tab = coordinator_client.get(first).text
    assert "title" not in fields(other_tab) or fields(other_tab)["title"] == [""]
    assert "What you had typed as text could not be kept" in text_of(other_tab)


def test_a_form_that_leads_away_keeps_the_page_that_it_returns_to_itself(coordinator_client, activity, ani):
    to = f"/activities/{activity.id}/invite/people?chosen=1&role=speaker&activity_ids={activity.id}&person_ids={ani.id}"
    _extend, back = extended(coordinator_client, way_back.leading_back(f"/activities/{activity.id}/edit", to), **TYPED)
    assert coordinator_client.post(back, data=sent(coordinator_client.get(back).text)).location == to


@pytest.mark.parametrize("page", ["answer", "nominees"])
def test_recording_an_answer_returns_too(coordinator_client, activity, ani, police, page):
    activity.state, activity.told_at = ActivityState.PUBLISHED, NOW
    invitation = Invitation(
        activity_id=activity.id, role=Role.PARTICIPANT, state=InvitationState.INVITED, invited_at=NOW,
        **({"person_id": ani.id} if page == "answer" else {"organisation_id": police.id, "quota": 1}),
    )  # fmt: skip
    db.session.add(invitation)
    db.session.commit()
    to = f"/activities/{activity.id}/invite/people?chosen=1"
    address = way_back.leading_back(f"/invitations/{invitation.id}/{page}", to)
    form = (
        {"choice": "not_coming", "source": "phone"}
        if page == "answer"
        else {"source": "phone", "rows-0-name": "Iptu Adi"}
    )
    assert resolution(coordinator_client.get(address).text, "Cancel") == to
    assert coordinator_client.post(address, data=form).location == to


def test_an_outdated_choice_is_shown_to_be_changed(coordinator_client, programme, activity, ani):
    other_activity = draft_activity(programme, None, 19)
    ids = f"{activity.id}~{other_activity.id}"
    to = f"/activities/{activity.id}/invite/people?chosen=1&role=speaker&activity_ids={ids}&person_ids={ani.id}"
    assert coordinator_client.get(to).status_code == 200
    other_activity.state = ActivityState.CANCELLED
    db.session.commit()
    answer = coordinator_client.get(to)
    assert answer.status_code == 422
    assert fields(answer.text)["person_ids"] == [str(ani.id)]
    assert asked(activity) == []


@pytest.mark.parametrize(
    "back",
    ["https://example.org/", "//example.org/activities/1/invite/people?a", "/activities/1/invite/people", "/polls/1",
     "/activities/1/invite/people?a\nb", "/activities/x/invite/people?a", "/activities/1/invite/people?" + "a" * 4000],
)  # fmt: skip
def test_the_return_link_accepts_no_other_address(coordinator_client, activity, back):
    address = way_back.leading_back(f"/activities/{activity.id}/edit", back)
    form = coordinator_client.get(address).text
    assert "Afterwards you are back" not in form
    assert coordinator_client.post(address, data=sent(form)).location == f"/activities/{activity.id}"


def test_no_link_leads_away_if_the_people_do_not_fit_into_an_address(coordinator_client, activity, ani, monkeypatch):
    an_absence(person=ani, starts_at=at(18, 0), ends_at=at(19, 0))
    assert "Move it to" in checked(coordinator_client, activity, ani)
    monkeypatch.setattr(way_back, "LONGEST", 60)
    html = checked(coordinator_client, activity, ani)
    assert "Move it to" not in html
    assert f'name="without" value="{ani.id}">Do without Ani Wijaya</button>' in html


@pytest.mark.parametrize(
    "query", ["chosen=1", "chosen=1&person_ids=x~~9", "chosen=1&role=x&activity_ids=0", "chosen=1&without=x"]
)
@pytest.mark.parametrize("kind", ["people", "organisations", "cadres"])
def test_a_manipulated_address_breaks_nothing(coordinator_client, activity, police, ani, kind, query):
    answer = coordinator_client.get(f"/activities/{activity.id}/invite/{kind}?{query}")
    assert answer.status_code in (200, 422)
    assert asked(activity) == []
