"""The pages of programmes: the list, creating one with its activities, copying and publishing."""

from datetime import date, datetime

import pytest
import sqlalchemy as sa
from flask import g

from outreach.domain.kinds import ActivityKind, Role
from outreach.domain.states import ActivityState, InvitationState
from outreach.extensions import db
from outreach.models import Activity, Invitation, Programme
from tests.web.reading import fields
from tests.world import JAKARTA, at, draft_activity

pytestmark = pytest.mark.usefixtures("clock_stands")


def typed(**changes: str) -> dict[str, str]:
    """A coordinator's input for four days with one meeting."""
    return {
        "title": "Empat hari perlindungan anak",
        "public_title": "Rangkaian kegiatan Januari",
        "purpose": "Kader tahu ke mana melapor.",
        "starts_on": "2027-01-18",
        "days": "4",
        "zone": "Asia/Jakarta",
        "activities-0-kind": "coordination",
        "activities-0-title": "Rapat koordinasi",
        "activities-0-on": "2027-01-18",
        "activities-0-begins": "08:00",
        "activities-0-ends": "12:00",
        "activities-0-venue_id": "",
        "activities-0-capacity": "",
        **changes,
    }


def programmes() -> list[Programme]:
    return list(db.session.scalars(sa.select(Programme).order_by(Programme.id)))


def activities() -> list[Activity]:
    return list(db.session.scalars(sa.select(Activity).order_by(Activity.starts_at, Activity.id)))


def test_a_coordinator_creates_four_days_with_two_activities_in_one_form(coordinator_client, hall):
    answer = coordinator_client.post(
        "/programmes/new",
        data=typed(
            **{
                "activities-0-venue_id": str(hall.id),
                "activities-0-capacity": "60",
                "activities-1-kind": "training",
                "activities-1-title": "Penguatan kader PATBM",
                "activities-1-on": "2027-01-19",
                "activities-1-begins": "08.00",
                "activities-1-ends": "11.30",
                "activities-1-venue_id": "",
            }
        ),
    )
    (programme,) = programmes()
    assert (answer.status_code, answer.location) == (302, f"/programmes/{programme.id}")
    assert (programme.starts_on, programme.ends_on, programme.zone) == (date(2027, 1, 18), date(2027, 1, 21), JAKARTA)
    assert [
        (
            activity.title,
            activity.kind,
            activity.starts_at,
            activity.ends_at,
            activity.venue_id,
            activity.capacity,
            activity.state,
        )
        for activity in activities()
    ] == [
        ("Rapat koordinasi", ActivityKind.COORDINATION, at(18, 8), at(18, 12), hall.id, 60, ActivityState.DRAFT),
        ("Penguatan kader PATBM", ActivityKind.TRAINING, at(19, 8), at(19, 11, 30), None, None, ActivityState.DRAFT),
    ]


def test_adding_a_row_keeps_the_input_and_saves_nothing(coordinator_client):
    page = coordinator_client.post("/programmes/new", data=typed(add="1"))
    assert page.status_code == 200
    shown = fields(page.text)
    assert shown["activities-0-title"] == ["Rapat koordinasi"]
    assert (shown["activities-1-title"], shown["activities-1-on"]) == ([""], ["2027-01-19"])
    assert (shown["activities-1-begins"], shown["activities-1-ends"]) == (["08:00"], ["12:00"])
    assert programmes() == []


def test_a_row_can_be_removed_again(coordinator_client):
    page = coordinator_client.post(
        "/programmes/new",
        data=typed(drop="0", **{"activities-1-title": "Sekolah aman", "activities-1-on": "2027-01-20"}),
    )
    shown = fields(page.text)
    assert (shown["activities-0-title"], shown["activities-0-on"]) == (["Sekolah aman"], ["2027-01-20"])
    assert "activities-1-title" not in shown


def test_an_empty_row_is_left_out(coordinator_client):
    coordinator_client.post("/programmes/new", data=typed(**{"activities-0-title": ""}))
    assert [programme.title for programme in programmes()] == ["Empat hari perlindungan anak"]
    assert activities() == []


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"title": " "}, "Please write a title, such as"),
        ({"starts_on": ""}, "Please choose the first day."),
        ({"days": "0"}, "Please write a number from 1 to 60."),
        ({"days": "empat"}, "Please write a whole number"),
        ({"activities-0-ends": "08:00"}, "The end must be later than the start."),
        ({"activities-0-ends": "25:00"}, "Please write a time, such as 08:00."),
        ({"activities-0-on": "2027-01-22"}, "That date is outside the programme"),
        ({"activities-0-capacity": "0"}, "Please write a number from 1 to"),
        ({"activities-0-venue_id": "999"}, "Please choose one from the list."),
        ({"contact_phone": "telepon"}, "phone"),
    ],
)
def test_invalid_input_gets_a_message_stays_in_the_form_and_is_not_saved(coordinator_client, changes, sentence):
    page = coordinator_client.post("/programmes/new", data=typed(**changes))
    assert page.status_code == 422
    assert sentence in page.text
    assert "Kader tahu ke mana melapor." in page.text
    assert (programmes(), activities()) == ([], [])


def test_a_booked_hall_is_reported_by_name_and_nothing_is_saved(coordinator_client, activity, hall):
    before = len(activities())
    page = coordinator_client.post(
        "/programmes/new", data=typed(**{"activities-0-venue_id": str(hall.id), "activities-0-begins": "11:59"})
    )
    assert page.status_code == 422
    assert "Aula Bappeda is taken by" in page.text
    assert len(activities()) == before


def test_a_viewer_reads_but_creates_nothing(viewer_client, programme):
    assert "New programme" not in viewer_client.get("/programmes").text
    assert viewer_client.get(f"/programmes/{programme.id}").status_code == 200
    assert viewer_client.post("/programmes/new", data=typed()).status_code == 403
    assert len(programmes()) == 1


def test_an_unknown_programme_gives_a_not_found_page(coordinator_client):
    for path in ("", "/edit", "/copy", "/publish"):
        page = coordinator_client.get(f"/programmes/999{path}")
        assert page.status_code == 404
        assert "This programme does not exist" in page.text


def test_the_list_is_searched_by_title(coordinator_client, programme):
    assert programme.title in coordinator_client.get("/programmes?q=EMPAT").text
    page = coordinator_client.get("/programmes?q=pelatihan%25").text
    assert programme.title not in page
    assert "Nothing found" in page


@pytest.mark.parametrize("path", ["/programmes", "/activities"])
def test_lists_take_as_many_queries_for_300_rows_as_for_3(coordinator_client, queries, office, path):
    def look():
        for remembered in list(g):  # each request looks up the user and the office again, as in production
            g.pop(remembered)
        assert coordinator_client.get(path).status_code == 200

    many(3)
    few = queries(look)
    many(297)
    assert queries(look) == few


def many(count: int) -> None:
    for number in range(count):
        programme = Programme(
            title=f"Rangkaian {number}", starts_on=date(2027, 1, 18), ends_on=date(2027, 1, 21), zone=JAKARTA
        )
        db.session.add(programme)
        draft = Activity(
            programme=programme, kind=ActivityKind.OTHER, title=f"Kegiatan {number}", zone=JAKARTA,
            starts_at=at(18, 8), ends_at=at(18, 12), respond_by_at=at(16, 16), region_code="18.72.01.1001",
        )  # fmt: skip
        db.session.add(draft)
    db.session.commit()


def test_the_page_shows_the_next_step_from_draft_to_publishing(coordinator_client, programme, hall, ani):
    def page() -> str:
        db.session.expire_all()
        return coordinator_client.get(f"/programmes/{programme.id}").text

    assert "Next: add its activities" in page()
    meeting = draft_activity(programme, hall)
    assert "Next: invite people to one activity" in page()
    db.session.add(Invitation(activity=meeting, person=ani, role=Role.CADRE))
    db.session.commit()
    assert "Next: publish one activity" in page()


def test_the_publish_page_changes_nothing_and_names_people_to_call(coordinator_client, activity, ani, budi):
    budi.email = ""
    db.session.add_all(Invitation(activity=activity, person=person, role=Role.CADRE) for person in (ani, budi))
    db.session.commit()
    page = coordinator_client.get(f"/programmes/{activity.programme_id}/publish").text
    assert "Who gets which mail when" in page
    assert "To call: no mail reaches them" in page
    assert "Budi Santoso" in page
    assert [stored.state for stored in activities()] == [ActivityState.DRAFT]


def test_publishing_publishes_every_draft(coordinator_client, activity, hall):
    draft_activity(activity.programme, hall, day=19)
    page = coordinator_client.post(f"/programmes/{activity.programme_id}/publish", follow_redirects=True)
    assert "2 activities are published." in page.text
    assert [stored.state for stored in activities()] == [ActivityState.PUBLISHED, ActivityState.PUBLISHED]


def test_a_draft_in_the_past_stops_the_publishing_of_all(coordinator_client, activity, hall):
    draft_activity(
        activity.programme, hall, starts_at=at(2, 8), ends_at=at(2, 9), registration_at=None, respond_by_at=at(1)
    )
    page = coordinator_client.post(f"/programmes/{activity.programme_id}/publish")
    assert page.status_code == 422
    assert "would start in the past" in page.text
    assert {stored.state for stored in activities()} == {ActivityState.DRAFT}


def test_a_copy_shows_its_days_first_and_marks_holidays(coordinator_client, activity):
    path = f"/programmes/{activity.programme_id}/copy"
    page = coordinator_client.post(path, data={"title": "Lagi", "starts_on": "2027-08-17", "look": "1"}).text
    assert "Tue, 17 Aug 2027" in page
    assert "A day off: Hari Kemerdekaan Republik Indonesia" in page
    assert len(programmes()) == 1


def test_a_copy_has_the_same_activity_on_the_new_day_and_no_answers(coordinator_client, activity, ani):
    db.session.add(Invitation(activity=activity, person=ani, role=Role.CADRE, state=InvitationState.COMING))
    db.session.commit()
    answer = coordinator_client.post(
        f"/programmes/{activity.programme_id}/copy", data={"title": "Tahun depan", "starts_on": "2028-01-17"}
    )
    copy = programmes()[-1]
    assert answer.location == f"/programmes/{copy.id}"
    assert [stored.starts_at for stored in copy.activities] == [datetime(2028, 1, 17, 8, tzinfo=JAKARTA)]
    states = db.session.scalars(sa.select(Invitation.state).join(Activity).where(Activity.programme_id == copy.id))
    assert list(states) == [InvitationState.PREPARED]


def test_a_copy_without_a_day_asks_for_it(coordinator_client, programme):
    page = coordinator_client.post(f"/programmes/{programme.id}/copy", data={"title": "Lagi", "starts_on": ""})
    assert page.status_code == 422
    assert "Please choose the new first day." in page.text
    assert len(programmes()) == 1


def test_editing_changes_the_days_and_refuses_to_leave_activities_outside(coordinator_client, activity):
    path = f"/programmes/{activity.programme_id}/edit"
    form = {"title": "Lima hari", "starts_on": "2027-01-18", "days": "5", "zone": "Asia/Jakarta"}
    form["version"] = str(activity.programme.version)
    assert coordinator_client.post(path, data=form).status_code == 302
    assert [(programme.title, programme.ends_on) for programme in programmes()] == [("Lima hari", date(2027, 1, 22))]
    form["version"] = fields(coordinator_client.get(path).text)["version"][0]
    page = coordinator_client.post(path, data={**form, "title": "Nanti", "starts_on": "2027-01-19"})
    assert page.status_code == 422
    assert 'value="Nanti"' in page.text
    assert [programme.title for programme in programmes()] == ["Lima hari"]


def test_input_on_the_copy_page_overrides_its_suggestion(coordinator_client, activity):
    path = f"/programmes/{activity.programme_id}/copy"
    shown = coordinator_client.get(path).text
    assert (
        shown.count("<form") == coordinator_client.get(f"/programmes/{activity.programme_id}").text.count("<form") + 1
    )
    assert fields(shown)["starts_on"] == ["2028-01-17"]
    assert fields(shown)["title"] == ["Empat hari penguatan perlindungan perempuan dan anak 2028"]
    coordinator_client.post(path, data={"title": "Lagi", "starts_on": "2027-02-02"})
    assert [programme.starts_on for programme in programmes()] == [date(2027, 1, 18), date(2027, 2, 2)]


@pytest.mark.parametrize("button", [{"look": "1"}, {}])
@pytest.mark.parametrize(("day", "status"), [("2027-01-04", 422), ("2027-01-05", 200)])
def test_a_copy_starts_tomorrow_at_the_earliest(coordinator_client, activity, day, status, button):
    path = f"/programmes/{activity.programme_id}/copy"
    page = coordinator_client.post(path, data={"title": "Lagi", "starts_on": day, **button})
    assert page.status_code == status
    assert ("must lie ahead" in page.text) == (status == 422)
    assert ("Copy all the same" in page.text) == (status == 200)  # notified one day before


def test_an_unwanted_copy_is_deleted_after_confirmation(coordinator_client, activity):
    path = f"/programmes/{activity.programme_id}"
    assert f'href="{path}/delete"' in coordinator_client.get(path).text
    assert "Delete the programme" in coordinator_client.get(f"{path}/delete").text
    assert len(programmes()) == 1
    assert coordinator_client.post(f"{path}/delete").location == "/programmes"
    assert (programmes(), activities()) == ([], [])


def test_a_programme_that_people_were_notified_of_cannot_be_deleted(coordinator_client, activity):
    activity.state = ActivityState.PUBLISHED
    db.session.commit()
    page = coordinator_client.post(f"/programmes/{activity.programme_id}/delete")
    assert page.status_code == 422
    assert "has been told to people" in page.text
    assert len(programmes()) == 1


def test_errors_are_listed_at_the_top_with_links_to_their_fields(coordinator_client):
    page = coordinator_client.post("/programmes/new", data=typed(title="", **{"activities-0-ends": "07:00"})).text
    assert '<a href="#title">Title</a>: Please write a title' in page
    assert '<a href="#activities-0-ends">Activity 1: Ends at</a>: The end must be later' in page


def test_two_people_who_save_one_programme_do_not_overwrite_each_other(coordinator_client, programme):
    path = f"/programmes/{programme.id}/edit"
    form = {"starts_on": "2027-01-18", "days": "4", "zone": "Asia/Jakarta", "version": str(programme.version)}
    coordinator_client.post(path, data={**form, "title": "Yang pertama"})
    page = coordinator_client.post(path, data={**form, "title": "Yang kedua"})
    assert (page.status_code, [stored.title for stored in programmes()]) == (422, ["Yang pertama"])
    assert "Somebody else saved this meanwhile" in page.text


def test_a_missing_venue_and_a_day_off_are_named_before_publishing(coordinator_client, programme):
    draft_activity(
        programme, None, day=18, starts_at=at(17, month=8), ends_at=at(17, 12, month=8), registration_at=None
    )
    page = coordinator_client.get(f"/programmes/{programme.id}/publish").text
    assert "has no venue yet. Invitees read so." in page
    assert "Tuesday, 17 August 2027 is a day off: Hari Kemerdekaan Republik Indonesia." in page


def test_a_copy_has_the_new_year_in_its_public_title_and_in_its_activities_titles(coordinator_client, activity):
    activity.programme.public_title = "Rangkaian kegiatan 2027"
    activity.title, activity.public_title = "Rapat koordinasi 2027", "Rapat 2027"
    db.session.commit()
    path = f"/programmes/{activity.programme_id}/copy"
    shown = fields(coordinator_client.get(path).text)
    assert shown["public_title"] == ["Rangkaian kegiatan 2028"]
    data = {"title": "Tahun depan", "starts_on": "2028-01-17"}
    coordinator_client.post(path, data={**data, "public_title": "Rangkaian kegiatan awal 2028"})
    copy = programmes()[-1]
    assert copy.public_title == "Rangkaian kegiatan awal 2028"
    assert [(copied.title, copied.public_title) for copied in copy.activities] == [
        ("Rapat koordinasi 2028", "Rapat 2028")
    ]


def test_a_copy_gets_the_new_year_added_to_a_public_title_without_a_year(coordinator_client, programme):
    programme.title, programme.public_title = "Pembinaan lanjutan", "Pertemuan lanjutan"
    db.session.commit()
    path = f"/programmes/{programme.id}/copy"
    shown = fields(coordinator_client.get(path).text)
    assert (shown["title"], shown["public_title"]) == (["Pembinaan lanjutan 2028"], ["Pertemuan lanjutan 2028"])
    for public, usual in (("", ""), ("a" * 198, "a" * 198)):  # the second has no room for a year
        programme.public_title = public
        db.session.commit()
        assert fields(coordinator_client.get(path).text)["public_title"] == [usual]


@pytest.mark.parametrize(
    ("locale", "sentence"),
    [("id", "Paling banyak 200 huruf."), ("en", "At most 200 characters.")],
)
def test_too_long_a_title_is_refused_in_the_users_language(coordinator_client, programme, locale, sentence):
    path = f"/programmes/{programme.id}/copy?lang={locale}"
    answer = coordinator_client.post(path, data={"title": "a" * 201, "starts_on": "2028-01-17"})
    assert answer.status_code == 422
    assert sentence in answer.text
