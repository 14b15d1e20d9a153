"""The invitees' pages as a coordinator uses them; a viewer may read and change nothing."""

import re
from urllib.parse import unquote

import pytest
import sqlalchemy as sa
from flask import g

from outreach.domain.activities.values import Move
from outreach.domain.answers import Choice, Representative
from outreach.domain.kinds import ActivityKind, AnswerSource, CadreKind, MailKind, Role, Sector
from outreach.domain.states import InvitationState, MessageState
from outreach.extensions import db
from outreach.models import ActingPerson, Invitation, Link, Message, Organisation, Person, Reminder
from outreach.services.activities import move as moves
from outreach.services.activities import publish as publishing
from outreach.services.answers import record as recording
from outreach.services.invitations import invite as inviting
from outreach.services.reminders import tick as reminding
from tests.support.copied import copied
from tests.web.reading import fields, text_of
from tests.world import NOW, a_person, at, draft_activity, invite, invite_organisation, publish
from tests.world.composed import line, message_of
from tests.world.mails import run

KINDS = [kind.value for kind in CadreKind]
EVERYBODY = {"kinds": KINDS, "region_codes": ["18.72.01.1003", "18.72.04.1001"]}


def an_office(name: str, sector: Sector) -> Organisation:
    office = Organisation(name=name, sector=sector, email=f"{name.lower().replace(' ', '.')}@example.com")
    db.session.add(office)
    db.session.commit()
    return office


def invitations() -> list[Invitation]:
    db.session.rollback()
    return db.session.query(Invitation).order_by(Invitation.id).all()


@copied
def ani_and_police_invited(activity, ani, police, coordinator):
    """Ani and the police are invited to a published activity."""
    invite(activity, ani, by=coordinator)
    invite_organisation(activity, police, by=coordinator)
    publish(activity, by=coordinator, tick=False)
    return activity


@copied
def anis(ani_and_police_invited, ani) -> Invitation:
    return db.session.query(Invitation).filter_by(person_id=ani.id).one()


@copied
def the_polices(ani_and_police_invited, police) -> Invitation:
    return db.session.query(Invitation).filter_by(organisation_id=police.id).one()


def test_the_list_shows_who_is_invited(ani_and_police_invited, coordinator_client):
    page = coordinator_client.get(f"/activities/{ani_and_police_invited.id}/invitees").text
    assert "Ani Wijaya" in page
    assert "Polres Metro" in page
    assert "0 of 2 named" in page


def test_the_live_table_is_sent_again_only_when_something_changed(
    ani_and_police_invited, anis, coordinator, coordinator_client
):
    address = f"/activities/{ani_and_police_invited.id}/invitees"
    first = coordinator_client.get(address, headers={"HX-Request": "true"})
    seen = first.text.partition('"X-Seen": "')[2].partition('"')[0]
    assert len(seen) == 16
    assert coordinator_client.get(address, headers={"HX-Request": "true", "X-Seen": seen}).status_code == 204
    recording.record_answer(anis.id, Choice.COMING, AnswerSource.PHONE, by=coordinator, now=NOW)
    later = coordinator_client.get(address, headers={"HX-Request": "true", "X-Seen": seen})
    assert later.status_code == 200
    assert "Coming" in later.text


def test_the_list_takes_as_many_queries_for_300_as_for_3(activity, coordinator_client, queries):
    def invite(count, start):
        people = [Person(name=f"Kader {n}", email="", region_code="18.72.01.1003") for n in range(start, start + count)]
        db.session.add_all(people)
        db.session.commit()
        inviting.invite_people([activity_id], [person.id for person in people], Role.CADRE, by=None, now=NOW)

    pages = [f"/activities/{activity.id}/{page}" for page in ("invitees", "invitees/to-call", "attendance")]

    def fetch(page):
        g.pop("_login_user", None)  # each request looks up the signed-in user again
        return coordinator_client.get(page)

    activity_id = activity.id
    invite(3, 0)
    fetch(pages[0])  # read once for the whole process
    few = [queries(lambda page=page: fetch(page)) for page in pages]
    invite(297, 3)
    many = [queries(lambda page=page: fetch(page)) for page in pages]
    assert many == few
    assert "of 300" in coordinator_client.get(f"/activities/{activity_id}/invitees").text


def test_a_search_keeps_the_ticks(activity, ani, budi, coordinator_client):
    answer = coordinator_client.post(
        f"/activities/{activity.id}/invite/people",
        data={"role": "speaker", "activity_ids": activity.id, "person_ids": ani.id, "q": "santoso", "do": "search"},
    )
    assert "Budi Santoso" in answer.text
    assert f'value="{ani.id}" checked' in answer.text
    assert invitations() == []


def test_people_are_invited_to_several_days_in_one_step(activity, programme, hall, ani, coordinator_client):
    other_activity = draft_activity(programme, hall, 19)
    data = {"role": "speaker", "activity_ids": [activity.id, other_activity.id], "person_ids": [ani.id]}
    address = f"/activities/{activity.id}/invite/people"
    check = coordinator_client.post(address, data={**data, "do": "check"})
    assert "No mail goes out now." in check.text
    assert invitations() == []
    done = coordinator_client.post(address, data={**data, "do": "invite"})
    assert done.location == f"/activities/{activity.id}/invitees"
    assert [(invitation.activity_id, invitation.role) for invitation in invitations()] == [
        (activity.id, Role.SPEAKER),
        (other_activity.id, Role.SPEAKER),
    ]


def test_a_published_activity_shows_the_number_of_mails_before_it_sends_them(
    ani_and_police_invited, budi, chief, coordinator_client
):
    check = coordinator_client.post(
        f"/activities/{ani_and_police_invited.id}/invite/people",
        data={
            "role": "speaker",
            "activity_ids": ani_and_police_invited.id,
            "person_ids": [budi.id, chief.id],
            "do": "check",
        },
    )
    assert "2 mails go out at once." in check.text
    assert len(invitations()) == 2


def test_inviting_without_a_tick_gets_a_message(activity, coordinator_client):
    answer = coordinator_client.post(
        f"/activities/{activity.id}/invite/people",
        data={"role": "speaker", "activity_ids": activity.id, "do": "check"},
    )
    assert answer.status_code == 422
    assert "Tick at least one person" in answer.text


def test_a_new_person_is_added_and_chosen(activity, police, coordinator_client):
    answer = coordinator_client.post(
        f"/activities/{activity.id}/invite/people",
        data={
            "role": "speaker", "activity_ids": activity.id, "do": "add", "new-post": "Kasat Reskrim",
            "new-organisation_id": police.id, "new-email": "kasat@example.com", "new-phone": "0812-3456-7890",
        },
    )  # fmt: skip
    person = db.session.query(Person).filter_by(post="Kasat Reskrim").one()
    assert (person.phone, person.organisation_id) == ("+6281234567890", police.id)
    assert f"person={person.id}" in answer.location
    assert "Kasat Reskrim" in coordinator_client.get(answer.location).text


def test_a_new_person_for_a_cancelled_activity_is_refused_and_left_out_of_the_list(
    ani_and_police_invited, coordinator, coordinator_client
):
    publishing.cancel(ani_and_police_invited.id, "Aula dipakai", by=coordinator, now=NOW)
    before = db.session.query(Person).count()
    answer = coordinator_client.post(
        f"/activities/{ani_and_police_invited.id}/invite/people",
        data={"activity_ids": ani_and_police_invited.id, "role": "speaker", "do": "add", "new-name": "Citra Dewi"},
    )
    assert answer.status_code == 422
    assert "is over or cancelled" in answer.text
    db.session.rollback()
    assert db.session.query(Person).count() == before


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"new-name": ""}, "Write a name, or the post"),
        ({"new-name": "Citra Dewi", "new-email": "citra@"}, "is not an e-mail address"),
        ({"new-name": "Citra Dewi", "new-phone": "12"}, "is not a phone number"),
    ],
)
def test_an_invalid_new_person_gets_a_message_and_stays_typed(activity, coordinator_client, typed, sentence):
    answer = coordinator_client.post(
        f"/activities/{activity.id}/invite/people",
        data={"role": "speaker", "activity_ids": activity.id, "do": "add", **typed},
    )
    assert answer.status_code == 422
    assert sentence in answer.text
    assert all(f'value="{value}"' in answer.text for value in typed.values() if value)
    assert db.session.query(Person).count() == 0


def test_organisations_are_invited_with_their_own_seats(activity, police, coordinator_client):
    address = f"/activities/{activity.id}/invite/organisations"
    data = {"activity_ids": activity.id, "organisation_ids": police.id, f"quota-{police.id}": "3"}
    assert f'name="quota-{police.id}" value="3"' in coordinator_client.post(address, data={**data, "do": "check"}).text
    coordinator_client.post(address, data={**data, "do": "invite"})
    assert [(invitation.organisation_id, invitation.quota) for invitation in invitations()] == [(police.id, 3)]


@pytest.mark.parametrize("seats", ["0", "-1", "dua", "501"])
def test_an_invalid_quota_is_refused(activity, police, coordinator_client, seats):
    answer = coordinator_client.post(
        f"/activities/{activity.id}/invite/organisations",
        data={"activity_ids": activity.id, "organisation_ids": police.id, f"quota-{police.id}": seats, "do": "invite"},
    )
    assert answer.status_code == 422
    assert "is not a number of seats" in answer.text
    assert f'value="{seats}"' in answer.text
    assert invitations() == []


def test_all_invalid_numbers_of_seats_are_named_at_once(activity, police, coordinator_client):
    kodim = an_office("Kodim 0411", Sector.MILITARY)
    answer = coordinator_client.post(
        f"/activities/{activity.id}/invite/organisations",
        data={
            "activity_ids": activity.id, "organisation_ids": [police.id, kodim.id], "do": "check",
            f"quota-{police.id}": "dua", f"quota-{kodim.id}": "0",
        },
    )  # fmt: skip
    assert answer.status_code == 422
    assert "2 numbers of seats are not right" in answer.text
    assert ("“dua” is not a number of seats" in answer.text, "“0” is not a number of seats" in answer.text) == (
        True,
        True,
    )


def test_the_preview_shows_each_office_s_seats_and_all_invited_beside_the_capacity(
    activity, police, coordinator_client
):
    kodim = an_office("Kodim 0411", Sector.MILITARY)
    page = coordinator_client.post(
        f"/activities/{activity.id}/invite/organisations",
        data={
            "activity_ids": activity.id, "organisation_ids": [police.id, kodim.id], "do": "check",
            f"quota-{police.id}": "3", f"quota-{kodim.id}": "98",
        },
    ).text  # fmt: skip
    assert "Polres Metro: <strong>3</strong>" in page
    assert "Kodim 0411: <strong>98</strong>" in page
    assert "101 asked, 100 seats" in page
    assert "more than seats" in page


def test_a_whole_sector_is_ticked_by_one_button(activity, police, coordinator_client):
    rows = [an_office("Kelurahan Imopuro", Sector.VILLAGE), an_office("Kelurahan Metro", Sector.VILLAGE)]
    address = f"/activities/{activity.id}/invite/organisations"
    page = coordinator_client.post(address, data={"activity_ids": activity.id, "sector": "village"}).text
    assert [f'name="organisation_ids" value="{row.id}" checked' in page for row in [*rows, police]] == [
        True,
        True,
        False,
    ]
    ticked = {"activity_ids": activity.id, "sector": "village", "organisation_ids": [row.id for row in rows]}
    assert 'name="organisation_ids" value' in coordinator_client.post(address, data=ticked).text
    assert " checked>" not in coordinator_client.post(address, data=ticked).text.partition('id="offices"')[2]


def test_organisations_are_searched_and_the_ticked_ones_stay(activity, police, coordinator_client):
    kodim = an_office("Kodim 0411", Sector.MILITARY)
    an_office("Dinas Kesehatan", Sector.HEALTH)
    page = coordinator_client.post(
        f"/activities/{activity.id}/invite/organisations",
        data={"activity_ids": activity.id, "organisation_ids": police.id, "q": "kodim", "do": "search"},
    ).text
    shown = [name in page for name in ("Polres Metro", "Kodim 0411", "Dinas Kesehatan")]
    assert shown == [True, True, False]
    assert f'value="{kodim.id}" checked' not in page


def test_the_preview_names_people_invited_elsewhere_at_that_hour(
    activity, programme, ani, coordinator, coordinator_client
):
    elsewhere = draft_activity(programme, None, title="Pelatihan kader")
    inviting.invite_people([elsewhere.id], [ani.id], Role.CADRE, by=coordinator, now=NOW)
    chosen = {"activity_ids": activity.id, "role": "cadre", "person_ids": ani.id, "do": "check"}
    page = coordinator_client.post(f"/activities/{activity.id}/invite/people", data=chosen).text
    assert "Ani Wijaya is expected at “Pelatihan kader” at the same time" in page


def test_speakers_are_offered_first_while_nobody_is_invited(activity, ani, coordinator, coordinator_client):
    address = f"/activities/{activity.id}/invitees"
    page = coordinator_client.get(address).text
    assert ("Invite speakers" in page, "Invite organisations" in page, "Invite cadres" in page) == (True, True, True)
    inviting.invite_people([activity.id], [ani.id], Role.CADRE, by=coordinator, now=NOW)
    page = coordinator_client.get(address).text
    assert ("Invite speakers" in page, "Invite people" in page) == (False, True)


def test_withdrawing_names_who_gets_the_seat_and_counts_their_mail_apart(
    ani_and_police_invited, anis, budi, coordinator_client
):
    address = f"/invitations/{anis.id}/withdraw"
    assert "The seat that becomes free" not in coordinator_client.get(address).text
    run(NOW)
    activity = ani_and_police_invited
    activity.capacity, anis.state, anis.answered_at = 1, InvitationState.COMING, NOW
    waiting = Invitation(activity=activity, person=budi, role=Role.CADRE, state=InvitationState.WAITLISTED)
    db.session.add(waiting)
    db.session.commit()
    shown = text_of(coordinator_client.get(address).text)
    assert "1 mail goes out at once and says that the invitation is withdrawn." in shown
    assert "The seat that becomes free goes to Budi Santoso. 1 mail says so." in shown


def test_a_viewer_finds_neither_answer_links_nor_whatsapp(ani_and_police_invited, anis, ani, viewer_client):
    ani.email = ""
    db.session.commit()
    for path in ("invitees", "invitees/to-call", "invitees/to-call?file=csv"):
        page = viewer_client.get(f"/activities/{ani_and_police_invited.id}/{path}").text
        assert "Ani Wijaya" in page
        assert ("/j/" in page, "%2Fj%2F" in page, "/whatsapp" in page) == (False, False, False)
    page = viewer_client.get(f"/invitations/{anis.id}").text
    assert ("/j/" in page, "/whatsapp" in page) == (False, False)


def test_an_organisations_page_links_to_its_mails(ani_and_police_invited, the_polices, police, coordinator_client):
    page = coordinator_client.get(f"/invitations/{the_polices.id}").text
    address = f"/messages?activity={ani_and_police_invited.id}&amp;organisation={police.id}"
    assert address in page
    assert "To Polres Metro" in coordinator_client.get(address.replace("&amp;", "&")).text


def test_cadres_of_a_kelurahan_are_invited_in_one_step(activity, ani, budi, coordinator_client):
    address = f"/activities/{activity.id}/invite/cadres"
    data = {"activity_ids": activity.id, "kinds": KINDS, "region_codes": "18.72.01.1003"}
    assert "1 cadre matches" in coordinator_client.post(address, data={**data, "do": "count"}).text
    assert "1 chosen" in coordinator_client.post(address, data={**data, "do": "check"}).text
    coordinator_client.post(address, data={**data, "do": "invite"})
    assert [(invitation.person_id, invitation.role) for invitation in invitations()] == [(ani.id, Role.CADRE)]


@pytest.mark.parametrize(
    ("ticked", "sentence"),
    [
        ({}, "Tick at least one kelurahan."),
        ({"kinds": KINDS}, "Tick at least one kelurahan."),
        ({"region_codes": "18.72.01.1003"}, "Tick at least one kind of cadre."),
    ],
)
def test_ticking_nothing_never_invites_all_cadres(activity, ani, budi, coordinator_client, ticked, sentence):
    address = f"/activities/{activity.id}/invite/cadres"
    data = {"activity_ids": activity.id, **ticked}
    assert "Tick kinds of cadre and kelurahan" in coordinator_client.post(address, data={**data, "do": "count"}).text
    for do in ("check", "invite"):
        answer = coordinator_client.post(address, data={**data, "do": do})
        assert (answer.status_code, sentence in answer.text) == (422, True)
    assert invitations() == []


def test_an_activitys_own_kelurahan_is_ticked_beforehand(activity, ani, budi, coordinator_client):
    activity.region_code = "18.72.01.1003"
    db.session.commit()
    ticked = fields(coordinator_client.get(f"/activities/{activity.id}/invite/cadres").text)
    assert ticked["region_codes"] == ["18.72.01.1003"]
    assert ticked["kinds"] == ["patbm", "pkk"]  # of the other kinds there is nobody


def test_a_community_activity_without_a_kelurahan_has_that_of_its_venue(activity, hall, ani, coordinator_client):
    address = f"/activities/{activity.id}/invite/cadres"
    assert "region_codes" not in fields(
        coordinator_client.get(address).text
    )  # a meeting in a hall is for the whole city
    activity.kind = ActivityKind.OUTREACH
    db.session.commit()
    assert fields(coordinator_client.get(address).text)["region_codes"] == ["18.72.01.1001"]


def test_an_unknown_kelurahan_is_refused(activity, ani, coordinator_client):
    answer = coordinator_client.post(
        f"/activities/{activity.id}/invite/cadres",
        data={"activity_ids": activity.id, "kinds": KINDS, "region_codes": "99.99", "do": "invite"},
    )
    assert answer.status_code == 422
    assert invitations() == []


def test_a_whole_kecamatan_is_ticked_by_one_button(activity, ani, coordinator_client):
    answer = coordinator_client.post(
        f"/activities/{activity.id}/invite/cadres", data={"activity_ids": activity.id, "district": "18.72.01"}
    )
    assert 'value="18.72.01.1001" checked' in answer.text
    assert 'value="18.72.01.1003" checked' in answer.text
    assert 'value="18.72.04.1001" checked' not in answer.text


def test_an_answer_by_phone_is_stored_with_who_recorded_it(
    ani_and_police_invited, anis, coordinator, coordinator_client
):
    coordinator_client.post(
        f"/invitations/{anis.id}/answer",
        data={
            "choice": "represented", "source": "phone", "representative_name": "Budi Santoso",
            "representative_phone": "0812 3456 7890", "note": "datang pukul 09.00",
        },
    )  # fmt: skip
    found = next(invitation for invitation in invitations() if invitation.id == anis.id)
    assert (found.state, found.answer_source, found.answer_recorded_by_id) == (
        InvitationState.REPRESENTED,
        AnswerSource.PHONE,
        coordinator.id,
    )
    assert found.representative_phone == "+6281234567890"
    page = coordinator_client.get(f"/activities/{ani_and_police_invited.id}/invitees").text
    assert "by phone, recorded by Coordinator" in page
    assert "datang pukul 09.00" in page


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"source": "phone"}, "Please choose one of these."),
        ({"choice": "coming"}, "Please choose one of these."),
        ({"choice": "coming", "source": "link"}, "Please choose one of these."),
        ({"choice": "represented", "source": "phone"}, "Please write the name of the person"),
    ],
)
def test_an_incomplete_answer_changes_nothing(ani_and_police_invited, anis, coordinator_client, data, sentence):
    answer = coordinator_client.post(f"/invitations/{anis.id}/answer", data={**data, "note": "pakai slide"})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert 'value="pakai slide"' in answer.text
    assert [invitation.answered_at for invitation in invitations()] == [None, None]


def test_no_answer_is_recorded_for_a_draft(activity, ani, coordinator, coordinator_client):
    inviting.invite_people([activity.id], [ani.id], Role.CADRE, by=coordinator, now=NOW)
    answer = coordinator_client.post(
        f"/invitations/{invitations()[0].id}/answer", data={"choice": "coming", "source": "phone"}
    )
    assert answer.status_code == 422
    assert "only for a published activity" in answer.text


def test_names_given_by_an_organisation_are_recorded(ani_and_police_invited, the_polices, coordinator_client):
    coordinator_client.post(
        f"/invitations/{the_polices.id}/nominees",
        data={"source": "whatsapp", "rows-0-name": "Zainal Abidin", "rows-0-phone": "081234567890", "rows-1-name": ""},
    )
    named = [invitation for invitation in invitations() if invitation.nominated_under_id == the_polices.id]
    assert [(i.person.name, i.person.phone) for i in named] == [("Zainal Abidin", "+6281234567890")]
    page = coordinator_client.get(f"/activities/{ani_and_police_invited.id}/invitees").text
    assert "1 of 2 named" in page
    assert "for Polres Metro" in page


def test_staff_correct_a_typing_error_in_a_name_in_its_own_row(ani_and_police_invited, the_polices, coordinator_client):
    address = f"/invitations/{the_polices.id}/nominees"
    coordinator_client.post(address, data={"source": "phone", "rows-0-name": "Zainal Abidim"})
    page = coordinator_client.get(address).text
    row = re.search(r'name="rows-0-row"[^>]* value="(\d+)"', page)[1]
    typed = {"rows-0-row": row, "rows-0-name": "Zainal Abidin", "rows-0-email": "zainal@example.com"}
    coordinator_client.post(address, data={"source": "phone", **typed})
    people = db.session.execute(sa.select(Person.name, Person.email).where(Person.name.startswith("Zainal")))
    assert [tuple(person) for person in people] == [("Zainal Abidin", "zainal@example.com")]


def test_more_names_than_seats_are_refused_and_stay_typed(the_polices, coordinator_client):
    rows = {f"rows-{n}-name": name for n, name in enumerate(("Zainal Abidin", "Yuni Saputra", "Wati Utami"))}
    answer = coordinator_client.post(f"/invitations/{the_polices.id}/nominees", data={"source": "phone", **rows})
    assert answer.status_code == 422
    assert "2 seats" in answer.text
    assert 'value="Wati Utami"' in answer.text
    assert len(invitations()) == 2


def test_a_quota_is_changed(the_polices, coordinator_client):
    coordinator_client.post(f"/invitations/{the_polices.id}/quota", data={"quota": "5"})
    assert [invitation.quota for invitation in invitations() if invitation.id == the_polices.id] == [5]
    refused = coordinator_client.post(f"/invitations/{the_polices.id}/quota", data={"quota": "0"})
    assert refused.status_code == 422
    assert [invitation.quota for invitation in invitations() if invitation.id == the_polices.id] == [5]


def test_withdrawing_first_shows_what_is_sent(ani_and_police_invited, anis, coordinator_client):
    page = f"/invitations/{anis.id}/withdraw"
    assert "No mail goes out: they never heard of the activity." in coordinator_client.get(page).text
    anis.invited_at, anis.state = NOW, InvitationState.INVITED
    db.session.commit()
    assert "No mail goes out: they never heard of the activity." in coordinator_client.get(page).text
    told = message_of(line(anis, MailKind.INVITATION))
    told.state, told.sent_at = MessageState.SENT, NOW
    db.session.commit()
    assert "1 mail goes out at once" in coordinator_client.get(f"/invitations/{anis.id}/withdraw").text
    assert invitations()[0].state is not InvitationState.WITHDRAWN
    coordinator_client.post(f"/invitations/{anis.id}/withdraw")
    assert invitations()[0].state is InvitationState.WITHDRAWN
    assert db.session.query(Reminder).filter_by(key="withdrawal").count() == 1


def test_a_leaked_link_is_replaced(ani_and_police_invited, anis, ani, coordinator_client):
    before = db.session.query(Link).filter_by(person_id=ani.id).one().nonce
    coordinator_client.post(f"/invitations/{anis.id}/link/renew")
    db.session.rollback()
    link = db.session.query(Link).filter_by(person_id=ani.id).one()
    assert link.nonce != before
    coordinator_client.post(f"/invitations/{anis.id}/link/revoke")
    assert "There is no link that works" in coordinator_client.get(f"/invitations/{anis.id}").text


def test_a_new_link_is_sent_at_once_unless_unticked(ani_and_police_invited, anis, coordinator_client):
    reminding.tick(NOW)
    page = coordinator_client.get(f"/invitations/{anis.id}").text
    assert re.search(r'<input[^>]* name="send"[^>]* checked', page)
    page = coordinator_client.post(f"/invitations/{anis.id}/link/renew", data={"send": "y"}, follow_redirects=True).text
    assert "It goes to ani@example.com by mail now" in text_of(page)
    assert db.session.query(Reminder).filter_by(key="link").count() == 1
    page = coordinator_client.post(f"/invitations/{anis.id}/link/renew", follow_redirects=True).text
    assert "It was not sent" in text_of(page)
    assert db.session.query(Reminder).filter_by(key="link").count() == 1


def test_for_an_invitee_without_an_address_the_page_asks_to_pass_on_the_new_link(
    ani_and_police_invited, anis, ani, coordinator_client
):
    ani.email = ""
    db.session.commit()
    page = coordinator_client.get(f"/invitations/{anis.id}").text
    assert 'name="send"' not in page
    assert "No mail can bring them the new link. Pass it on yourself" in text_of(page)
    page = coordinator_client.post(f"/invitations/{anis.id}/link/renew", follow_redirects=True).text
    assert "No mail can bring it to them. Please pass the new link on yourself" in text_of(page)


def test_the_call_list_offers_phone_and_whatsapp(ani_and_police_invited, ani, coordinator_client):
    ani.email = ""
    db.session.commit()
    page = coordinator_client.get(f"/activities/{ani_and_police_invited.id}/invitees/to-call").text
    assert "0812-3456-7890" in page
    assert f"/to-call/person/{ani.id}/whatsapp" in page
    assert "Polres Metro" not in page


def test_after_a_cancellation_the_list_shows_the_people_to_call_about_it(
    ani_and_police_invited, ani, anis, coordinator, coordinator_client
):
    ani.email = ""
    db.session.commit()
    recording.record_answer(anis.id, Choice.COMING, AnswerSource.PHONE, by=coordinator, now=NOW)
    assert "No mail reaches" not in coordinator_client.get(f"/activities/{ani_and_police_invited.id}/invitees").text
    publishing.cancel(ani_and_police_invited.id, "Ditunda", by=coordinator, now=NOW)
    page = coordinator_client.get(f"/activities/{ani_and_police_invited.id}/invitees").text
    assert "No mail reaches 1 invitee who was expected." in page
    assert "Call them about the cancellation" in page
    page = coordinator_client.get(f"/activities/{ani_and_police_invited.id}/invitees/to-call").text
    assert "Ani Wijaya" in page
    assert "Ditunda" in unquote(page)
    assert ">Call<" not in page


def test_after_a_move_the_list_shows_the_people_to_call_about_it(
    ani_and_police_invited, ani, anis, coordinator, coordinator_client
):
    ani.email = ""
    db.session.commit()
    recording.record_answer(anis.id, Choice.COMING, AnswerSource.PHONE, by=coordinator, now=NOW)
    move = Move(at(20, 8), at(20, 12), ani_and_police_invited.zone, ani_and_police_invited.venue_id)
    moves.move(ani_and_police_invited.id, move, "Bentrok", ani_and_police_invited.version, by=coordinator, now=NOW)
    page = coordinator_client.get(f"/activities/{ani_and_police_invited.id}/invitees").text
    assert "No mail reaches 1 invitee who has not answered since the move." in page
    page = coordinator_client.get(f"/activities/{ani_and_police_invited.id}/invitees/to-call").text
    assert "<h1" in page
    assert "Call them about the change" in page
    assert "answered before the move" in page
    assert ">Call<" in page


def test_the_text_about_two_cadres_without_email_for_two_days_counts_invitations(
    activity, programme, hall, ani, budi, coordinator_client
):
    ani.email = budi.email = ""
    db.session.commit()
    other_activity = draft_activity(programme, hall, 19)
    page = coordinator_client.post(
        f"/activities/{activity.id}/invite/cadres",
        data={"activity_ids": [activity.id, other_activity.id], **EVERYBODY, "do": "invite"},
        follow_redirects=True,
    ).text
    assert "4 new invitations are in the list." in page
    assert "4 of these invitations are for people without e-mail" in page


def test_a_draft_lists_nobody_to_call(activity, ani, coordinator, coordinator_client):
    ani.email = ""
    db.session.commit()
    inviting.invite_people([activity.id], [ani.id], Role.CADRE, by=coordinator, now=NOW)
    assert "No mail reaches" not in coordinator_client.get(f"/activities/{activity.id}/invitees").text


def test_the_file_of_the_call_list_contains_no_formula(ani_and_police_invited, ani, coordinator_client):
    ani.email, ani.name = "", "=cmd|' /C calc'!A0"
    db.session.commit()
    text = coordinator_client.get(f"/activities/{ani_and_police_invited.id}/invitees/to-call?file=csv").text
    assert "'=cmd" in text


def test_a_viewer_can_read_invitations_but_change_nothing(ani_and_police_invited, anis, viewer_client):
    page = viewer_client.get(f"/activities/{ani_and_police_invited.id}/invitees")
    assert page.status_code == 200
    assert "Record answer" not in page.text
    assert "/j/" not in viewer_client.get(f"/invitations/{anis.id}").text
    refused = [
        viewer_client.post(f"/invitations/{anis.id}/answer", data={"choice": "coming", "source": "phone"}),
        viewer_client.post(f"/invitations/{anis.id}/withdraw"),
        viewer_client.get(f"/activities/{ani_and_police_invited.id}/invite/cadres"),
        viewer_client.post(
            f"/activities/{ani_and_police_invited.id}/attendance", data={"shown": anis.id, "present": anis.id}
        ),
    ]
    assert [answer.status_code for answer in refused] == [403, 403, 403, 403]
    assert [invitation.answered_at for invitation in invitations()] == [None, None]


def test_a_missing_invitation_gives_a_not_found_page(office, coordinator_client):
    addresses = ["/invitations/99", "/invitations/99/answer", "/activities/99/invitees", "/activities/99/attendance"]
    assert [coordinator_client.get(address).status_code for address in addresses] == [404, 404, 404, 404]


def test_equal_names_are_distinguished_by_place(activity, ani, coordinator_client):
    a_person("Ani Wijaya", email="ani2@example.com", region_code="18.72.04.1001")
    page = coordinator_client.post(
        f"/activities/{activity.id}/invite/people", data={"q": "ani", "role": "cadre", "do": "search"}
    ).text
    assert "Imopuro" in page
    assert "Yosodadi" in page


def test_one_filter_has_people_without_an_answer_before_and_after_the_deadline(
    ani_and_police_invited, ani, coordinator_client
):
    first, second = invitations()
    first.state, second.state = InvitationState.INVITED, InvitationState.NO_ANSWER
    budi = Invitation(activity_id=ani_and_police_invited.id, person=a_person("Budi Santoso"), role=Role.CADRE)
    budi.state = InvitationState.COMING
    db.session.add(budi)
    db.session.commit()
    page = coordinator_client.get(f"/activities/{ani_and_police_invited.id}/invitees").text
    assert re.search(r'state=unanswered">No answer yet <span class="count">2</span>', page)
    page = coordinator_client.get(f"/activities/{ani_and_police_invited.id}/invitees?state=unanswered").text
    rows = re.findall(r'id="invitee-(\d+)"', page)
    assert {int(row) for row in rows} == {first.id, second.id}
    assert re.search(r'state=unanswered" aria-current="page"', page)
    assert '<input type="hidden" name="state"\n    value="unanswered">' in page


def test_the_activitys_page_names_representatives_beside_the_invitees(
    ani_and_police_invited, ani, coordinator, coordinator_client
):
    invitation = invitations()[0]
    invitation.state = InvitationState.REPRESENTED
    invitation.acting = ActingPerson(name="Citra Lestari", post="Sekretaris PKK")
    db.session.commit()
    page = text_of(coordinator_client.get(f"/activities/{ani_and_police_invited.id}").text)
    assert "Ani Wijaya represented by Citra Lestari, Sekretaris PKK" in page


@pytest.mark.usefixtures("clock_stands")
def test_the_people_of_a_filtered_list_are_reminded_after_a_preview(coordinator_client, activity, ani, budi):
    budi.email = ""
    db.session.commit()
    inviting.invite_people([activity.id], [ani.id, budi.id], Role.CADRE, by=None, now=at(1))
    publishing.publish([activity.id], by=None, now=at(1))
    reminding.tick(at(1))
    db.session.execute(sa.update(Message).values(state="sent", sent_at=at(1), merge_key=None))
    db.session.commit()
    path = f"/activities/{activity.id}/invitees/remind"
    assert f"{path}?q=Ani" in coordinator_client.get(f"/activities/{activity.id}/invitees?q=Ani").text
    everybody = coordinator_client.get(path).text
    chosen = fields(everybody)["invitation"]
    assert len(chosen) == 1
    assert "No mail reaches them; please call them." in everybody
    assert "invitation" not in fields(coordinator_client.get(f"{path}?q=Budi").text)
    done = coordinator_client.post(f"{path}?q=Ani", data={"invitation": chosen})
    assert done.location == f"/activities/{activity.id}/invitees?q=Ani"
    assert db.session.scalars(sa.select(Reminder.detail).where(Reminder.key == "by-hand")).all() == [
        {"only": [int(chosen[0])]}
    ]
    nobody = coordinator_client.post(path, data={})
    assert (nobody.status_code, "None of these would get a reminder now." in nobody.text) == (422, True)


@pytest.mark.usefixtures("clock_stands")
def test_people_who_answered_are_reminded_only_if_that_is_chosen(coordinator_client, activity, ani, budi):
    inviting.invite_people([activity.id], [ani.id, budi.id], Role.CADRE, by=None, now=at(1))
    publishing.publish([activity.id], by=None, now=at(1))
    reminding.tick(at(1))
    db.session.execute(sa.update(Message).values(state="sent", sent_at=at(1), merge_key=None))
    db.session.execute(sa.update(Invitation).where(Invitation.person_id == ani.id).values(state="coming"))
    db.session.commit()
    path = f"/activities/{activity.id}/invitees/remind"
    ids = {invitation.person_id: str(invitation.id) for invitation in db.session.scalars(sa.select(Invitation))}
    both = coordinator_client.get(path).text
    assert set(re.findall(r'name="invitation" value="(\d+)"', both)) == set(ids.values())
    assert re.findall(r'name="invitation" value="(\d+)" checked', both) == [ids[budi.id]]
    coming = coordinator_client.get(f"{path}?state=coming").text
    assert re.findall(r'name="invitation" value="(\d+)" checked', coming) == [ids[ani.id]]


def test_a_viewer_reminds_nobody(viewer_client, activity):
    assert viewer_client.get(f"/activities/{activity.id}/invitees/remind").status_code == 403
    assert viewer_client.post(f"/activities/{activity.id}/invitees/remind").status_code == 403


def test_an_invitations_page_shows_who_was_named_and_undoes_the_last_name(
    ani_and_police_invited, ani, coordinator, coordinator_client
):
    invitation = invitations()[0]
    recording.record_answer(
        invitation.id, Choice.REPRESENTED, AnswerSource.PHONE, Representative("Kompol Rina", "Wakapolres"),
        by=coordinator, now=NOW,
    )  # fmt: skip
    page = text_of(coordinator_client.get(f"/invitations/{invitation.id}").text)
    assert "Kompol Rina , Wakapolres comes Kompol named by the invitee, to staff" in page
    done = coordinator_client.post(f"/invitations/{invitation.id}/representative/undo")
    assert done.status_code == 302
    page = text_of(coordinator_client.get(f"/invitations/{invitation.id}").text)
    assert "Kompol Rina , Wakapolres undone" in page
    again = coordinator_client.post(f"/invitations/{invitation.id}/representative/undo", follow_redirects=True)
    assert "Nobody is named to come in their place any more" in again.text
