"""A small plan for timetabling: drafts in two kecamatan, three facilitators, and a search run in this process."""

from datetime import date, datetime

import sqlalchemy as sa

from outreach.domain.kinds import ActivityKind, Role
from outreach.domain.states import InvitationState
from outreach.extensions import db
from outreach.models import Activity, Invitation, Person, TimetablingSearch, Venue
from outreach.queries import timetabling as timetabling_pages
from outreach.services.timetabling import result as timetabling_result
from outreach.services.timetabling import searches
from outreach.services.timetabling import worker as timetabling_worker
from outreach.services.timetabling.request import Request, RequestLine
from tests.world import NOW, a_person, at, draft_activity

KELURAHAN = ("18.72.01.1001", "18.72.01.1003", "18.72.04.1001")


def community(title: str, region_code: str, day: int = 18, hour: int = 9, **values: object) -> Activity:
    """Store a two-hour draft in a kelurahan's own new hall."""
    venue = Venue(name=f"Balai {title}", region_code=region_code)
    db.session.add(venue)
    return draft_activity(
        None, venue, day, kind=ActivityKind.OUTREACH, title=title, region_code=region_code, registration_at=None,
        starts_at=at(day, hour), ends_at=at(day, hour + 2), **values,
    )  # fmt: skip


def three_at_once() -> list[Activity]:
    """Three simultaneous community activities; two share a kecamatan, which is not allowed."""
    return [community(title, code) for title, code in zip(("Metro", "Imopuro", "Yosodadi"), KELURAHAN, strict=True)]


def facilitators() -> list[Person]:
    return [a_person(f"{name} Fasilitator") for name in ("Citra", "Dian", "Eko")]


def a_request(activities: list[Activity], people: list[Person] = (), **values: object) -> Request:
    """Return a request for the week from 18 January 2027, with one facilitator for each activity if there are any."""
    lines = tuple(RequestLine(activity.id, 1 if people else 0) for activity in activities)
    usual = {"first_on": date(2027, 1, 18), "last_on": date(2027, 1, 22), "seconds": 5}
    return Request(lines, facilitators=tuple(person.id for person in people), **{**usual, **values})


def searched(request: Request, *, now: datetime = NOW) -> TimetablingSearch:
    """Request a search, run it here and now, and return the finished search."""
    search = searches.create(request, title="Minggu ketiga", by=None, now=now)
    searches.start(search.id, launch=lambda _id: None, by=None, now=now)
    timetabling_worker.work(search.id, clock=lambda: now)
    return timetabling_pages.get(search.id)


def lines_of(search):
    return {line.id: line for line in timetabling_result.read(search.result).lines}


def speakers_of(activity_id: int) -> set[str]:
    rows = db.session.execute(
        sa.select(Person.name)
        .join(Invitation, Invitation.person_id == Person.id)
        .where(
            Invitation.activity_id == activity_id, Invitation.role == Role.SPEAKER,
            Invitation.state != InvitationState.WITHDRAWN,
        )
    )  # fmt: skip
    return set(rows.scalars())
