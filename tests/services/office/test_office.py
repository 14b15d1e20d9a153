"""Setting up the office, and changing it."""

from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach.domain.directory.email_addresses import AddressInvalid
from outreach.domain.directory.phones import PhoneInvalid
from outreach.extensions import db
from outreach.models import AuditEntry, Office, Region, ReminderRule
from outreach.queries.office import pages as office_pages
from outreach.services.directory.regions import UnknownCity
from outreach.services.office import office as offices
from outreach.services.office.office import OfficeValues
from tests.world import JAKARTA, NOW

METRO = OfficeValues("Dinas PPPA Kota Metro", "DP3A Metro", "18.72", JAKARTA, contact_phone="0812-1234-5678")


def changed(**values: object) -> OfficeValues:
    return OfficeValues(**{**METRO.__dict__, **values})


def test_set_up_stores_the_kelurahan_and_the_default_rules(any_app: Flask):
    office = offices.save(METRO, by=None, now=NOW)
    assert (office.short_name, office.contact_phone, office.deadline_days) == ("DP3A Metro", "+6281212345678", 2)
    assert db.session.scalar(sa.select(sa.func.count()).where(Region.level == 4)) == 22
    assert db.session.scalar(sa.select(sa.func.count()).select_from(ReminderRule)) > 4
    assert "office.set_up" in [entry.action for entry in db.session.query(AuditEntry)]


def test_there_is_one_office_however_often_it_is_saved(app: Flask):
    first = offices.save(METRO, by=None, now=NOW)
    again = offices.save(changed(short_name="DP3AP2KB Kota Metro"), by=None, now=NOW)
    assert (first.id, db.session.query(Office).count()) == (again.id, 1)
    last = db.session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert last
    assert (last.action, last.detail) == ("office.changed", {"changed": ["short_name"]})


@pytest.mark.parametrize(
    ("values", "problem", "field"),
    [
        ({"name": " "}, offices.OfficeNameMissing, "name"),
        ({"short_name": ""}, offices.ShortNameMissing, "short_name"),
        ({"region_code": ""}, offices.CityMissing, "region_code"),
        ({"region_code": "18.72.01"}, UnknownCity, "region_code"),
        ({"deadline_days": -1}, offices.DeadlineOutOfRange, "deadline_days"),
        ({"deadline_days": 31}, offices.DeadlineOutOfRange, "deadline_days"),
        ({"email": "dp3a at metro"}, AddressInvalid, "email"),
        ({"phone": "0725"}, PhoneInvalid, "phone"),
        ({"contact_phone": "twelve"}, PhoneInvalid, "contact_phone"),
    ],
)
def test_bad_input_is_reported_at_its_field_and_stores_nothing(app: Flask, values: dict, problem, field: str):
    with pytest.raises(problem) as told:
        offices.save(changed(**values), by=None, now=NOW)
    assert told.value.field == field
    assert office_pages.office() is None


@pytest.mark.parametrize(
    ("city", "zone"),
    [("18.72", "Asia/Jakarta"), ("51.71", "Asia/Makassar"), ("73.71", "Asia/Makassar"), ("91.71", "Asia/Jayapura")],
)
def test_each_province_gets_its_time_zone(city: str, zone: str):
    assert offices.zone_of(city) == ZoneInfo(zone)
