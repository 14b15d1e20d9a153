"""Defaults from the office's settings, also before the office is set up."""

from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from outreach.extensions import db
from outreach.services import office_defaults
from tests.world import JAKARTA, NOW, at

MAKASSAR = ZoneInfo("Asia/Makassar")


def test_before_set_up_there_are_default_values(app: Flask):
    assert office_defaults.office(db.session) is None
    assert office_defaults.zone(db.session) == JAKARTA
    assert office_defaults.zone(db.session, otherwise=MAKASSAR) == MAKASSAR
    assert office_defaults.contact(db.session, None) == ""
    assert office_defaults.usual_deadline(db.session, at(18), JAKARTA, NOW) == at(15, 16)


def test_an_office_that_is_set_up_gives_its_own_values(app: Flask, office):
    office.zone, office.deadline_days = MAKASSAR, 5
    db.session.commit()
    assert office_defaults.office(db.session) == office
    assert office_defaults.zone(db.session, otherwise=JAKARTA) == MAKASSAR
    assert office_defaults.contact(db.session, None) == "Bidang PPA (0812-0000-0001)"
    assert office_defaults.usual_deadline(db.session, at(18), JAKARTA, NOW) == at(13, 16)


def test_the_values_can_be_read_with_a_connection_too(app: Flask, office):
    with db.engine.connect() as connection:
        assert office_defaults.zone(connection, otherwise=MAKASSAR) == JAKARTA


@pytest.mark.parametrize("field", ["contact_name", "contact_phone"])
def test_a_programme_with_its_own_contact_names_that(app: Flask, programme, field):
    setattr(programme, field, {"contact_name": "Ibu Dewi", "contact_phone": "+6281299990000"}[field])
    db.session.commit()
    said = {"contact_name": "Ibu Dewi", "contact_phone": " (0812-9999-0000)"}[field]
    assert office_defaults.contact(db.session, programme) == said
