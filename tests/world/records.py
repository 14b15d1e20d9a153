"""Records that tests begin with. Each function stores one, commits, and returns it; keyword values replace the usual ones."""

from datetime import date, time
from functools import cache

import sqlalchemy as sa
from flask_security.utils import hash_password

from outreach.domain.kinds import ActivityKind, CadreKind, Role, Sector, StaffRole
from outreach.domain.states import InvitationState
from outreach.extensions import db
from outreach.models import (
    Absence,
    AccountRole,
    Activity,
    Cadre,
    Invitation,
    Office,
    Organisation,
    Person,
    Programme,
    Region,
    User,
    Venue,
)
from tests.world.days import JAKARTA, at

AT_ANY_HOUR = {"mails_from": time(0), "mails_until": time(0)}  # an office without quiet hours; tests run at any hour
PASSWORD = "bukan-rahasia-2027"
REGIONS = (
    ("18", "Lampung"),
    ("18.72", "Kota Metro"),
    ("18.72.01", "Metro Pusat"),
    ("18.72.04", "Metro Timur"),
    ("18.72.01.1001", "Metro"),
    ("18.72.01.1003", "Imopuro"),
    ("18.72.04.1001", "Yosodadi"),
)


def store_regions() -> None:
    """Store Kota Metro with two kecamatan and three kelurahan."""
    regions = [
        {"code": code, "name": name, "level": code.count(".") + 1, "parent_code": code.rpartition(".")[0] or None}
        for code, name in REGIONS
    ]
    db.session.execute(sa.insert(Region), regions)
    db.session.commit()


def an_office(**values: object) -> Office:
    """The one office. Its regions must be stored."""
    return _stored(
        Office(
            **{
                "name": "Dinas Pemberdayaan Perempuan, Perlindungan Anak, Pengendalian Penduduk dan KB Kota Metro",
                "short_name": "DP3AP2KB Kota Metro",
                "region_code": "18.72",
                "email": "dp3ap2kb@example.com",
                "phone": "+62725000001",
                "contact_name": "Bidang PPA",
                "contact_phone": "+6281200000001",
                "zone": JAKARTA,
                **AT_ANY_HOUR,
                **values,
            }
        )
    )


def account(role: StaffRole, name: str) -> User:
    """A member of the staff, who signs in with PASSWORD and reads English."""
    stored_role = db.session.scalar(sa.select(AccountRole).where(AccountRole.name == role.value))
    return _stored(
        User(
            email=f"{role.value}@example.com",
            name=name,
            password=_hashed_password(),
            fs_uniquifier=f"{role.value}-{name}".ljust(32, "x")[:64],
            active=True,
            locale="en",
            roles=[stored_role or AccountRole(name=role.value)],
        )
    )


@cache
def _hashed_password() -> str:
    return hash_password(PASSWORD)


def a_hall(**values: object) -> Venue:
    """A hall for a hundred people."""
    return _stored(
        Venue(
            **{
                "name": "Aula Bappeda",
                "address": "Jl. Jenderal Sudirman, Metro",
                "capacity": 100,
                "region_code": "18.72.01.1001",
                **values,
            }
        )
    )


def a_programme(**values: object) -> Programme:
    """Four days, 18 to 21 January 2027."""
    return _stored(
        Programme(
            **{
                "title": "Empat hari penguatan perlindungan perempuan dan anak",
                "public_title": "Rangkaian kegiatan Januari",
                "starts_on": date(2027, 1, 18),
                "ends_on": date(2027, 1, 21),
                "zone": JAKARTA,
                **values,
            }
        )
    )


def draft_activity(programme: Programme | None, venue: Venue | None, day: int = 18, **values: object) -> Activity:
    """A draft on a day of January 2027, 08.00 to 12.00 WIB."""
    return _stored(
        Activity(
            **{
                "programme": programme,
                "kind": ActivityKind.COORDINATION,
                "title": "Rapat koordinasi pencegahan kekerasan",
                "public_title": "Rapat koordinasi lintas sektor",
                "zone": JAKARTA,
                "starts_at": at(day, 8),
                "ends_at": at(day, 12),
                "registration_at": at(day, 7, 30),
                "respond_by_at": at(day - 2, 16),
                "venue": venue,
                **values,
            }
        )
    )


def a_person(name: str, **values: object) -> Person:
    """A person with an address of their first name, and a phone number. Without a name, give the address."""
    email = f"{name.lower().split()[0]}@example.com" if name else ""
    return _stored(Person(**{"name": name, "email": email, "phone": "+6281234567890", **values}))


def a_cadre(name: str, kind: CadreKind, region_code: str) -> Person:
    """A volunteer of a kind, who lives in the region where they work."""
    person = a_person(name, region_code=region_code)
    _stored(Cadre(person=person, kind=kind, region_code=region_code))
    return person


def an_organisation(name: str, **values: object) -> Organisation:
    return _stored(Organisation(**{"name": name, "sector": Sector.OTHER, **values}))


def an_invitation(
    activity: Activity, invitee: Person | Organisation, role: Role = Role.PARTICIPANT, **values: object
) -> Invitation:
    """An invitation as it is once its mail was sent. No link and no mail is written, and nobody is booked."""
    party = {"person": invitee} if isinstance(invitee, Person) else {"organisation": invitee}
    return _stored(
        Invitation(**{"activity": activity, **party, "role": role, "state": InvitationState.INVITED, **values})
    )


def an_absence(**values: object) -> Absence:
    """An absence from Monday 18 January 2027, 08.00 WIB, for a day, entered by a coordinator. values: whose it is."""
    usual = {"starts_at": at(18), "ends_at": at(19), "zone": JAKARTA.key, "source": "coordinator"}
    return _stored(Absence(**{**usual, **values}))


def _stored(record):
    db.session.add(record)
    db.session.commit()
    return record
