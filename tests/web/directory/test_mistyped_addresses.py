"""Every form of staff asks about an address that looks mistyped, and takes the one that was probably meant by one press."""

import re

import pytest

from outreach.domain.kinds import Role
from outreach.extensions import db
from outreach.models import Activity, Invitation, Office, Organisation, Person, User
from outreach.services.reminders import tick as reminding
from tests.world import NOW, a_person, invite, log_in, publish

TYPED, MEANT = "rina@gmial.com", "rina@gmail.com"
PERSON = {"name": "Rina Dewi", "organisation_id": "", "region_code": "", "sex": "", "locale": "id"}
POLICE = {"name": "Polres Metro", "sector": "police", "region_code": "", "locale": "id"}
OFFICE = {"name": "Dinas PPPA", "short_name": "DP3A Metro", "region_code": "18.72", "zone": "Asia/Jakarta", "locale": "id",
          "deadline_days": "2", "mails_from": "07:00", "mails_until": "20:00"}  # fmt: skip
USER = {"name": "Rina Dewi", "role": "viewer", "locale": "id"}


def buttons(page):
    """Return the buttons that take a suggestion, by name."""
    return dict(re.findall(r'name="([^"]+-use)" value="([^"]*)"', page))


def asked(page):
    return dict(re.findall(r'<input type="hidden" name="([^"]+-asked)" value="([^"]*)"', page))


def addresses(kind):
    column = Invitation.representative_email if kind is Invitation else kind.email
    return [address for address in db.session.scalars(db.select(column)) if address.startswith("rina@")]


def pressed(client, address, data, field, kind):
    """Send the form and look at the question; return what is stored."""
    typed = {**data, field: TYPED}
    refused = client.post(address, data=typed, query_string={"lang": "en"})
    assert refused.status_code == 422
    assert "“rina@gmial.com” looks mistyped. Is it perhaps rina@gmail.com?" in refused.text
    assert (buttons(refused.text), asked(refused.text)) == ({f"{field}-use": MEANT}, {f"{field}-asked": TYPED})
    return addresses(kind)


FORMS = [
    ("/people/new", PERSON, "email", Person),
    ("/organisations/new", POLICE, "email", Organisation),
    ("/office", OFFICE, "email", Office),
    ("/users/new", USER, "email", User),
    (
        "/activities/{activity}/invite/people",
        {"role": "cadre", "activity_ids": "{activity}", "new-name": "Rina Dewi", "do": "add"},
        "new-email",
        Person,
    ),
    (
        "/invitations/{invitation}/answer",
        {"choice": "represented", "source": "phone", "representative_name": "Rina Dewi"},
        "representative_email",
        Invitation,
    ),
    (
        "/to-call/person/{person}",
        {"outcome": "represented", "about": "{invitation}", "source": "phone", "representative_name": "Rina Dewi"},
        "representative_email",
        Invitation,
    ),
]


@pytest.fixture
def filled(activity: Activity, ani: Person, administrator: User):
    publish(activity, by=administrator, tick=False)
    invite(activity, ani, role=Role.PARTICIPANT, by=administrator)
    reminding.tick(NOW)
    invitation = db.session.scalars(db.select(Invitation)).one()
    ids = {"{activity}": activity.id, "{invitation}": invitation.id, "{person}": ani.id}

    def with_ids(text: str) -> str:
        for name, number in ids.items():
            text = text.replace(name, str(number))
        return text

    return with_ids


@pytest.mark.parametrize(("address", "data", "field", "kind"), FORMS, ids=[form[0] for form in FORMS])
@pytest.mark.parametrize(("press", "stored"), [("use", MEANT), ("asked", TYPED)])
def test_an_address_that_looks_mistyped_is_questioned_once(
    current_app_, administrator, filled, address, data, field, kind, press, stored
):
    client = log_in(current_app_, administrator)
    address, field = filled(address), filled(field)
    data = {filled(name): filled(value) for name, value in data.items()}
    assert pressed(client, address, data, field, kind) == []
    if press == "use":
        data.pop("do", None)  # the button that takes the suggestion is pressed instead
    sent = client.post(address, data={**data, field: TYPED, f"{field}-{press}": MEANT if press == "use" else TYPED})
    assert sent.status_code in (200, 302, 303)
    assert addresses(kind) == [stored]


def test_an_address_that_is_already_stored_is_not_questioned(coordinator_client):
    rina = a_person("Rina Dewi", email=TYPED)
    form = coordinator_client.get(f"/people/{rina.id}/edit").text
    assert asked(form) == {"email-asked": TYPED}
    saved = coordinator_client.post(
        f"/people/{rina.id}/edit", data={**PERSON, "post": "Ketua", "email": TYPED, "email-asked": TYPED}
    )
    assert saved.status_code == 302


def test_another_address_that_looks_mistyped_is_questioned_again(coordinator_client):
    again = {**PERSON, "email": "rina@yaho.com", "email-asked": TYPED}
    refused = coordinator_client.post("/people/new?lang=en", data=again)
    assert buttons(refused.text) == {"email-use": "rina@yahoo.com"}


def test_one_press_accepts_the_suggestion_for_an_invalid_address(coordinator_client):
    refused = coordinator_client.post("/people/new?lang=en", data={**PERSON, "email": "rina@gmial,com"})
    assert buttons(refused.text) == {"email-use": MEANT}
    assert asked(refused.text) == {}
    coordinator_client.post("/people/new", data={**PERSON, "email": "rina@gmial,com", "email-use": MEANT})
    assert addresses(Person) == [MEANT]
