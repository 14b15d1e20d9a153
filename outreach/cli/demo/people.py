"""Sets up the demo's office and address book: accounts, organisations, posts, halls, and cadres from a spreadsheet."""

from dataclasses import dataclass
from datetime import datetime, time
from importlib.resources import files

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from outreach.cli.demo import content
from outreach.cli.demo.programme import JAKARTA, Cast
from outreach.domain.kinds import AgeGroup, CadreKind, CaseUnit, Sector, StaffRole
from outreach.extensions import db
from outreach.models import Organisation, Person, User, Venue
from outreach.services import cases
from outreach.services.cases import CaseValues
from outreach.services.directory import assistants, regions
from outreach.services.directory import import_people as importing
from outreach.services.directory.import_people import Reading
from outreach.services.office import office as offices
from outreach.services.office import staff
from outreach.services.office.office import OfficeValues
from outreach.services.office.staff import UserValues
from outreach.services.reminders import rules
from outreach.transactions import writing

SPREADSHEET = "kader-contoh.xlsx"
ACCOUNTS = (
    (StaffRole.ADMINISTRATOR, "Administrator"),
    (StaffRole.COORDINATOR, "Koordinator Bidang PPA"),
    (StaffRole.VIEWER, "Pimpinan"),
)


CASES = {2: 34, 1: 41, 0: 47}  # made-up numbers, by how many years before the last programme
AGES = (
    AgeGroup.FROM_25, AgeGroup.FROM_45, AgeGroup.FROM_25, AgeGroup.FROM_18, AgeGroup.FROM_25, AgeGroup.FROM_45,
    AgeGroup.FROM_60, None,
)  # fmt: skip


@dataclass(frozen=True)
class Login:
    role: StaffRole
    email: str
    password: str


def set_up(*, now: datetime) -> list[Login]:
    """Set up Kota Metro's office with its rules and three accounts with new passwords."""
    offices.save(
        OfficeValues(
            name=content.OFFICE,
            short_name="DP3AP2KB Kota Metro",
            region_code=content.CITY,
            zone=JAKARTA,
            address="Jl. A.H. Nasution, Kota Metro, Lampung",
            email="dp3ap2kb@example.com",
            phone="0725-41000",
            contact_name="Bidang PPA",
            contact_phone="0812-3456-7890",
            mails_from=time(0),  # at any hour, because somebody may try the demo in the evening
            mails_until=time(0),
        ),
        by=None,
        now=now,
    )
    rules.install_defaults(now=now)
    logins = []
    for role, name in ACCOUNTS:
        added = staff.add(UserValues(name, f"{role.value}@example.com", role), by=None, now=now, own=True)
        logins.append(Login(role, added.user.email, added.password))
    return logins


def assemble(*, now: datetime) -> tuple[Cast, Reading]:
    """Fill the address book. Return its ids, and the rows of the cadres' spreadsheet that were accepted and refused."""
    coordinator = db.session.scalars(db.select(User).filter_by(email="coordinator@example.com")).unique().one()
    db.session.expunge(coordinator)
    cast = Cast(coordinator)
    with writing() as session:
        offices = (*content.OFFICES, *content.WOMEN, *content.SCHOOLS)
        by_key = {
            office.key: Organisation(
                name=office.name, short_name=office.short_name, sector=office.sector, region_code=content.CITY,
                email=f"{office.key}@example.com",
            )
            for office in offices
        }  # fmt: skip
        posts = {
            post.key: Person(post=post.post, organisation=by_key.get(post.office), email=f"{post.key}@example.com")
            for post in content.POSTS
        }
        for key, (name, mailbox) in content.ASSISTANTS.items():
            assistants.write(posts[key], name, "+6281200000077", f"{mailbox}@example.com")
        halls = {
            hall.name: Venue(name=hall.name, address=hall.address, capacity=hall.seats, region_code=hall.kelurahan)
            for hall in content.HALLS
        }
        districts, villages = {}, {}
        for kecamatan in regions.kelurahan_tree(session):
            districts[kecamatan.code] = _local_office("Kecamatan", kecamatan.name, kecamatan.code, Sector.DISTRICT)
            for kelurahan in kecamatan.kelurahan:
                villages[kelurahan.code] = _local_office("Kelurahan", kelurahan.name, kelurahan.code, Sector.VILLAGE)
        for rows in (by_key, posts, halls, districts, villages):
            session.add_all(rows.values())
        session.flush()
        cast.offices = {key: row.id for key, row in by_key.items()}
        cast.people = {key: row.id for key, row in posts.items()}
        cast.halls = {key: row.id for key, row in halls.items()}
        cast.district_offices = {key: row.id for key, row in districts.items()}
        cast.village_offices = {key: row.id for key, row in villages.items()}
    data = (files("outreach") / "data" / "demo" / SPREADSHEET).read_bytes()
    cadres = importing.store(data, SPREADSHEET, by=coordinator, now=now)
    _give_ages()
    for years_ago, number in CASES.items():
        values = CaseValues(
            now.astimezone(JAKARTA).year - years_ago, CaseUnit.VICTIMS, number, "Contoh, bukan angka sebenarnya"
        )
        cases.save(values, by=coordinator, now=now)
    return cast, cadres


def _give_ages() -> None:
    """Give most people of the spreadsheet, which has no ages, an age group, as an office knows them of most of its cadres."""
    with writing() as session:
        people = (
            sa.select(Person).where(Person.name != "").order_by(Person.id).options(selectinload(Person.cadre_roles))
        )
        for number, person in enumerate(session.scalars(people)):
            young = any(role.kind == CadreKind.FORUM_ANAK for role in person.cadre_roles)
            person.age_group = AgeGroup.UNDER_18 if young else AGES[number % len(AGES)]


def _local_office(kind: str, name: str, code: str, sector: Sector) -> Organisation:
    key = f"{kind[:3]}.{name}".lower().replace(" ", "")
    return Organisation(
        name=f"Kantor {kind} {name}",
        short_name=f"{kind} {name}",
        sector=sector,
        region_code=code,
        email=f"{key}@example.com",
    )
