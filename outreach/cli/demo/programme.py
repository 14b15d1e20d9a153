"""Drafts the demo's programme and community activities, and prepares their invitations, through the services."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from outreach.cli.demo import content
from outreach.cli.demo.calendar import Half, visits
from outreach.domain.activities.values import ActivityValues
from outreach.domain.kinds import CadreKind, Role
from outreach.extensions import db
from outreach.models import Cadre, Person, User
from outreach.services.activities import community as community_activities
from outreach.services.activities import edit as planning
from outreach.services.activities.agenda import AgendaValues, set_agenda
from outreach.services.directory import regions
from outreach.services.invitations import invite as inviting
from outreach.services.programmes import edit as programmes
from outreach.services.programmes.edit import ProgrammeValues

JAKARTA = ZoneInfo("Asia/Jakarta")
QUOTA = 2
VILLAGE_QUOTA = 4


@dataclass
class Cast:
    """The ids of the demo's people and places, by the keys in content.py.

    District and village offices have the code of their kecamatan or kelurahan as key.
    """

    coordinator: User
    people: dict[str, int] = field(default_factory=dict)
    offices: dict[str, int] = field(default_factory=dict)
    village_offices: dict[str, int] = field(default_factory=dict)
    district_offices: dict[str, int] = field(default_factory=dict)
    halls: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class DemoPlan:
    programme_id: int
    days: tuple[int, ...]  # ids of its activities
    community: tuple[int, ...]

    @property
    def activities(self) -> tuple[int, ...]:
        return self.days + self.community


def plan(cast: Cast, days: Sequence[date], community_days: Sequence[date], *, now: datetime) -> DemoPlan:
    """Draft the four days and prepare all invitations; with community_days also the community activities."""
    programme = programmes.create(
        ProgrammeValues(
            title="Empat hari penguatan perlindungan perempuan dan anak",
            public_title="Rangkaian pertemuan lintas sektor",
            purpose="Satu alur kerja dari kelurahan sampai instansi, dengan kader sebagai mata dan telinga warga.",
            starts_on=days[0],
            ends_on=days[-1],
            zone=JAKARTA,
        ),
        by=cast.coordinator,
        now=now,
    )
    made = tuple(plan_day(cast, programme.id, what, day, now=now) for what, day in zip(content.DAYS, days, strict=True))
    invite_offices_of_day_one(cast, made[0], now=now)
    community = plan_community(cast, community_days, now=now) if community_days else ()
    return DemoPlan(programme.id, made, community)


def plan_day(cast: Cast, programme_id: int, what: content.DemoDay, day: date, *, now: datetime) -> int:
    """Draft one half day with its agenda, speakers, moderator, organisations and cadres; return the activity's id."""
    by = cast.coordinator
    activity = planning.create_activity(
        ActivityValues(
            kind=what.kind,
            title=what.title,
            public_title=what.public_title,
            description=what.description,
            things_to_bring=what.bring,
            starts_at=local(day, content.STARTS),
            ends_at=local(day, content.ENDS),
            registration_at=local(day, content.OPENS),
            zone=JAKARTA,
            venue_id=cast.halls[what.hall],
        ),
        programme_id=programme_id,
        by=by,
        now=now,
    )
    set_agenda(activity.id, agenda(cast.people, what, day), by=by, now=now)
    inviting.invite_people([activity.id], [cast.people[what.moderator]], Role.MODERATOR, by=by, now=now)
    if what.offices:
        quotas = {cast.offices[key]: QUOTA for key in what.offices}
        inviting.invite_organisations([activity.id], quotas, by=by, now=now)
    if what.cadres:
        chosen = some_cadres(what.cadres, what.cadre_count)
        inviting.invite_people([activity.id], chosen, Role.CADRE, by=by, now=now)
    return activity.id


def invite_offices_of_day_one(cast: Cast, activity_id: int, *, now: datetime) -> None:
    """Invite every kecamatan and kelurahan office with a quota of two."""
    quotas = dict.fromkeys([*cast.district_offices.values(), *cast.village_offices.values()], QUOTA)
    inviting.invite_organisations([activity_id], quotas, by=cast.coordinator, now=now)


def plan_community(cast: Cast, days: Sequence[date], *, now: datetime) -> tuple[int, ...]:
    """Draft one activity for each kelurahan and invite its cadres and its office; return the ids."""
    tree = {k.code: [kelurahan.code for kelurahan in k.kelurahan] for k in regions.kelurahan_tree(db.session())}
    made = []
    for visit in visits(tree, days):
        begins, ends = content.MORNING if visit.half is Half.MORNING else content.AFTERNOON
        values = ActivityValues(
            kind=content.COMMUNITY_KIND,
            title=content.COMMUNITY_TITLE,
            public_title=content.COMMUNITY_PUBLIC_TITLE,
            starts_at=local(visit.day, begins),
            ends_at=local(visit.day, ends),
            zone=JAKARTA,
            capacity=content.COMMUNITY_SEATS,
        )
        by = cast.coordinator
        activity_id = community_activities.create(values, [visit.kelurahan], by=by, now=now)[0].id
        inviting.invite_cadres([activity_id], list(CadreKind), [visit.kelurahan], by=by, now=now)
        quotas = {cast.village_offices[visit.kelurahan]: VILLAGE_QUOTA}
        inviting.invite_organisations([activity_id], quotas, by=by, now=now)
        made.append(activity_id)
    return tuple(made)


def agenda(people: Mapping[str, int], what: content.DemoDay, day: date) -> list[AgendaValues]:
    """Return a half day's agenda: opening, talks around a break, discussion, closing."""
    count = len(what.talks)
    lines: list[tuple[time, time, str, tuple[int, ...]]] = [(a, b, topic, ()) for a, b, topic in content.BEFORE_TALKS]
    for (begins, ends), talk in zip(content.TALK_TIMES[count], what.talks, strict=True):
        lines.append((begins, ends, talk.topic, (people[talk.speaker],)))
    for (begins, ends), topic in ((content.BREAK[count], "Rehat"), (content.DISCUSSION, "Diskusi")):
        lines.append((begins, ends, topic, ()))
    lines.append((*content.CLOSING, what.closing, ()))
    return [AgendaValues(local(day, a), local(day, b), topic, speakers) for a, b, topic, speakers in sorted(lines)]


def some_cadres(kind: CadreKind, count: int) -> list[int]:
    """Return `count` people who are cadres of a kind, from all kelurahan in turn; those with an e-mail address come first."""
    found = db.session.execute(
        sa.select(Person.id, Cadre.region_code)
        .join(Cadre, Cadre.person_id == Person.id)
        .where(Cadre.kind == kind, Cadre.active)
        .order_by(Person.email == "", Person.id)
    ).all()
    by_kelurahan: dict[str, list[int]] = defaultdict(list)
    for person_id, code in found:
        by_kelurahan[code].append(person_id)
    turns = max(map(len, by_kelurahan.values()), default=0)
    in_turn = [
        people[turn] for turn in range(turns) for _, people in sorted(by_kelurahan.items()) if turn < len(people)
    ]
    db.session.rollback()
    return in_turn[:count]


def local(day: date, clock: time) -> datetime:
    """Return the instant of this local time in Metro."""
    return datetime.combine(day, clock, tzinfo=JAKARTA)
