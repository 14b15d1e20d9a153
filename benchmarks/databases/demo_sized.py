"""A scratch database of the demo's size: 4 + 22 activities, 300 cadres, 30 offices with quotas, a coordinator.

Filled through the models, with 70 % of the cadres answered; the same on every run.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask
from flask.testing import FlaskClient
from flask_security.utils import hash_password
from werkzeug.test import TestResponse

from outreach import clock, create_app
from outreach.delivery import tokens
from outreach.domain.kinds import ActivityKind, AnswerSource, CadreKind, Sector, StaffRole
from outreach.domain.kinds import Role as InvitationRole
from outreach.domain.states import ActivityState, InvitationState
from outreach.extensions import db
from outreach.models import (
    AccountRole,
    ActingPerson,
    Activity,
    AgendaItem,
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
from outreach.services.sign_in import sessions
from outreach.settings import Settings

ZONE = ZoneInfo("Asia/Jakarta")
CADRES = 300
OFFICES = 30
KELURAHAN = 22
TITLES = (
    "Rapat koordinasi lintas sektor",
    "Penguatan kapasitas kader",
    "Pertemuan satuan pendidikan",
    "Pertemuan organisasi perempuan dan tokoh masyarakat",
)


@dataclass(frozen=True)
class Filled:
    """answer_path: the page of a cadre invited to four activities, one of them answered. cookie: of the coordinator.

    organisation_path: the page of an office that names two people.
    """

    answer_path: str
    cookie: str
    organisation_path: str


def settings_for(folder: Path, database_url: str = "") -> Settings:
    """Return settings under which no limit is reached, however many pages are asked for. Without a URL: SQLite."""
    return Settings(
        database_url=database_url,
        secret_key="only-for-benchmarks-" + "0" * 32,
        instance=folder,
        rate_answer="100000000/minute",
        rate_public="100000000/minute",
        rate_login="100000000/minute",
        second_factor_for="",  # the coordinator has none, and would be led to its set-up
    )


def environment_for(folder: Path) -> dict[str, str]:
    """Return the same settings as environment variables, for servers started apart."""
    config = settings_for(folder)
    names = ("secret_key", "instance", "rate_answer", "rate_public", "rate_login", "second_factor_for")
    return {f"OUTREACH_{name.upper()}": str(getattr(config, name)) for name in names}


def fill(folder: Path, database_url: str = "") -> Filled:
    """Make and fill the database, SQLite's in `folder`; return what the load generator needs to ask for its pages."""
    app = create_app(settings_for(folder, database_url))
    with app.app_context():
        db.create_all()
        _office()
        user = _coordinator()
        activities = _programme() + _community()
        people = _cadres()
        _invite_cadres(people, activities)
        office = _invite_offices(activities[0])
        expires_at = clock.now() + timedelta(days=120)
        tokens.ensure_links(db.session(), person_ids=[person.id for person in people], expires_at=expires_at)
        tokens.ensure_links(db.session(), organisation_ids=[office.id], expires_at=expires_at)
        db.session.commit()
        path, organisation_path = (
            "/j/" + tokens.token(tokens.link_for(db.session(), invitee)) for invitee in (people[0], office)
        )
        cookie = _cookie(app, user)
        db.session.remove()
        db.engine.dispose()
    return Filled(path, cookie, organisation_path)


class Browser(FlaskClient):
    """Each request has an application context of its own, as on a server. Otherwise the account is read by the first one only."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        with self.application.app_context():
            return super().open(*args, **kwargs)


@contextmanager
def signed_in(folder: Path, cookie: str, database_url: str = "") -> Iterator[FlaskClient]:
    """Yield a client of the filled database that has this cookie, inside an application context. CSRF is not checked."""
    app = create_app(settings_for(folder, database_url))
    app.config["WTF_CSRF_ENABLED"] = False
    client = Browser(app, app.response_class)
    name, _equals, value = cookie.partition("=")
    client.set_cookie(name, value)
    with app.app_context():
        yield client
        db.session.remove()
        db.engine.dispose()


def _office() -> None:
    rows = [("18", "Lampung"), ("18.72", "Kota Metro"), ("18.72.01", "Metro Pusat")]
    rows += [(f"18.72.01.{1001 + n}", f"Kelurahan {n + 1}") for n in range(KELURAHAN)]
    for code, name in rows:
        parent = code.rpartition(".")[0] or None
        db.session.add(Region(code=code, name=name, level=code.count(".") + 1, parent_code=parent))
        db.session.flush()
    db.session.add(
        Office(
            name="Dinas Pemberdayaan Perempuan, Perlindungan Anak, Pengendalian Penduduk dan KB Kota Metro",
            short_name="DP3AP2KB Kota Metro",
            region_code="18.72",
            email="dp3ap2kb@example.com",
            contact_name="Bidang PPA",
            contact_phone="+6281200000001",
            zone=ZONE,
            mails_from=time(0),  # at any hour, as benchmarks run at any
            mails_until=time(0),
        )
    )
    db.session.flush()


def _coordinator() -> User:
    role = AccountRole(name=StaffRole.COORDINATOR.value)
    user = User(
        email="coordinator@example.com",
        name="Coordinator",
        password=hash_password("only-for-benchmarks"),
        fs_uniquifier="b" * 32,
        active=True,
        roles=[role],
    )
    db.session.add(user)
    db.session.flush()
    return user


def _activity(title: str, starts_at: datetime, hours: int, venue: Venue, programme: Programme | None) -> Activity:
    return Activity(
        programme=programme,
        kind=ActivityKind.COORDINATION if programme else ActivityKind.OUTREACH,
        title=title,
        public_title=title,
        zone=ZONE,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=hours),
        registration_at=starts_at - timedelta(minutes=30),
        respond_by_at=starts_at - timedelta(days=2),
        things_to_bring="Surat tugas dan KTP",
        venue=venue,
        state=ActivityState.PUBLISHED,
        published_at=clock.now(),
        agenda=[
            AgendaItem(
                starts_at=starts_at + timedelta(minutes=15 * n),
                ends_at=starts_at + timedelta(minutes=15 * n + 15),
                topic=f"Susunan acara {n + 1}",
            )
            for n in range(8)
        ],
    )


def _programme() -> list[Activity]:
    first = (clock.now().astimezone(ZONE) + timedelta(days=20)).replace(hour=8, minute=0, second=0, microsecond=0)
    programme = Programme(
        title="Empat hari penguatan", starts_on=first.date(), ends_on=first.date() + timedelta(days=3), zone=ZONE
    )
    hall = Venue(name="Aula Bappeda", address="Jl. Jenderal Sudirman, Metro", capacity=400, region_code="18.72.01.1001")
    found = [_activity(t, first + timedelta(days=n), 4, hall, programme) for n, t in enumerate(TITLES)]
    db.session.add_all(found)
    db.session.flush()
    return found


def _community() -> list[Activity]:
    first = (clock.now().astimezone(ZONE) + timedelta(days=27)).replace(hour=8, minute=0, second=0, microsecond=0)
    found = []
    for n in range(KELURAHAN):
        venue = Venue(name=f"Balai Kelurahan {n + 1}", capacity=40, region_code=f"18.72.01.{1001 + n}")
        starts_at = first + timedelta(days=n // 3, hours=2 * (n % 3))
        found.append(_activity(f"Sosialisasi Kelurahan {n + 1}", starts_at, 2, venue, None))
    db.session.add_all(found)
    db.session.flush()
    return found


def _cadres() -> list[Person]:
    people = []
    for n in range(CADRES):
        region = f"18.72.01.{1001 + n % KELURAHAN}"
        person = Person(
            name=f"Kader Contoh {n + 1}", email=f"kader{n + 1}@example.com", phone="+6281234567890", region_code=region
        )
        person.cadre_roles.append(Cadre(kind=list(CadreKind)[n % 5], region_code=region))
        people.append(person)
    db.session.add_all(people)
    db.session.flush()
    return people


def _invite_cadres(people: list[Person], activities: list[Activity]) -> None:
    now = datetime.now(UTC)
    for n, person in enumerate(people):
        for place, activity in enumerate([*activities[:4], *([activities[4 + n % KELURAHAN]] if n else [])]):
            answered = (n + place) % 10 < 7 if n else place == 0
            state = (InvitationState.COMING, InvitationState.NOT_COMING, InvitationState.REPRESENTED)[n % 3]
            db.session.add(
                Invitation(
                    activity=activity,
                    person=person,
                    role=InvitationRole.CADRE,
                    state=state if answered else InvitationState.INVITED,
                    invited_at=now,
                    answered_at=now if answered else None,
                    answered_sequence=0 if answered else None,
                    answer_source=AnswerSource.LINK if answered else None,
                    acting=ActingPerson(name="Siti Aminah")
                    if answered and state is InvitationState.REPRESENTED
                    else None,
                )
            )
    db.session.flush()


def _invite_offices(activity: Activity) -> Organisation:
    """Invite all offices to an activity; return the first one."""
    offices = [
        Organisation(name=f"Kantor Contoh {n + 1}", sector=Sector.GOVERNMENT, email=f"kantor{n + 1}@example.com")
        for n in range(OFFICES)
    ]
    for office in offices:
        db.session.add(
            Invitation(
                activity=activity, organisation=office, role=InvitationRole.PARTICIPANT, quota=2,
                state=InvitationState.INVITED, invited_at=datetime.now(UTC),
            )
        )  # fmt: skip
    db.session.flush()
    return offices[0]


def _cookie(app: Flask, user: User) -> str:
    serializer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    _id, code = sessions.begin(user, stays=True, now=clock.now())
    asked_at = (
        clock.now().timestamp() + 86_400
    )  # as if the password was just given, for a day: lists of people are files
    value = serializer.dumps({"_user_id": code, "fs_paa": asked_at})
    return f"{app.config['SESSION_COOKIE_NAME']}={value}"
