"""Plans to measure with, as values: the demo's 26 activities, a large one of 200, and an office's year.

Made-up posts and halls; Metro's kelurahan with their coordinates come from the shipped list.
"""

import csv
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import outreach
from outreach.cli.demo import content
from outreach.cli.demo.calendar import COMMUNITY_DAYS, PROGRAMME_DAYS, Half, visits
from outreach.domain.kinds import ActivityKind, Role
from outreach.domain.planning.office_hours import Calendar, DayOff, DayRange
from outreach.domain.planning.parties import AbsenceSpan, Engagement, Party, Place
from outreach.domain.planning.plan import Plan, PlannedActivity, ProgrammeDays
from outreach.domain.planning.rules import ClashKind, Rules, Severity
from outreach.domain.timetabling import Demand, Horizon, Task, Wishes

JAKARTA = ZoneInfo("Asia/Jakarta")
KELURAHAN = Path(outreach.__file__).parent / "data" / "regions" / "metro-kelurahan.csv"
FIRST_DAY = date(2027, 1, 11)  # a Monday four weeks before Ramadan
NOW = datetime(2026, 12, 28, 8, 0, tzinfo=JAKARTA)
CALENDAR = Calendar(
    {date(2027, 1, 1): DayOff("Tahun Baru Masehi"), date(2027, 1, 5): DayOff("Isra Mikraj")},
    (DayRange(date(2027, 2, 8), date(2027, 3, 9)),),
)
FACILITATORS = tuple(Party.person(900 + n, f"Fasilitator {n}") for n in (1, 2, 3))
CADRES_EACH = 8


def demo_task(*, strict: bool = True) -> Task:
    """Return the demo's task: four activities of the programme, and one in each kelurahan.

    Those are within the nine working days after it, later than the coordination meeting, and led by one of three facilitators.
    strict: the office blocks two activities in one kecamatan on one half day, and too little travel time for a speaker;
    otherwise it warns.
    """
    days = working_days(FIRST_DAY, PROGRAMME_DAYS + COMMUNITY_DAYS)
    rows = kelurahan()
    halls = [Place(n, hall.name, hall.seats, hall.kelurahan) for n, hall in enumerate(content.HALLS, 1)]
    village_halls = [
        Place(100 + n, f"Balai Kelurahan {row['kelurahan']}", 60, row["kode"], float(row["lat"]), float(row["lng"]))
        for n, row in enumerate(rows)
    ]
    programme = ProgrammeDays(1, "Empat hari", days[0], days[PROGRAMME_DAYS - 1], JAKARTA)
    posts = {post.key: Party.person(n, post.post) for n, post in enumerate(content.POSTS, 1)}
    of_programme = [
        _programme_day(n, what, day, halls, posts)
        for n, (what, day) in enumerate(zip(content.DAYS, days, strict=False), 1)
    ]
    community = list(_community(rows, village_halls, days[PROGRAMME_DAYS:]))
    severities = {ClashKind.SPEAKER_TRAVEL: Severity.BLOCK, ClashKind.SAME_KECAMATAN: Severity.BLOCK}
    plan = Plan(
        now=NOW,
        activities=[*of_programme, *community],
        places=[*halls, *village_halls],
        programmes=[programme],
        absences=[
            AbsenceSpan(_at(days[0], 7), _at(days[0], 16), party=posts["kapolres"], reason="Dinas luar"),
            AbsenceSpan(_at(days[1], 7), _at(days[1], 17), venue_id=1, reason="Resepsi"),
            *(AbsenceSpan(_at(day, 7), _at(day, 12), party=FACILITATORS[0]) for day in days if day.weekday() == 2),
        ],
        calendar=CALENDAR,
        rules=Rules(severities if strict else {}),
    )
    demands = [
        Demand(activity.id, venues=(1, 2, 3, 4), seats=activity.people, is_new=True) for activity in of_programme
    ]
    demands += [
        Demand(
            activity.id,
            first_on=days[PROGRAMME_DAYS],
            after=(of_programme[0].id,),
            facilitators=FACILITATORS,
            is_new=True,
        )
        for activity in community
    ]
    wishes = Wishes(hours=(time(8, 0), time(15, 30)))
    return Task(plan, tuple(demands), Horizon(tuple(days)), wishes)


def large_task(activities: int = 200, venues: int = 40, people: int = 60, days: int = 20) -> Task:
    """Return a task of that size.

    Half of the activities are in their own kelurahan, the others in a hall that is large enough. Each has one to three speakers.
    Some must follow another; some have a fixed time.
    """
    draw = Random(7)
    rows, dates = kelurahan(), working_days(FIRST_DAY, days)
    village_halls = [
        Place(n, f"Balai {row['kelurahan']}", 60, row["kode"], float(row["lat"]), float(row["lng"]))
        for n, row in enumerate(rows, 1)
    ]
    sizes = (40, 60, 80, 120, 200, 300)
    halls = [
        replace(draw.choice(village_halls), id=n, name=f"Aula {n}", capacity=draw.choice(sizes))
        for n in range(len(rows) + 1, venues + 1)
    ]
    speakers = [Party.person(n, f"Narasumber {n}") for n in range(1, people + 1)]
    made, demands = [], []
    for id in range(1, activities + 1):
        community = id % 2 == 0
        row = rows[id // 2 % len(rows)] if community else None
        size = draw.choice((20, 30, 40, 60, 110))
        start = _at(draw.choice(dates), draw.choice((8, 9, 10, 13)))
        made.append(
            PlannedActivity(
                id, f"Kegiatan {id}", ActivityKind.OUTREACH if community else draw.choice(_MEETINGS), start,
                start + timedelta(hours=2 if community else draw.choice((2, 3, 4))), JAKARTA,
                region_code=row["kode"] if row else None, people=30 if community else size,
                engagements=tuple(Engagement(party, Role.SPEAKER) for party in draw.sample(speakers, draw.choice((1, 1, 2, 3)))),
            )
        )  # fmt: skip
        own = tuple(place.id for place in village_halls if row and place.region_code == row["kode"])
        large = tuple(place.id for place in halls if (place.capacity or 0) >= size)
        after = (draw.randrange(1, id),) if id > 10 and draw.random() < 0.1 else ()
        demands.append(Demand(id, venues=own or large, after=after, is_new=True))
    absences = [
        AbsenceSpan(_at(day, 7), _at(day, 12 if draw.random() < 0.5 else 17), party=speaker)
        for speaker in speakers
        for day in draw.sample(dates, 3)
    ]
    rules = Rules({ClashKind.SPEAKER_TRAVEL: Severity.BLOCK, ClashKind.FRIDAY_BREAK: Severity.BLOCK})
    plan = Plan(
        now=NOW, activities=made, places=[*village_halls, *halls], absences=absences, calendar=CALENDAR, rules=rules
    )
    return Task(plan, tuple(demands), Horizon(tuple(dates)), Wishes(hours=(time(8, 0), time(15, 0))))


def kelurahan() -> list[dict[str, str]]:
    with KELURAHAN.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def working_days(first: date, count: int) -> list[date]:
    days = (first + timedelta(days=n) for n in range(3 * count + 30))
    return [day for day in days if CALENDAR.is_working_day(day)][:count]


_MEETINGS = (ActivityKind.COORDINATION, ActivityKind.TRAINING, ActivityKind.OTHER)


def _programme_day(
    id: int, what: content.DemoDay, day: date, halls: list[Place], posts: dict[str, Party]
) -> PlannedActivity:
    speakers = [Engagement(posts[talk.speaker], Role.SPEAKER) for talk in what.talks]
    moderator = Engagement(posts[what.moderator], Role.MODERATOR)
    cadres = [
        Engagement(_cadre(n), Role.CADRE) for n in range(0, what.cadre_count * CADRES_EACH // 2, CADRES_EACH // 2)
    ]
    return PlannedActivity(
        id, what.title, what.kind, _at(day, content.STARTS), _at(day, content.ENDS), JAKARTA, programme_id=1,
        venue_id=next(hall.id for hall in halls if hall.name == what.hall),
        people=2 * len(what.offices) + what.cadre_count + len(speakers),
        engagements=(*speakers, moderator, *cadres),
    )  # fmt: skip


def _community(rows: list[dict[str, str]], halls: list[Place], days: list[date]) -> Iterator[PlannedActivity]:
    tree: dict[str, list[str]] = {}
    for row in rows:
        tree.setdefault(row["kode_kecamatan"], []).append(row["kode"])
    number = {row["kode"]: n for n, row in enumerate(rows)}
    for visit in visits(tree, days):
        n = number[visit.kelurahan]
        begins, ends = content.MORNING if visit.half is Half.MORNING else content.AFTERNOON
        yield PlannedActivity(
            100 + n, f"{content.COMMUNITY_TITLE} {rows[n]['kelurahan']}", content.COMMUNITY_KIND,
            _at(visit.day, begins), _at(visit.day, ends), JAKARTA,
            venue_id=halls[n].id, region_code=visit.kelurahan, people=content.COMMUNITY_SEATS,
            engagements=tuple(Engagement(_cadre(n * CADRES_EACH + place), Role.CADRE) for place in range(CADRES_EACH)),
        )  # fmt: skip


def _cadre(n: int) -> Party:
    return Party.person(1000 + n, f"Kader {n}")


def _at(day: date, clock: time | int) -> datetime:
    return datetime.combine(day, clock if isinstance(clock, time) else time(clock), tzinfo=JAKARTA)


def year(activities: int, invitations: int, *, years: int = 1) -> dict[str, Any]:
    """Return what a Plan is made from: an office's year from January 2027, or several like it one after the other."""
    draw = Random(11)
    rows = kelurahan()
    places = [
        Place(n, f"Tempat {n}", draw.choice((40, 60, 120, None)), row["kode"], float(row["lat"]), float(row["lng"]))
        for n, row in ((n, rows[n % len(rows)]) for n in range(1, 41))
    ]
    people = [Party.person(n, f"Orang {n}") for n in range(1, 601)]
    made = []
    for id in range(1, activities * years + 1):
        day = date(2027, 1, 1) + timedelta(days=draw.randrange(365) + 365 * ((id - 1) // activities))
        start = _at(day, draw.choice((8, 9, 10, 13, 14)))
        row = draw.choice(rows)
        of_id = invitations * id // activities - invitations * (id - 1) // activities
        engaged = [
            Engagement(party, draw.choice((Role.SPEAKER, *[Role.CADRE] * 3))) for party in draw.sample(people, of_id)
        ]
        made.append(
            PlannedActivity(
                id, f"Kegiatan {id}", draw.choice((ActivityKind.OUTREACH, *_MEETINGS)), start,
                start + timedelta(hours=draw.choice((2, 3, 4))), JAKARTA, venue_id=draw.choice(places).id,
                region_code=row["kode"], people=draw.choice((20, 30, 50)), engagements=tuple(engaged),
            )
        )  # fmt: skip
    return {"now": NOW, "activities": made, "places": places, "calendar": CALENDAR}
