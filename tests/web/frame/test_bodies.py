"""What strangers may send is little, and it is refused before anything reads it."""

import io
import random
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.datastructures import ImmutableMultiDict, MultiDict
from wtforms import FieldList, Form, FormField, StringField

from outreach import create_app, models
from outreach.delivery import tokens
from outreach.extensions import db
from outreach.queries.answers import page as answer_page
from outreach.services.invitations import links
from outreach.services.invitations.checks import MOST_SEATS
from outreach.web.answer_pages.forms import ROWS_BEYOND, form_token
from outreach.web.answer_pages.read_form import MOST_UNKNOWN, read
from outreach.web.fields.fields import Rows
from outreach.web.frame.bodies import A_FIELD, MOST_DISCARDED, MOST_FIELDS, MOST_OF_NOMINEES, MOST_OF_STRANGERS
from tests.support.apps import settings_for
from tests.web.browsers import BrowserClient
from tests.world import NOW, draft_activity, invite, invite_organisation, publish

FORM = "application/x-www-form-urlencoded"
PUBLIC = (
    "/login",
    "/verify",
    "/j/nobody/away",
    "/j/nobody/reminders",
    "/nothing-here",
)
STAFF = ("/people/new", "/people/import", "/activities/1/cancel", "/programmes/new", "/language")


@pytest.fixture
def unread(app: Flask, monkeypatch) -> list[str]:
    """The addresses of the requests whose form was read."""
    read: list[str] = []
    load = app.request_class._load_form_data

    def noted(self) -> None:
        read.append(self.path)
        load(self)

    monkeypatch.setattr(app.request_class, "_load_form_data", noted)
    return read


@pytest.mark.parametrize("path", PUBLIC)
def test_a_stranger_may_send_64_kb_and_more_is_not_read(app: Flask, office, unread, path: str):
    answer = app.test_client().post(f"{path}?lang=en", data=b"a" * (MOST_OF_STRANGERS + 1), content_type=FORM)
    assert (answer.status_code, "At most 64 KB can be sent here." in answer.text, unread) == (413, True, [])
    small = app.test_client().post(path, data=b"a" * MOST_OF_STRANGERS, content_type=FORM)
    assert small.status_code in {200, 302, 400, 404, 405}


@pytest.mark.parametrize("path", ["/people/new", "/activities/1/cancel", "/attendance", "/language"])
def test_a_strangers_form_for_staff_is_not_read_at_all(app: Flask, office, unread, path: str):
    answer = app.test_client().post(path, data={"csrf_token": "x"})
    assert (answer.status_code in {302, 404, 405}, unread) == (True, [])


@pytest.mark.parametrize("path", STAFF)
def test_a_large_form_of_who_was_signed_out_meanwhile_leads_to_the_login_page_unread(app: Flask, office, unread, path):
    large = {"data": b"a" * (MOST_OF_STRANGERS + 1), "content_type": FORM}
    answer = app.test_client().post(path, **large)
    assert (answer.status_code, answer.location) == (302, "/login")
    by_script = app.test_client().post(path, headers={"HX-Request": "true"}, **large)
    assert (by_script.status_code, by_script.content_type) == (401, "text/plain; charset=utf-8")
    assert unread == []


def test_a_form_in_chunks_of_who_was_signed_out_meanwhile_leads_to_the_login_page(app: Flask, office, unread):
    body = {"input_stream": io.BytesIO(b"a" * (MOST_OF_STRANGERS + 1)), "content_type": FORM}
    in_chunks = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    answer = app.test_client().post("/people/new", environ_overrides=in_chunks, **body)
    assert (answer.status_code, answer.location, unread) == (302, "/login", [])


def test_a_body_in_chunks_has_the_same_limit(app: Flask, office):
    body = {"input_stream": io.BytesIO(b"a" * (MOST_OF_STRANGERS + 1)), "content_type": FORM}
    in_chunks = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    answer = app.test_client().post("/login", environ_overrides=in_chunks, **body)
    assert answer.status_code == 413


def test_a_session_cookie_without_a_login_does_not_lift_the_limit(app: Flask, office):
    client = app.test_client()
    client.get("/login")
    assert client.post("/login", data=b"a" * (MOST_OF_STRANGERS + 1), content_type=FORM).status_code == 413


def test_a_stranger_may_send_2048_fields(app: Flask, office):
    client = app.test_client()
    assert client.post("/login", data="&".join("a" * 2048), content_type=FORM).status_code == 400  # without a token
    assert client.post("/login", data="&".join("a" * 2049), content_type=FORM).status_code == 413


def test_staff_may_choose_very_many_people_at_once(coordinator_client, coordinator):
    chosen = urlencode([("person_ids", number) for number in range(10_000)])
    assert coordinator_client.post("/activities/1/invite/people", data=chosen, content_type=FORM).status_code == 404
    too_many = "&".join("a" * (MOST_FIELDS + 1))
    assert coordinator_client.post("/people/new", data=too_many, content_type=FORM).status_code == 413


@pytest.mark.parametrize(("length", "left"), [(200_000, 0), (MOST_DISCARDED + 1, MOST_DISCARDED + 1)])
def test_what_staff_sent_too_much_is_read_to_its_end_so_that_the_answer_arrives(
    app: Flask, coordinator_client, length, left
):
    """A server that closes a connection with unread bytes resets it, and a proxy then has half of the page."""
    app.config["MAX_CONTENT_LENGTH"] = 100_000
    body = io.BytesIO(b"a" * length)
    sent = {"input_stream": body, "content_length": length, "content_type": "multipart/form-data; boundary=x"}
    assert coordinator_client.post("/people/import", **sent).status_code == 413
    assert len(body.read()) == left


def test_attempts_are_counted_before_the_forms_token_is_checked(tmp_path, app: Flask, office):
    (tmp_path / "strict").mkdir()
    strict = create_app(settings_for(tmp_path / "strict", rate_login="3/minute", database_url=str(db.engine.url)))
    client = BrowserClient(strict, strict.response_class)
    tries = [client.post("/login", data={"email": "x@example.com", "password": "x"}) for _ in range(4)]
    assert [answer.status_code for answer in tries] == [400, 400, 400, 429]


def office_with(programme, hall, police, *, seats: int):
    """Return an activity to which the police may send so many, and the token of their link."""
    activity = draft_activity(programme, hall, 18)
    invite_organisation(activity, police, seats=seats)
    publish(activity)
    token = tokens.token(links.link_for(db.session, police))
    db.session.commit()
    return activity, token


def named_by_police() -> list[str]:
    named = sa.select(models.Person.name).join(models.Invitation, models.Invitation.person_id == models.Person.id)
    return list(
        db.session.scalars(named.where(models.Invitation.nominated_under_id.is_not(None)).order_by(models.Person.id))
    )


def test_an_office_with_the_most_seats_names_as_many_people_by_its_link(
    app: Flask, default_rules, programme, police, phone
):
    activity, token = office_with(programme, None, police, seats=MOST_SEATS)
    people = [f"Warga {chr(97 + number // 26)}{chr(97 + number % 26)} Kelurahan" for number in range(MOST_SEATS)]
    rows = {
        f"{activity.id}-rows-{row}-{part}": value
        for row, name in enumerate(people)
        for part, value in {
            "row": "", "name": name, "post": "Staf bidang " + "x" * 90, "phone": f"081234{row:06}",
            "email": f"warga{row}@example.com", "asked": "", "use": "",
        }.items()
    }  # fmt: skip
    sent = {"csrf_token": form_token(token), f"{activity.id}-choice": "coming", **rows}
    assert MOST_OF_STRANGERS < len(urlencode(sent)) < MOST_OF_NOMINEES
    assert phone.post(f"/j/{token}/answers", data=sent).status_code == 303
    assert named_by_police() == people


def test_of_an_offices_list_no_more_rows_are_read_than_its_seats_explain(
    app: Flask, default_rules, programme, hall, police, phone
):
    activity, token = office_with(programme, hall, police, seats=3)
    foreign = range(activity.id + 1, activity.id + 60)
    sent = {f"{id_}-rows-{row}-name": f"Budi {row}" for row in range(30) for id_ in (activity.id, *foreign)}
    with app.test_request_context():
        found = read(answer_page.read(token, now=NOW), MultiDict(sent))
    read_rows = {id_: len(form.rows) for id_, form in found.forms.items()}
    assert read_rows == {activity.id: 2 * 3 + ROWS_BEYOND + 1} | dict.fromkeys(foreign[:MOST_UNKNOWN], 2)
    answer = phone.post(f"/j/{token}/answers?lang=en", data={"csrf_token": form_token(token), **sent})
    assert (answer.status_code, "far more lines than your seats" in answer.text) == (422, True)
    assert named_by_police() == []


def test_an_offices_form_with_far_more_fields_than_its_page_is_refused_before_it_is_split(
    app: Flask, default_rules, programme, hall, police, phone
):
    activity, token = office_with(programme, hall, police, seats=3)
    least = MOST_OF_STRANGERS // A_FIELD
    for fields, status in ((least, 422), (least + 1, 413)):
        names = [f"{activity.id}-rows-{number}-name=Budi" for number in range(fields - 1)]
        sent = "&".join([f"csrf_token={form_token(token)}", *names])
        answer = phone.post(f"/j/{token}/answers?lang=en", data=sent, content_type=FORM)
        refused = "This is far more than the page asks for." in answer.text
        assert (answer.status_code, refused) == (status, status == 413)
    assert named_by_police() == []


def test_a_person_has_no_need_to_send_as_much_as_an_office(app: Flask, default_rules, programme, hall, phone, ani):
    activity = draft_activity(programme, hall, 18)
    invite(activity, ani)
    publish(activity)
    token = tokens.token(links.link_for(db.session, ani))
    db.session.commit()
    answer = phone.post(f"/j/{token}/answers?lang=en", data=b"a" * (MOST_OF_STRANGERS + 1), content_type=FORM)
    assert (answer.status_code, "At most 64 KB can be sent here." in answer.text) == (413, True)
    many = phone.post(f"/j/{token}/answers", data="&".join("a" * 2049), content_type=FORM)
    assert many.status_code == 413


class Person(Form):
    name = StringField()


class Activity(Form):
    people = Rows(FormField(Person))


class Programme(Form):
    activities = Rows(FormField(Activity))
    people = Rows(StringField())


class PlainActivity(Form):
    people = FieldList(FormField(Person))


class PlainProgramme(Form):
    activities = FieldList(FormField(PlainActivity))
    people = FieldList(StringField())


class Counted(ImmutableMultiDict):
    looks = 0

    def __iter__(self):
        self.looks += 1
        return super().__iter__()


def test_names_are_split_once_and_as_wtforms_splits_them():
    chance = random.Random(20270104)
    parts = ("activities", "people", "name", "0", "1", "7", "12", "", "-", "x")
    for _ in range(300):
        names = ["-".join(chance.choices(parts, k=chance.randint(1, 6))) for _ in range(12)]
        names += [f"activities-{chance.randint(0, 9)}-people-{chance.randint(0, 9)}-name" for _ in range(6)]
        sent = Counted([(name, str(number)) for number, name in enumerate(names)])
        assert Programme(sent).data == PlainProgramme(ImmutableMultiDict(sent)).data
        assert sent.looks == 1
