"""Organisations: adding and correcting them. queries/directory/lists.py lists them and their people."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session, joinedload

from outreach.domain.directory import email_addresses, names, phones
from outreach.domain.kinds import Sector
from outreach.domain.problems import Problem
from outreach.extensions import db
from outreach.models import Organisation, Region, User
from outreach.services import records
from outreach.services.directory import assistants
from outreach.services.locking import lock_address_book
from outreach.transactions import writing


class OrganisationMissing(Problem):
    message = "There is no such organisation in the list."


class OrganisationNameMissing(Problem):
    message = "Please write the organisation's name, such as Polres Metro."
    field = "name"


class SectorMissing(Problem):
    message = "Please choose its sector."
    field = "sector"


@dataclass(frozen=True)
class OrganisationValues:
    """An organisation's data from the form. email and phone: as typed."""

    name: str
    sector: Sector | None
    short_name: str = ""
    region_code: str | None = None
    address: str = ""
    email: str = ""
    phone: str = ""
    locale: str = "id"
    assistant_name: str = ""
    assistant_phone: str = ""
    assistant_email: str = ""


def get(organisation_id: int) -> Organisation:
    """Return an organisation with its kelurahan. Raise OrganisationMissing."""
    found = db.session.get(Organisation, organisation_id, options=[joinedload(Organisation.region)])
    if found is None:
        raise OrganisationMissing
    return found


def add(values: OrganisationValues, *, by: User | None, now: datetime) -> Organisation:
    """Store a new organisation. Raise NameTaken or another Problem with the values."""
    values = _checked(values)
    with writing() as session:
        lock_address_book(session)
        records.check_name_free(session, Organisation, values.name)
        return records.add(session, Organisation(), values, _fill, by=by, now=now)


def edit(organisation_id: int, values: OrganisationValues, *, by: User | None, now: datetime) -> Organisation:
    """Correct an organisation. Raise OrganisationMissing, NameTaken or another Problem with the values."""
    values = _checked(values)
    with writing() as session:
        lock_address_book(session)
        organisation = get(organisation_id)
        records.check_name_free(session, Organisation, values.name, but=organisation_id)
        records.correct(session, organisation, values, values_of, _fill, by=by, now=now)
    return organisation


def values_of(organisation: Organisation) -> OrganisationValues:
    """Return an organisation's stored data, as the form shows it."""
    return OrganisationValues(**records.stored(OrganisationValues, organisation))


def _checked(values: OrganisationValues) -> OrganisationValues:
    name = names.tidy(values.name)
    if not name:
        raise OrganisationNameMissing
    if values.sector is None:
        raise SectorMissing
    return replace(
        values,
        name=name,
        short_name=names.tidy(values.short_name),
        address=names.tidy(values.address),
        email=email_addresses.address(values.email),
        phone=phones.number(values.phone),
        **assistants.checked(values.assistant_name, values.assistant_phone, values.assistant_email),
    )


def _fill(session: Session, organisation: Organisation, values: OrganisationValues) -> None:
    own = {name: value for name, value in vars(values).items() if not name.startswith("assistant_")}
    if own["region_code"] and session.get(Region, own["region_code"]) is None:
        own["region_code"] = None
    for name, value in own.items():
        setattr(organisation, name, value)
    assistants.write(organisation, values.assistant_name, values.assistant_phone, values.assistant_email)
