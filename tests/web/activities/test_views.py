"""The pages of activities: lists, creating, editing, agenda, and each action that sends mails with its preview."""

import re
from datetime import time

import pytest
import sqlalchemy as sa

from outreach.domain.kinds import ActivityKind, Audience, MailKind, Role
from outreach.domain.states import ActivityState, InvitationState, ReminderState
from outreach.extensions import db
from outreach.models import Activity, AgendaItem, Invitation, Reminder, Venue
from outreach.queries.activities import lists as browsing
from outreach.services.activities import agenda as agendas
from outreach.services.invitations import invite as inviting
from outreach.services.reminders import tick as reminding
from tests.web.reading import fields, text_of
from tests.world import NOW, at, draft_activity, invite, mark_as_invited, publish

pytestmark = pytest.mark.usefixtures("clock_stands")


def typed(**changes: str) -> dict[str, str]:
    return {
        "kind": "outreach",
        "title": "Sosialisasi PATBM Kelurahan",
        "public_title": "",
        "on": "2027-01-25",
        "begins": "09:00",
        "ends": "11:00",
        "zone": "Asia/Jakarta",
        "venue_id": "",
        "region_code": "",
        "description": "Bersama lurah dan kader.",
        **changes,
    }


def activities() -> list[Activity]:
    db.session.expire_all()
    return list(db.session.scalars(sa.select(Activity).order_by(Activity.starts_at, Activity.id)))


def states() -> list[ActivityState]:
    return [activity.state for activity in activities()]


def test_a_standalone_activity_is_stored_in_the_chosen_zone(coordinator_client):
    answer = coordinator_client.post("/activities/new", data=typed(zone="Asia/Makassar", registration="08:30"))
    (made,) = activities()
    assert answer.location == f"/activities/{made.id}"
    assert (made.starts_at, made.ends_at, made.registration_at) == (at(25, 8), at(25, 10), at(25, 7, 30))
    assert (made.zone.key, made.kind, made.programme_id) == ("Asia/Makassar", ActivityKind.OUTREACH, None)


@pytest.mark.usefixtures("default_rules")
def test_the_next_step_says_if_no_reminder_to_answer_goes_out_any_more(coordinator_client, programme, hall, ani):
    activity = draft_activity(programme, hall)
    invite(activity, ani)
    publish(activity, tick=False)
    mark_as_invited()
    page = text_of(coordinator_client.get(f"/activities/{activity.id}?lang=en").text)
    assert "They are reminded by themselves." in page
    asking = (Reminder.kind == MailKind.REMINDER, Reminder.audience == Audience.UNANSWERED)
    db.session.execute(sa.update(Reminder).where(*asking).values(state=ReminderState.EXPANDED))
    db.session.commit()
    page = text_of(coordinator_client.get(f"/activities/{activity.id}?lang=en").text)
    assert "They are reminded by themselves." not in page
    assert "No reminder to answer goes out by itself any more: please call them, or remind them now." in page


def test_a_new_activity_of_a_programme_begins_on_its_first_day(coordinator_client, programme):
    shown = fields(coordinator_client.get(f"/activities/new?programme={programme.id}").text)
    assert (shown["on"], shown["programme_id"]) == (["2027-01-18"], [str(programme.id)])


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"title": ""}, "Please write a title"),
        ({"on": ""}, "Please choose the day."),
        ({"on": "kemarin"}, "Please choose a day, such as"),
        ({"ends": "09:00"}, "The end must be later than the start."),
        ({"registration": "09:01"}, "Registration must not open later than the start."),
        ({"respond_on": "2027-01-26"}, "The answer deadline must not be later than the start."),
        ({"zone": "Europe/Paris"}, "Please choose one from the list."),
        ({"zone": "Mars"}, "Please choose one from the list."),
        ({"zone": "Asia"}, "Please choose one from the list."),  # a folder of zones
        ({"region_code": "99.99.99.9999"}, "Please choose one from the list."),
        ({"capacity": "-3"}, "Please write a number from 1 to"),
    ],
)
def test_invalid_input_gets_a_message_stays_in_the_form_and_is_not_saved(coordinator_client, changes, sentence):
    page = coordinator_client.post("/activities/new", data=typed(**changes))
    assert page.status_code == 422
    assert sentence in page.text
    assert "Bersama lurah dan kader." in page.text
    assert activities() == []


def test_an_end_one_minute_after_the_start_is_accepted(coordinator_client):
    assert coordinator_client.post("/activities/new", data=typed(ends="09:01")).status_code == 302


def test_a_ticked_kecamatan_means_all_its_kelurahan(coordinator_client):
    made = coordinator_client.post("/activities/community", data=typed(kecamatan="18.72.01"), follow_redirects=True)
    assert "Set their days one by one, or let timetabling find them." in made.text
    assert [(activity.title, activity.region_code, activity.venue.name) for activity in activities()] == [
        ("Sosialisasi PATBM Kelurahan Metro", "18.72.01.1001", "Balai Kelurahan Metro"),
        ("Sosialisasi PATBM Kelurahan Imopuro", "18.72.01.1003", "Balai Kelurahan Imopuro"),
    ]


def test_overlapping_kelurahan_and_kecamatan_create_each_activity_once(coordinator_client):
    form = {**typed(kecamatan="18.72.01"), "region_codes": ["18.72.01.1003", "18.72.04.1001"]}
    coordinator_client.post("/activities/community", data=form)
    assert [activity.region_code for activity in activities()] == ["18.72.01.1001", "18.72.01.1003", "18.72.04.1001"]


def test_without_a_kelurahan_nothing_is_created(coordinator_client):
    page = coordinator_client.post("/activities/community", data=typed())
    assert page.status_code == 422
    assert "Please tick at least one kelurahan" in page.text
    assert (activities(), list(db.session.scalars(sa.select(Venue)))) == ([], [])


def test_the_list_is_filtered_by_word_state_programme_time_and_kelurahan(coordinator_client, activity, hall):
    draft_activity(
        None, None, day=25, title="Sosialisasi Yosodadi", state=ActivityState.PUBLISHED, region_code="18.72.04.1001"
    )
    draft_activity(
        None, None, title="Dulu", starts_at=at(2, 8), ends_at=at(2, 9), registration_at=None, respond_by_at=at(1)
    )

    def found(query: str) -> list[str]:
        page = coordinator_client.get(f"/activities?{query}").text
        return [title for title in (activity.title, "Sosialisasi Yosodadi", "Dulu") if f">{title}</a>" in page]

    assert found("") == [activity.title, "Sosialisasi Yosodadi"]
    assert found("time=past") == ["Dulu"]
    assert found("time=all") == [activity.title, "Sosialisasi Yosodadi", "Dulu"]
    assert found("q=yoso") == ["Sosialisasi Yosodadi"]
    assert found("q=bappeda") == [activity.title]
    assert found("state=published") == ["Sosialisasi Yosodadi"]
    assert found(f"programme={activity.programme_id}") == [activity.title]
    assert found("region=18.72.04") == ["Sosialisasi Yosodadi"]
    assert found("region=18.72.01.1001") == [activity.title]  # by its venue
    assert found("region=18.72.01.1003") == []
    assert found("state=unknown&time=never&programme=x&page=99") == [activity.title, "Sosialisasi Yosodadi"]


def test_the_page_shows_facts_agenda_speakers_and_answers(coordinator_client, activity, chief, ani):
    activity.agenda = [AgendaItem(starts_at=at(18, 9), ends_at=at(18, 10), topic="Pencegahan", speakers=[chief])]
    db.session.add(Invitation(activity=activity, person=chief, role=Role.SPEAKER, state=InvitationState.COMING))
    db.session.add(Invitation(activity=activity, person=ani, role=Role.CADRE, state=InvitationState.INVITED))
    db.session.commit()
    page = coordinator_client.get(f"/activities/{activity.id}").text
    for words in ("Aula Bappeda", "09:00–10:00 WIB", "Pencegahan", "Kapolres Metro", "1 of 100 seats taken"):
        assert words in page
    assert "<b>1</b> coming" in page
    assert "<b>1</b> without an answer" in page


def test_a_missed_reminder_has_a_reason(coordinator_client, activity):
    db.session.add(
        Reminder(activity=activity, key="seven", kind="reminder", audience="unanswered", due_at=at(11),
                 state="missed", reason="superseded")
    )  # fmt: skip
    db.session.commit()
    page = coordinator_client.get(f"/activities/{activity.id}").text
    assert "Missed" in page
    assert "A later reminder to the same people was due by then." in page


@pytest.mark.parametrize("path", ["", "/edit", "/agenda", "/publish", "/move", "/cancel", "/delete"])
def test_an_unknown_activity_gives_a_not_found_page(coordinator_client, path):
    page = coordinator_client.get(f"/activities/999{path}")
    assert page.status_code == 404
    assert "This activity does not exist" in page.text


@pytest.mark.parametrize("path", ["edit", "agenda", "publish", "move", "cancel", "delete"])
def test_a_viewer_changes_nothing(viewer_client, activity, path):
    assert viewer_client.get(f"/activities/{activity.id}/{path}").status_code == 403
    assert viewer_client.post(f"/activities/{activity.id}/{path}", data={"confirm": "1"}).status_code == 403
    assert states() == [ActivityState.DRAFT]


def form_of(client, activity: Activity, page: str = "edit") -> dict[str, str]:
    """Return the initial values of the page's form."""
    return {name: values[-1] for name, values in fields(client.get(f"/activities/{activity.id}/{page}").text).items()}


def test_editing_a_draft_moves_it_and_notifies_nobody(coordinator_client, activity):
    form = form_of(coordinator_client, activity)
    assert (form["on"], form["begins"], form["ends"], form["registration"]) == ("2027-01-18", "08:00", "12:00", "07:30")
    answer = coordinator_client.post(
        f"/activities/{activity.id}/edit", data={**form, "on": "2027-01-19", "respond_on": "", "title": "Rapat"}
    )
    assert answer.status_code == 302
    (edited,) = activities()
    assert (edited.title, edited.starts_at, edited.registration_at) == ("Rapat", at(19, 8), at(19, 7, 30))


def test_the_second_to_save_a_form_is_refused_and_keeps_her_input(coordinator_client, activity):
    hers = form_of(coordinator_client, activity)
    coordinator_client.post(f"/activities/{activity.id}/edit", data={**hers, "title": "Judul pertama"})
    page = coordinator_client.post(f"/activities/{activity.id}/edit", data={**hers, "title": "Judul kedua"})
    assert page.status_code == 422
    assert "Somebody else saved this meanwhile." in page.text
    assert "Judul pertama" in page.text
    again = {name: values[-1] for name, values in fields(page.text).items()}
    assert again["title"] == "Judul kedua"
    assert [stored.title for stored in activities()] == ["Judul pertama"]
    coordinator_client.post(f"/activities/{activity.id}/edit", data=again)
    assert [stored.title for stored in activities()] == ["Judul kedua"]


def test_a_new_time_of_a_published_activity_leads_to_moving_it(coordinator_client, published):
    form = form_of(coordinator_client, published)
    answer = coordinator_client.post(
        f"/activities/{published.id}/edit", data={**form, "title": "Rapat baru", "on": "2027-01-20", "begins": "09:00"}
    )
    assert answer.location.startswith(f"/activities/{published.id}/move?")
    assert [(activity.title, activity.starts_at) for activity in activities()] == [("Rapat baru", at(18, 8))]
    shown = fields(coordinator_client.get(answer.location).text)
    assert (shown["on"], shown["begins"], shown["ends"]) == (["2027-01-20"], ["09:00"], ["12:00"])


def test_a_move_first_shows_who_is_notified_and_is_then_saved(coordinator_client, published):
    path = f"/activities/{published.id}/move"
    form = {**form_of(coordinator_client, published, "move"), "on": "2027-01-20", "reason": "Aula direnovasi"}
    preview = coordinator_client.post(path, data=form)
    assert preview.status_code == 200
    assert "Who gets which mail when" in preview.text
    assert "Wednesday, 20 January 2027" in preview.text
    assert preview.text.count("Aula Bappeda (100 seats)</td>") == 2  # an unchanged place is shown as it was
    assert [activity.starts_at for activity in activities()] == [at(18, 8)]
    carried = {name: values[-1] for name, values in fields(preview.text).items()}
    assert {name: carried[name] for name in form} == form
    back = coordinator_client.post(path, data={**carried, "back": "1"})
    assert fields(back.text)["reason"] == ["Aula direnovasi"]
    assert coordinator_client.post(path, data={**carried, "confirm": "1"}).status_code == 302
    assert [(activity.starts_at, activity.sequence, activity.state) for activity in activities()] == [
        (at(20, 8), 1, ActivityState.PUBLISHED)
    ]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"reason": " "}, "Please write why it is moved"),
        ({"ends": "07:00"}, "The end must be later than the start."),
        ({"on": "2027-01-18", "confirm": "1"}, "Time and place are the same as before"),
        ({"on": "2027-01-03", "confirm": "1"}, "would start in the past"),
        ({"version": "0", "confirm": "1"}, "Somebody else saved this meanwhile."),
    ],
)
def test_an_invalid_move_gets_a_message_and_moves_nothing(coordinator_client, published, changes, sentence):
    form = form_of(coordinator_client, published, "move")
    form |= {"on": "2027-01-20", "reason": "Aula direnovasi", "respond_on": "", **changes}
    page = coordinator_client.post(f"/activities/{published.id}/move", data=form)
    assert page.status_code == 422
    assert sentence in page.text
    assert [activity.starts_at for activity in activities()] == [at(18, 8)]


def test_a_draft_is_not_moved_but_edited(coordinator_client, activity):
    form = {**form_of(coordinator_client, activity, "move"), "on": "2027-01-20", "reason": "Aula direnovasi"}
    page = coordinator_client.post(f"/activities/{activity.id}/move", data=form)
    assert page.status_code == 422
    assert "Only a published activity can be moved, postponed or cancelled." in page.text


def test_a_cancellation_first_shows_who_is_notified_and_is_then_saved(coordinator_client, published):
    path = f"/activities/{published.id}/cancel"
    assert coordinator_client.post(path, data={"reason": ""}).status_code == 422
    preview = coordinator_client.post(path, data={"reason": "Banjir"})
    assert "Who gets which mail when" in preview.text
    assert states() == [ActivityState.PUBLISHED]
    assert coordinator_client.post(path, data={"reason": "Banjir", "confirm": "1"}).status_code == 302
    assert [(activity.state, activity.cancelled_reason) for activity in activities()] == [
        (ActivityState.CANCELLED, "Banjir")
    ]


def test_a_reminder_that_will_not_go_out_is_not_shown_as_scheduled(coordinator_client, published):
    for day, audience in ((11, Audience.UNANSWERED), (12, Audience.COMING)):
        db.session.add(
            Reminder(activity=published, key=f"r{day}", kind=MailKind.REMINDER, audience=audience, due_at=at(day))
        )
    published.respond_by_at = at(10)
    db.session.execute(sa.delete(Reminder).where(Reminder.key.not_in(["r11", "r12"])))
    db.session.commit()
    page = coordinator_client.get(f"/activities/{published.id}").text
    rows = [row for row in page.split("<li>") if "11 January" in row or "12 January" in row]
    assert [
        ("Scheduled" in row, "Not sent" in row, "Answers were no longer taken by then." in row) for row in rows
    ] == [
        (False, True, True),
        (True, False, False),
    ]


def test_an_activitys_page_separates_written_mails_from_future_ones(coordinator_client, published):
    page = coordinator_client.get(f"/activities/{published.id}").text
    assert "Mails already written" not in page
    reminding.tick(NOW)
    page = coordinator_client.get(f"/activities/{published.id}").text
    assert page.count("<summary>Mails already written</summary>") == 1


def test_a_draft_without_an_agenda_offers_the_usual_one(coordinator_client, activity):
    page = coordinator_client.get(f"/activities/{activity.id}").text
    assert "No agenda yet. The usual half-day agenda is filled in when you open it." in page


def test_publishing_first_shows_who_is_notified_and_is_then_saved(coordinator_client, activity, ani):
    db.session.add(Invitation(activity=activity, person=ani, role=Role.CADRE))
    db.session.commit()
    path = f"/activities/{activity.id}/publish"
    page = coordinator_client.get(path).text
    assert "Who gets which mail when" in page
    assert "Nobody gets more than one mail a day; only what is urgent is told at once. Mails a day: <" in page
    assert states() == [ActivityState.DRAFT]
    assert coordinator_client.post(path).location == f"/activities/{activity.id}"
    assert states() == [ActivityState.PUBLISHED]
    again = coordinator_client.post(path)
    assert again.status_code == 422
    assert "is published already" in again.text


def test_a_draft_is_deleted_after_confirmation_and_a_published_activity_never(coordinator_client, activity, published):
    assert coordinator_client.post(f"/activities/{published.id}/delete").status_code == 422
    draft = draft_activity(None, None, day=26, title="Batal saja")
    assert "Delete “Batal saja”?" in coordinator_client.get(f"/activities/{draft.id}/delete").text
    assert len(activities()) == 2
    coordinator_client.post(f"/activities/{draft.id}/delete")
    assert [left.id for left in activities()] == [published.id]


def test_a_new_agenda_starts_with_the_usual_half_day(coordinator_client, activity):
    shown = fields(coordinator_client.get(f"/activities/{activity.id}/agenda").text)
    lines = [(shown[f"lines-{n}-begins"][0], shown[f"lines-{n}-ends"][0]) for n in range(8)]
    assert (lines[0], lines[1], lines[-1]) == (("07:30", "08:00"), ("08:00", "08:30"), ("11:45", "12:00"))
    assert "lines-8-begins" not in shown


def line(number: int, begins: str, ends: str, topic: str, *speakers: int) -> dict[str, object]:
    row = {
        "on": "2027-01-18",
        "begins": begins,
        "ends": ends,
        "topic": topic,
        "speakers": [str(speaker) for speaker in speakers],
    }
    return {f"lines-{number}-{name}": value for name, value in row.items()}


def stage() -> list[tuple[Role, str, InvitationState]]:
    db.session.expire_all()
    found = db.session.scalars(sa.select(Invitation).order_by(Invitation.id))
    return [(invitation.role, invitation.person.full_name, invitation.state) for invitation in found]


def test_an_agenda_prepares_invitations_of_its_speakers_and_moderator(coordinator_client, activity, chief, ani):
    form = {
        **line(0, "09.00", "10.00", "Pencegahan", chief.id),
        **line(1, "10:00", "", ""),
        "moderator_id": str(ani.id),
        "version": str(activity.version),
    }
    answer = coordinator_client.post(f"/activities/{activity.id}/agenda", data={**form, "find": "Ani"})
    assert answer.status_code == 302
    (edited,) = activities()
    assert [(i.starts_at, i.ends_at, i.topic, i.speakers) for i in edited.agenda] == [
        (at(18, 9), at(18, 10), "Pencegahan", [chief])
    ]
    assert stage() == [
        (Role.SPEAKER, "Kapolres Metro", InvitationState.PREPARED),
        (Role.MODERATOR, "Ani Wijaya", InvitationState.PREPARED),
    ]


def test_a_new_moderator_replaces_the_first(coordinator_client, activity, chief, ani):
    path = f"/activities/{activity.id}/agenda"
    for moderator in (ani, chief):
        version = fields(coordinator_client.get(path).text)["version"]
        coordinator_client.post(path, data={"moderator_id": str(moderator.id), "find": "Ani", "version": version})
    assert stage() == [
        (Role.MODERATOR, "Ani Wijaya", InvitationState.WITHDRAWN),
        (Role.MODERATOR, "Kapolres Metro", InvitationState.PREPARED),
    ]


def test_the_agendas_buttons_keep_the_input_and_save_nothing(coordinator_client, activity, chief):
    path = f"/activities/{activity.id}/agenda"
    rows = {**line(0, "09:00", "10:00", "Pencegahan", chief.id), **line(1, "10:00", "10:15", "Rehat")}
    more = fields(coordinator_client.post(path, data={**rows, "add": "1"}).text)
    assert (more["lines-0-topic"], more["lines-0-speakers"]) == (["Pencegahan"], [str(chief.id)])
    assert (more["lines-2-topic"], more["lines-2-begins"]) == ([""], ["10:15"])
    fewer = fields(coordinator_client.post(path, data={**rows, "drop": "0"}).text)
    assert (fewer["lines-0-topic"], "lines-1-topic" in fewer) == (["Rehat"], False)
    assert activities()[0].agenda == []


def test_a_cadre_can_be_chosen_as_speaker_after_a_search(coordinator_client, activity, ani):
    path = f"/activities/{activity.id}/agenda"
    assert "Ani Wijaya" not in coordinator_client.get(path).text
    assert "Ani Wijaya" in coordinator_client.post(path, data={"find": "wijaya", "look": "1"}).text


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (line(0, "09:00", "09:00", "Materi"), "The end must be later than the start."),
        (line(0, "", "10:00", "Materi"), "Please write when it starts"),
        (line(0, "11:30", "12:01", "Materi"), "lies outside the activity"),
        (line(0, "07:29", "08:00", "Materi"), "lies outside the activity"),
        ({**line(0, "08:00", "09:00", "Materi"), **line(1, "09:00", "10:00", "")}, "Please write a topic"),
        (
            {**line(0, "08:00", "09:00", "Materi"), **line(1, "08:59", "10:00", "Materi 2")},
            "tick that lines may overlap",
        ),
    ],
)
def test_an_invalid_agenda_gets_a_message_and_changes_nothing(coordinator_client, activity, row, sentence):
    page = coordinator_client.post(f"/activities/{activity.id}/agenda", data={**row, "version": str(activity.version)})
    assert page.status_code == 422
    assert sentence in page.text
    assert fields(page.text)["lines-0-topic"] == ["Materi"]
    assert activities()[0].agenda == []


def test_the_move_form_refuses_an_invalid_move_before_the_preview(coordinator_client, published, hall):
    draft_activity(None, hall, day=20)
    path = f"/activities/{published.id}/move"
    form = fields(coordinator_client.get(path).text) | {"reason": "Aula dipakai"}
    for change, sentence in (
        ({}, "Time and place are the same as before"),
        ({"on": "2027-01-03"}, "would start in the past"),
        ({"on": "2027-01-20"}, "is taken until"),
    ):
        page = coordinator_client.post(path, data=form | change)
        assert page.status_code == 422
        assert sentence in page.text
        assert "Who gets which mail when" not in page.text


def test_registration_moves_with_the_start_unless_another_time_is_entered(coordinator_client, published):
    path = f"/activities/{published.id}/move"
    form = fields(coordinator_client.get(path).text) | {"reason": "Aula dipakai", "begins": "09:30"}
    assert form["registration"] == [""]
    preview = coordinator_client.post(path, data=form).text
    assert "09:00 WIB" in preview
    coordinator_client.post(path, data=form | {"confirm": "1"})
    db.session.expire_all()
    assert published.registration_at == at(18, 9)


def test_a_move_to_a_day_off_gives_a_warning_and_is_possible(coordinator_client, published):
    published.programme = None  # whose days it would leave
    db.session.commit()
    path = f"/activities/{published.id}/move"
    form = fields(coordinator_client.get(path).text) | {"reason": "Aula dipakai", "on": "2027-08-17"}
    page = coordinator_client.post(path, data=form)
    assert page.status_code == 200
    assert "is a day off: Hari Kemerdekaan Republik Indonesia." in page.text


@pytest.mark.parametrize("page", ["edit", "agenda", "move", "cancel"])
def test_a_cancelled_activity_cannot_be_changed(coordinator_client, activity, page):
    activity.state = ActivityState.CANCELLED
    db.session.commit()
    answer = coordinator_client.get(f"/activities/{activity.id}/{page}", follow_redirects=True)
    assert answer.request.path == f"/activities/{activity.id}"
    assert "This activity is cancelled, so nothing of it can be changed any more." in answer.text


def test_a_cancelled_activity_is_not_upcoming_and_misses_no_answers(coordinator_client, activity, ani):
    db.session.add(Invitation(activity=activity, person=ani, role=Role.CADRE, state=InvitationState.INVITED))
    activity.state = ActivityState.CANCELLED
    db.session.commit()
    assert activity.title not in coordinator_client.get("/activities").text
    assert activity.title in coordinator_client.get("/activities?state=cancelled").text
    assert "not answered yet" not in coordinator_client.get(f"/programmes/{activity.programme_id}").text
    assert browsing.answers_by(Activity.programme_id, [activity.programme_id]) == {}


def test_a_speaker_who_declined_is_shown_on_the_activity_and_its_agenda(coordinator_client, published, chief):
    published.agenda = [AgendaItem(starts_at=at(18, 9), ends_at=at(18, 10), topic="Pencegahan", speakers=[chief])]
    db.session.add(Invitation(activity=published, person=chief, role=Role.SPEAKER, state=InvitationState.NOT_COMING))
    db.session.commit()
    page = coordinator_client.get(f"/activities/{published.id}").text
    assert "Speaker not coming:" in page
    assert "Next: find a speaker" in page
    assert "declined" in page
    assert "declined" in coordinator_client.get(f"/activities/{published.id}/agenda").text
    assert "Speaker not coming: Kapolres Metro" in coordinator_client.get("/").text


def test_a_link_can_prefill_time_and_place_in_the_form(coordinator_client, activity):
    asked = {"on": "2027-03-02", "begins": "13:00", "ends": "15:30"}
    for path in ("/activities/new", f"/activities/{activity.id}/edit"):
        page = coordinator_client.get(path, query_string=asked).text
        assert all(f'value="{value}"' in page for value in asked.values())
    assert coordinator_client.get("/activities/new", query_string={"on": "soon"}).status_code == 200


def test_a_speaker_elsewhere_at_their_turn_is_refused_with_resolutions_and_another_turn_is_saved(
    coordinator_client, activity, chief
):
    elsewhere = draft_activity(None, None, title="Pelatihan", starts_at=at(18, 10), ends_at=at(18, 12))
    agendas.set_agenda(
        elsewhere.id, [agendas.AgendaValues(at(18, 10), at(18, 11), "Materi", (chief.id,))], by=None, now=NOW
    )
    page = f"/activities/{activity.id}/agenda"
    line = {
        "lines-0-topic": "Sambutan",
        "lines-0-speakers": str(chief.id),
        "moderator_id": "",
        "lines-0-on": "2027-01-18",
    }
    version = {"version": str(db.session.get(Activity, activity.id).version)}
    refused = coordinator_client.post(
        page, data={**line, **version, "lines-0-begins": "10:00", "lines-0-ends": "10:30"}
    )
    assert refused.status_code == 422
    said = text_of(refused.text)
    assert "Kapolres Metro has a turn here (10:00–10:30 WIB) and is expected at “Pelatihan”" in said
    assert "at the same time: 10:00–11:00 WIB." in said
    assert "Move it to" in said
    saved = coordinator_client.post(page, data={**line, **version, "lines-0-begins": "09:00", "lines-0-ends": "10:00"})
    assert saved.status_code == 302


def test_a_time_that_suits_two_speakers_is_offered_once(coordinator_client, activity, chief, ani):
    elsewhere = draft_activity(None, None, title="Pelatihan", starts_at=at(18, 10), ends_at=at(18, 12))
    agendas.set_agenda(
        elsewhere.id,
        [
            agendas.AgendaValues(at(18, 10), at(18, 11), "Materi 1", (chief.id,)),
            agendas.AgendaValues(at(18, 11), at(18, 12), "Materi 2", (ani.id,)),
        ],
        by=None, now=NOW,
    )  # fmt: skip
    lines = {"version": str(db.session.get_one(Activity, activity.id).version), "moderator_id": ""}
    for n, (begins, ends, speaker) in enumerate((("10:00", "10:30", chief.id), ("11:00", "11:30", ani.id))):
        row = {"begins": begins, "ends": ends, "topic": "Materi", "speakers": str(speaker), "on": "2027-01-18"}
        lines |= {f"lines-{n}-{name}": value for name, value in row.items()}
    refused = coordinator_client.post(f"/activities/{activity.id}/agenda", data=lines)
    said = text_of(refused.text)
    assert "Kapolres Metro has a turn here" in said
    assert "Ani Wijaya has a turn here" in said
    offered = re.findall(r"Move it to [^<]+ WIB", refused.text)
    assert len(offered) >= 1
    assert len(offered) == len(set(offered))


def test_invitations_are_sent_on_a_chosen_day_which_can_be_changed(coordinator_client, activity, ani, office):
    inviting.invite_people([activity.id], [ani.id], Role.CADRE, by=None, now=NOW)
    path = f"/activities/{activity.id}/publish"
    looked = coordinator_client.post(path, data={"send_on": "2027-01-06", "send_at": "09:00", "look": "1"})
    assert looked.status_code == 200
    assert "Wed, 6 Jan 2027" in looked.text
    assert "So published, the invitations go out on Wednesday, 6 January 2027 at 09:00 WIB." in looked.text
    assert states() == [ActivityState.DRAFT]
    half = coordinator_client.post(path, data={"send_on": "2027-01-06", "send_at": ""})
    assert (half.status_code, "Please write the hour" in half.text, states()) == (422, True, [ActivityState.DRAFT])
    late = coordinator_client.post(path, data={"send_on": "2027-01-18", "send_at": "07:00"})
    assert (late.status_code, "at least a day before" in late.text, states()) == (422, True, [ActivityState.DRAFT])
    assert coordinator_client.post(path, data={"send_on": "2027-01-06", "send_at": "09:00"}).status_code == 302
    page = coordinator_client.get(f"/activities/{activity.id}").text
    assert "The invitations go out on Wednesday, 6 January 2027 at 09:00 WIB." in page
    assert "One invitation waits" in page
    assert "on its way" not in page
    change = f"/activities/{activity.id}/invitations-time"
    assert fields(coordinator_client.get(change).text)["send_at"][0] == "09:00"
    assert coordinator_client.post(change, data={"send_on": "2027-01-07", "send_at": "10.30"}).status_code == 302
    assert db.session.scalars(sa.select(Reminder.due_at).where(Reminder.key == "invitation")).all() == [at(7, 10, 30)]
    assert coordinator_client.post(change, data={}).status_code == 302  # now
    assert db.session.scalars(sa.select(Reminder.due_at).where(Reminder.key == "invitation")).all() == [NOW]
    assert coordinator_client.get(change).status_code == 302


@pytest.mark.usefixtures("default_rules")
def test_pages_say_why_a_reminder_is_on_another_day(coordinator_client, programme, hall, ani, office):
    activity = draft_activity(programme, hall, 19, respond_by_at=at(15, 16))  # a Tuesday; three days before is Saturday
    invite(activity, ani)
    why = "Earlier, because its own day is after the deadline for answers"
    assert why in coordinator_client.get(f"/activities/{activity.id}/publish").text
    publish(activity, tick=False)
    page = text_of(coordinator_client.get(f"/activities/{activity.id}").text)
    assert f"Thursday, 14 January 2027 at 08:00 WIB {why}" in page
    assert "goes out on the working day before" in coordinator_client.get("/rules").text


def test_the_office_chooses_its_hours_for_mails(administrator_client, office):
    form = {name: values[-1] for name, values in fields(administrator_client.get("/office").text).items()}
    refused = administrator_client.post("/office", data={**form, "mails_from": "08:00", "mails_until": "06:00"})
    assert (refused.status_code, "must begin before they end" in refused.text) == (422, True)
    saved = {**form, "mails_from": "06:30", "mails_until": "21.00", "confirms_answers": "y"}
    assert administrator_client.post("/office", data=saved).status_code == 302
    db.session.expire_all()
    assert (office.mails_from, office.mails_until, office.confirms_answers) == (time(6, 30), time(21), True)
