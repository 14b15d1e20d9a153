"""The list of people to call: who is on it, in which order, who is next, and the text for WhatsApp."""

from datetime import timedelta

import pytest

from outreach.delivery.words import whatsapp
from outreach.delivery.words.whatsapp import Sender
from outreach.domain.activities.values import Move
from outreach.domain.answers import Choice
from outreach.domain.kinds import AnswerSource, Role, Sex
from outreach.extensions import db
from outreach.queries.calls import lists as calls
from outreach.queries.calls.lists import CallScope
from outreach.queries.invitations import lists as invitees
from outreach.queries.invitations.select import InviteeFilters
from outreach.services.activities import move as moves
from outreach.services.activities import publish as publishing
from outreach.services.answers import record as recording
from outreach.services.answers.record import NotRecordable, Told
from outreach.services.invitations import invite as inviting
from outreach.services.invitations import withdraw as withdrawing
from outreach.services.reminders import tick as reminding
from outreach.transactions import writing
from tests.support.copied import copied
from tests.world import (
    NOW,
    a_person,
    answer,
    at,
    draft_activity,
    invitation_of,
    invite,
    invite_and_publish,
    invite_organisation,
    publish,
)

SENDER = Sender("Dinas PPPA Kota Metro", "Rina Wulandari")
EVERYTHING = CallScope()
UNFILTERED = InviteeFilters()


@copied
def all_told(activity, ani, budi, chief, police, coordinator):
    """The chief speaks, the police have two seats, Ani and Budi are invited as cadres. All have been told."""
    chief.phone = police.phone = "+62725123456"
    db.session.commit()
    invite(activity, chief, role=Role.SPEAKER, by=coordinator)
    invite_organisation(activity, police, by=coordinator)
    invite(activity, ani, budi, by=coordinator)
    publish(activity, by=coordinator)
    return activity


@copied
def second(programme, hall, ani, coordinator, all_told):
    """Ani is invited to a second day of the programme, too."""
    other_activity = draft_activity(programme, hall, 19, title="Hari kedua", public_title="Hari kedua")
    return invite_and_publish(other_activity, ani, by=coordinator)


def names(scope, filters=UNFILTERED, now=NOW):
    return [callee.invitee.display_name for callee in calls.listed(scope, filters, now=now).callees]


def test_all_who_have_not_answered_are_listed_with_or_without_mail(any_app, all_told, ani, budi, chief):
    scope = CallScope(activity_id=all_told.id)
    assert names(scope) == ["Kapolres Metro", "Polres Metro", "Ani Wijaya", "Budi Santoso"]
    budi.email = ""
    db.session.commit()
    found = calls.listed(scope, InviteeFilters(no_address=True), now=NOW)
    assert [callee.invitee.display_name for callee in found.callees] == ["Budi Santoso"]
    assert (found.everyone, found.unreached, invitees.without_address(all_told.id, now=NOW)) == (4, 1, 1)
    answer(all_told, chief, Choice.COMING)
    answer(all_told, ani, Choice.NOT_COMING)
    assert names(scope) == ["Polres Metro", "Budi Santoso"]


def test_people_without_mail_are_listed_before_any_mail_could_tell_them(any_app, activity, ani, budi, coordinator):
    budi.email = ""
    db.session.commit()
    inviting.invite_people([activity.id], [ani.id, budi.id], Role.CADRE, by=coordinator, now=NOW)
    assert names(CallScope(activity_id=activity.id)) == []
    publishing.publish([activity.id], by=coordinator, now=NOW)
    assert names(CallScope(activity_id=activity.id)) == ["Budi Santoso"]


def test_nobody_is_called_before_the_moment_chosen_for_the_invitations(any_app, activity, ani, budi, coordinator):
    budi.email = ""
    db.session.commit()
    invite(activity, ani, budi, by=coordinator)
    publishing.publish([activity.id], by=coordinator, now=NOW, invitations_at=at(6))
    for scope in (CallScope(activity_id=activity.id), CallScope(programme_id=activity.programme_id), EVERYTHING):
        assert (names(scope), names(scope, now=at(6))) == ([], ["Budi Santoso"])
        assert calls.one("person", budi.id, scope, now=NOW).asked == ()
    assert invitees.without_address(activity.id, now=NOW) == 0
    assert invitees.without_address(activity.id, now=at(6)) == 1


def test_nobody_is_called_about_the_cancellation_of_an_activity_they_never_heard_of(
    any_app, activity, budi, coordinator
):
    budi.email = ""
    db.session.commit()
    invite(activity, budi, by=coordinator)
    publishing.publish([activity.id], by=coordinator, now=NOW, invitations_at=at(6))
    publishing.cancel(activity.id, "Aula dipakai", by=coordinator, now=at(5))
    assert names(CallScope(activity_id=activity.id), now=at(7)) == []


def test_a_cancellation_after_the_chosen_moment_is_told_by_phone(any_app, activity, budi, coordinator):
    budi.email = ""
    db.session.commit()
    invite(activity, budi, by=coordinator)
    publishing.publish([activity.id], by=coordinator, now=NOW, invitations_at=at(6))
    publishing.cancel(activity.id, "Aula dipakai", by=coordinator, now=at(6))
    assert names(CallScope(activity_id=activity.id), now=at(7)) == ["Budi Santoso"]


def test_everybody_is_listed_once_with_all_their_activities(any_app, all_told, second, programme, ani):
    for scope in (CallScope(activity_id=second.id), CallScope(programme_id=programme.id), EVERYTHING):
        [to_call] = [
            callee for callee in calls.listed(scope, InviteeFilters(), now=NOW).callees if callee.invitee is ani
        ]
        assert [i.activity_id for i in to_call.asked] == [all_told.id, second.id]
    assert names(CallScope(activity_id=second.id)) == ["Ani Wijaya"]
    assert names(EVERYTHING) == ["Kapolres Metro", "Polres Metro", "Ani Wijaya", "Budi Santoso"]
    answer(second, ani, Choice.COMING)
    [to_call] = [
        callee for callee in calls.listed(EVERYTHING, InviteeFilters(), now=NOW).callees if callee.invitee is ani
    ]
    assert [i.activity_id for i in to_call.asked] == [all_told.id]


def test_a_programmes_list_leaves_out_other_programmes_and_past_activities(
    any_app, all_told, programme, hall, coordinator
):
    citra = a_person("Citra Dewi")
    alone = draft_activity(None, hall, 25)
    inviting.invite_people([alone.id], [citra.id], Role.CADRE, by=coordinator, now=NOW)
    publishing.publish([alone.id], by=coordinator, now=NOW)
    reminding.tick(NOW)
    assert "Citra Dewi" not in names(CallScope(programme_id=programme.id))
    assert "Citra Dewi" in names(EVERYTHING)
    assert names(EVERYTHING, now=alone.ends_at - timedelta(seconds=1)) == ["Citra Dewi"]
    assert names(EVERYTHING, now=alone.ends_at) == []


def test_a_withdrawn_invitation_is_not_called_about(any_app, all_told, ani, coordinator):
    withdrawing.withdraw(invitation_of(all_told, ani).id, by=coordinator, now=NOW)
    assert "Ani Wijaya" not in names(EVERYTHING)


def test_people_with_a_number_and_the_nearest_deadline_are_called_first(
    any_app, all_told, second, ani, budi, police, chief, coordinator
):
    """Ani is asked to two days; Kapolres Metro and Polres Metro have no phone number."""
    chief.phone = police.phone = ""
    second.respond_by_at = all_told.respond_by_at - timedelta(days=1)
    db.session.commit()
    citra = a_person("Citra Lestari")
    invite(second, citra, by=coordinator)
    reminding.tick(now=NOW)
    order = ["Ani Wijaya", "Citra Lestari", "Budi Santoso", "Kapolres Metro", "Polres Metro"]
    assert names(EVERYTHING) == order


def test_those_to_give_to_a_caller_come_in_the_order_of_the_list(
    any_app, all_told, ani, budi, chief, police, coordinator
):
    def given(**filters):
        scope = CallScope(activity_id=all_told.id)
        found = calls.candidates(scope, InviteeFilters(**filters), by_id=coordinator.id, now=NOW)
        return [(callee.kind, callee.id) for callee in found]

    cadres = [("person", ani.id), ("person", budi.id)]
    assert given() == [("person", chief.id), ("organisation", police.id), *cadres]
    assert given(role=Role.CADRE) == cadres
    answer(all_told, ani, Choice.COMING)
    assert given(role=Role.CADRE) == cadres[1:]


def test_nobody_is_given_to_a_caller_only_to_hear_of_a_cancellation(any_app, all_told, budi, coordinator):
    budi.email = ""
    db.session.commit()
    publishing.cancel(all_told.id, "Aula dipakai", by=coordinator, now=NOW)
    scope = CallScope(activity_id=all_told.id)
    assert names(scope) == ["Budi Santoso"]
    assert calls.candidates(scope, UNFILTERED, by_id=coordinator.id, now=NOW) == []


def test_one_call_is_recorded_whole_or_not_at_all(any_app, all_told, second, ani, coordinator):
    first, other = invitation_of(all_told, ani), invitation_of(second, ani)
    withdrawing.withdraw(other.id, by=coordinator, now=NOW)
    told = [Told(first.id, Choice.COMING), Told(other.id, Choice.NOT_COMING)]
    with pytest.raises(NotRecordable), writing() as session:
        recording.record_answers(session, told, AnswerSource.PHONE, by=coordinator, now=NOW)
    assert invitation_of(all_told, ani).answered_at is None
    with writing() as session:
        recording.record_answers(session, told[:1], AnswerSource.WHATSAPP, by=coordinator, now=NOW)
    stored = invitation_of(all_told, ani)
    assert (stored.state, stored.answer_source) == ("coming", AnswerSource.WHATSAPP)


def whatsapp_text(app, invitation, link="http://localhost/j/x", sender=SENDER, now=NOW):
    with app.test_request_context():
        return whatsapp.call_about([invitation], link, sender, now=now).text


def test_the_text_names_office_sender_what_when_and_deadline_and_that_nothing_is_paid(app, all_told, ani):
    ani.locale = "en"
    db.session.commit()
    text = whatsapp_text(app, invitation_of(all_told, ani))
    assert text == "\n".join(
        [
            "Dear Ani Wijaya,",
            "this is Rina Wulandari from Dinas PPPA Kota Metro.",
            "",
            "We invite you to: Rapat koordinasi lintas sektor",
            "Monday, 18 January 2027",
            "08:00–12:00 WIB",
            "Aula Bappeda",
            "Please answer by Saturday, 16 January 2027 at 16:00 WIB.",
            "",
            "Please tell us whether you will come:",
            "http://localhost/j/x",
            "",
            "Taking part is free: we never ask for money or transfers.",
        ]
    )


@pytest.mark.parametrize(
    ("locale", "greeting"),
    [("id", "Yth. Ibu Ani Wijaya, Ketua PKK, Polres Metro,"), ("en", "Dear Ani Wijaya, Ketua PKK, Polres Metro,")],
)
def test_the_text_greets_as_the_mails_do(app, all_told, ani, police, locale, greeting):
    ani.locale, ani.sex, ani.post, ani.organisation = locale, Sex.FEMALE, "Ketua PKK", police
    db.session.commit()
    assert whatsapp_text(app, invitation_of(all_told, ani)).splitlines()[0] == greeting


def test_the_text_to_an_organisation_greets_its_head(app, all_told, police):
    assert whatsapp_text(app, invitation_of(all_told, police)).splitlines()[0] == "Yth. Pimpinan Polres Metro,"


def test_the_text_does_not_ask_for_an_answer_by_a_moment_that_has_passed(app, all_told, ani):
    ani.locale = "en"
    db.session.commit()
    assert "Please answer by" in whatsapp_text(app, invitation_of(all_told, ani), now=at(16, 15))
    late = whatsapp_text(app, invitation_of(all_told, ani), now=at(16, 16))
    assert "Please answer by" not in late
    assert "whether you will come by answering this message." in late
    assert "/j/x" not in late  # its page takes no answer any more
    invitation_of(all_told, ani).invited_at = at(17)
    db.session.commit()
    assert "Please answer by Monday, 18 January 2027 at 08:00 WIB." in whatsapp_text(
        app, invitation_of(all_told, ani), now=at(17)
    )


def test_one_text_asks_about_all_their_activities(app, all_told, second, ani):
    ani.locale = "en"
    [to_call] = [
        callee for callee in calls.listed(EVERYTHING, InviteeFilters(), now=NOW).callees if callee.invitee is ani
    ]
    with app.test_request_context():
        text = whatsapp.call_about(to_call.asked, to_call.link, SENDER, now=NOW).text
    assert text.count("We invite you to:") == 2
    assert text.count("http://localhost/j/") == text.count("Taking part is free") == 1


def test_the_text_is_neutral_and_has_the_persons_link(app, all_told, ani):
    row = invitees.one(invitation_of(all_told, ani).id)
    with app.test_request_context():
        call = whatsapp.call_about([row.invitation], row.link, SENDER, now=NOW)
    assert call.number == "0812-3456-7890"
    assert call.whatsapp.startswith("https://wa.me/6281234567890?text=")
    assert row.link.startswith("http://localhost/j/")
    assert row.link in call.text
    assert "kekerasan" not in call.text


@pytest.mark.parametrize("phone", ["", "+6272541122"])
def test_without_a_mobile_number_there_is_no_whatsapp_link(app, all_told, ani, phone):
    ani.phone = phone
    db.session.commit()
    with app.test_request_context():
        call = whatsapp.call_about([invitation_of(all_told, ani)], "", SENDER, now=NOW)
    assert (call.whatsapp, call.tel) == ("", phone)


@copied
def unmailed(activity, ani, budi, coordinator):
    """Ani and Budi have no e-mail and read English. Ani has accepted, Budi has not answered."""
    for invitee in (ani, budi):
        invitee.email, invitee.locale = "", "en"
    db.session.commit()
    inviting.invite_people([activity.id], [ani.id, budi.id], Role.CADRE, by=coordinator, now=NOW)
    publishing.publish([activity.id], by=coordinator, now=NOW)
    answer(activity, ani, Choice.COMING)
    return activity


def texts_to_call(app, activity):
    with app.test_request_context():
        return {
            callee.invitee.display_name: whatsapp.call_about(callee.asked, callee.link, SENDER, now=NOW).text
            for callee in calls.everyone(CallScope(activity_id=activity.id), InviteeFilters(), now=NOW)
        }


def test_after_a_move_people_who_accepted_are_called_too_and_get_the_new_day(any_app, unmailed, ani, coordinator):
    moves.move(
        unmailed.id, Move(at(20, 8), at(20, 12), unmailed.zone, unmailed.venue_id),
        "The hall is taken", unmailed.version, by=coordinator, now=NOW,
    )  # fmt: skip
    texts = texts_to_call(any_app, unmailed)
    assert list(texts) == ["Ani Wijaya", "Budi Santoso"]
    assert invitees.without_address(unmailed.id, now=NOW) == 2
    assert "have changed for: Rapat koordinasi lintas sektor" in texts["Ani Wijaya"]
    assert "20 January 2027" in texts["Ani Wijaya"]
    assert "can still come" in texts["Ani Wijaya"]
    assert "We invite you" not in "".join(texts.values())
    answer(unmailed, ani, Choice.COMING)
    assert list(texts_to_call(any_app, unmailed)) == ["Budi Santoso"]


def test_after_a_cancellation_all_expected_people_are_called_and_get_the_reason(
    any_app, unmailed, ani, budi, hall, coordinator
):
    citra, dian = a_person("Citra Dewi", email="", locale="en"), a_person("Dian Sari")
    inviting.invite_people([unmailed.id], [citra.id, dian.id], Role.CADRE, by=coordinator, now=NOW)
    answer(unmailed, citra, Choice.NOT_COMING)
    other_activity = draft_activity(None, hall, 25)
    inviting.invite_people([other_activity.id], [ani.id], Role.CADRE, by=coordinator, now=NOW)
    publishing.publish([other_activity.id], by=coordinator, now=NOW)
    publishing.cancel(unmailed.id, "Flood in the hall", by=coordinator, now=NOW)
    texts = texts_to_call(any_app, unmailed)
    assert list(texts) == ["Ani Wijaya", "Budi Santoso"]
    for text in texts.values():
        assert "cancelled: Rapat koordinasi lintas sektor" in text
        assert "Reason: Flood in the hall" in text
        assert "Dinas PPPA Kota Metro" in text
        assert "/j/" not in text
        assert "whether you will come" not in text
        assert "kekerasan" not in text


def test_a_list_of_any_length_takes_the_same_number_of_statements(any_app, all_told, queries):
    def read():
        db.session.rollback()
        found = calls.listed(CallScope(activity_id=all_told.id), InviteeFilters(), now=NOW)
        return [
            (callee.invitee.display_name, [i.activity.venue for i in callee.asked], callee.link)
            for callee in found.callees
        ]

    read()
    few = queries(read)
    people = [a_person(f"Kader {n:03}") for n in range(60)]
    inviting.invite_people([all_told.id], [person.id for person in people], Role.CADRE, by=None, now=NOW)
    reminding.tick(NOW)
    assert len(read()) == 64
    assert queries(read) == few


def test_after_a_postponement_all_expected_people_are_called_and_told_that_the_date_follows(
    any_app, unmailed, ani, coordinator
):
    ani.locale = "en"
    citra = a_person("Citra Dewi", email="", locale="en")
    inviting.invite_people([unmailed.id], [citra.id], Role.CADRE, by=coordinator, now=NOW)
    answer(unmailed, citra, Choice.NOT_COMING)
    publishing.postpone(unmailed.id, "Flood in the hall", by=coordinator, now=NOW)
    texts = texts_to_call(any_app, unmailed)
    assert list(texts) == ["Ani Wijaya"]
    text = texts["Ani Wijaya"]
    assert "This activity is postponed: Rapat koordinasi lintas sektor\nBefore:\nMonday, 18 January 2027" in text
    assert "Reason: Flood in the hall" in text
    assert "The new date is not set yet; we tell you as soon as it is." in text
    assert ("/j/" in text, "whether you will come" in text) == (False, False)
    publishing.cancel(unmailed.id, "No budget", by=coordinator, now=NOW)
    text = texts_to_call(any_app, unmailed)["Ani Wijaya"]
    assert "This activity is cancelled: Rapat koordinasi lintas sektor\nBefore:\nMonday, 18 January 2027" in text
