"""Certificates are in the export of a person; erasing takes the name out of them, and the number stays."""

import json

import pytest
import sqlalchemy as sa

from outreach.delivery import tokens
from outreach.domain.answers import Choice, Representative
from outreach.domain.states import CertificateState
from outreach.extensions import db
from outreach.models import Certificate
from outreach.models.people import ERASED
from outreach.queries import certificates as pages
from outreach.services.answers import acting
from outreach.services.certificates import make
from outreach.services.privacy import person as privacy
from tests.support.copied import copied
from tests.world import a_person, answer, fresh, invitation_of, invite, publish, run
from tests.world.days import NOW
from tests.world.held import AFTER, were_present
from tests.world.held import held as is_over

pytestmark = pytest.mark.usefixtures("any_app")


@copied
def rina(office):
    return a_person("Rina Dewi", email="rina@example.com")


@copied
def made(activity, ani, budi, rina):
    """Certificates of Ani, and of Rina, who acted for Budi."""
    invite(activity, ani, budi)
    publish(activity)
    run(NOW)
    answer(activity, budi, Choice.REPRESENTED, representative=Representative("Rina Dewi", email="rina@example.com"))
    were_present(invitation_of(activity, ani), invitation_of(activity, budi))
    return make.make_all(is_over(activity).id, by=None, now=AFTER).certificates


def test_each_person_has_their_own_certificates_in_the_export(made, ani, budi, rina, coordinator):
    def exported(person):
        return [one["name"] for one in privacy.export(person.id, by=coordinator, now=AFTER)["certificates"]]

    assert (exported(ani), exported(budi), exported(rina)) == (["Ani Wijaya"], [], ["Rina Dewi"])


@pytest.mark.parametrize("whose", ["ani", "rina"])
def test_erasing_takes_the_name_out_and_keeps_the_number(made, ani, rina, coordinator, whose):
    person = {"ani": ani, "rina": rina}[whose]
    [one] = [each for each in made if each.name == person.name]
    number, name = one.number, person.name
    make.revoke(one.id, f"{name} pulang dulu", by=coordinator, now=AFTER)
    privacy.erase(person.id, by=coordinator, now=AFTER)
    erased = fresh(one)
    assert (erased.number, erased.name, erased.state) == (number, ERASED, CertificateState.REVOKED)
    assert name not in json.dumps(erased.values) + erased.ended_because
    checked = pages.checked(one.code)
    assert (checked.number, checked.initials) == (number, "")
    others = db.session.scalars(sa.select(Certificate.name).where(Certificate.id != one.id)).all()
    assert ERASED not in others


def test_erasing_an_invitee_leaves_the_certificate_of_who_acted_for_them_and_their_page(made, budi, rina, coordinator):
    [one] = [each for each in made if each.name == "Rina Dewi"]
    token = tokens.acting_token(one.acting.nonce)
    privacy.erase(budi.id, by=coordinator, now=AFTER)
    kept = fresh(one)
    assert (kept.name, kept.acting.name) == ("Rina Dewi", "Rina Dewi")
    assert acting.opened(db.session(), token, now=AFTER).name == "Rina Dewi"
    assert privacy.export(rina.id, by=coordinator, now=AFTER)["certificates"][0]["number"] == one.number
    privacy.erase(rina.id, by=coordinator, now=AFTER)
    assert fresh(one).name == ERASED
