"""A form that was sent after its session had ended is kept for its account, and for nobody else."""

import io
import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach import clock
from outreach.extensions import db
from outreach.models import KeptForm, StaffSession, User, Venue
from tests.support.copied import copied
from tests.web.browsers import sign_in, token_of
from tests.web.reading import fields
from tests.world import PASSWORD

pytestmark = pytest.mark.usefixtures("browsers")
TYPED = {"name": "Balai “Warga” & <taman>", "address": "Jl. Contoh 1", "capacity": "40"}


@copied
def at_a_form(app: Flask, coordinator: User):
    """A browser with an open form, and the form's token. Its session has ended elsewhere."""
    client, _ = sign_in(app, coordinator.email)
    token = token_of(client.get("/venues/new"))  # type: ignore[attr-defined]
    db.session.execute(sa.delete(StaffSession))
    db.session.commit()
    return client, token


def signed_in_again(client, led_to: str, email: str):
    page = client.get(led_to)
    form = {"email": email, "password": PASSWORD, "csrf_token": token_of(page)}
    return client.post(led_to, data=form)


def test_what_was_typed_is_sent_after_signing_in_again(app: Flask, at_a_form, coordinator: User):
    client, token = at_a_form
    refused = client.post("/venues/new", data={**TYPED, "csrf_token": token})
    assert refused.status_code == 302
    assert re.fullmatch(r"/login\?next=/go-on/[\w-]{43}", refused.location)
    sealed = db.session.scalars(sa.select(KeptForm.sealed)).one()
    assert b"Warga" not in sealed
    back = signed_in_again(client, refused.location, coordinator.email)
    page = client.get(back.location)
    kept = fields(page.text)
    assert {name: kept[name] for name in TYPED} == {name: [value] for name, value in TYPED.items()}
    assert db.session.scalar(sa.select(Venue.id)) is None  # opening it sends nothing
    client.post("/venues/new", data=kept)
    assert db.session.scalars(sa.select(Venue.name)).one() == TYPED["name"]


def test_another_account_does_not_get_the_form(app: Flask, at_a_form, administrator: User):
    client, token = at_a_form
    refused = client.post("/venues/new", data={**TYPED, "csrf_token": token})
    back = signed_in_again(client, refused.location, administrator.email)
    page = client.get(back.location)
    assert (page.status_code, "Warga" in page.text) == (404, False)


def test_a_form_that_a_stolen_session_sent_is_not_shown_in_its_owners_browser(app: Flask, at_a_form, coordinator: User):
    stolen, token = at_a_form
    refused = stolen.post("/venues/new", data={**TYPED, "csrf_token": token})
    own, _ = sign_in(app, coordinator.email)
    page = own.get(refused.location.removeprefix("/login?next="))
    assert (page.status_code, "Warga" in page.text) == (404, False)


def test_a_form_without_its_token_or_from_who_never_signed_in_is_not_kept(app: Flask, at_a_form):
    client, token = at_a_form
    for sender, sent in ((client, {}), (app.test_client(), {"csrf_token": token})):
        assert sender.post("/venues/new", data={**TYPED, **sent}).location == "/login"
    assert db.session.scalar(sa.select(sa.func.count()).select_from(KeptForm)) == 0


def test_a_file_is_named_and_has_to_be_chosen_again(app: Flask, at_a_form, coordinator: User):
    client, token = at_a_form
    chosen = {"csrf_token": token, "note": "Daftar baru", "file": (io.BytesIO(b"nama"), "kader.csv")}
    refused = client.post("/people/import?lang=en", data=chosen)
    back = signed_in_again(client, refused.location, coordinator.email)
    page = client.get(back.location)
    assert "Please choose this one once more afterwards: kader.csv" in page.text
    assert fields(page.text)["note"] == ["Daftar baru"]


def test_signing_out_forgets_kept_forms(app: Flask, at_a_form, coordinator: User):
    client, token = at_a_form
    refused = client.post("/venues/new", data={**TYPED, "csrf_token": token})
    signed_in_again(client, refused.location, coordinator.email)
    client.post("/logout", data={"csrf_token": token_of(client.get("/"))})
    assert db.session.scalar(sa.select(sa.func.count()).select_from(KeptForm)) == 0


def test_a_stolen_session_that_was_ended_pushes_out_nothing_that_its_owner_typed(
    app: Flask, at_a_form, coordinator: User
):
    stolen, token = at_a_form
    own, _ = sign_in(app, coordinator.email)
    own_token = token_of(own.get("/venues/new"))
    db.session.execute(sa.update(StaffSession).values(began_at=clock.now() - timedelta(hours=13)))  # too old
    db.session.commit()
    refused = own.post("/venues/new", data={**TYPED, "csrf_token": own_token})
    assert "/go-on/" in refused.location
    answers = [stolen.post("/venues/new", data={**TYPED, "csrf_token": token}).location for _ in range(12)]
    assert answers[-3:] == ["/login"] * 3
    back = signed_in_again(own, refused.location, coordinator.email)
    assert fields(own.get(back.location).text)["name"] == [TYPED["name"]]
