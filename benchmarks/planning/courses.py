"""Course timetables of the second International Timetabling Competition (2007, track 3): its .ctt form, and made ones.

A lecture is an activity, a teacher its speaker, a curriculum a person who takes part, a period an hour, a room a venue. Each
lecture has its course as a moderator, who is absent in the course's unavailable periods. The made ones have the sizes of the
competition's first fourteen; each is built around a solution, which is then left out.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from random import Random
from typing import TypeVar

from benchmarks.planning.planned import JAKARTA, NOW
from outreach.domain.kinds import ActivityKind, Role
from outreach.domain.planning.parties import AbsenceSpan, Engagement, Party, Place
from outreach.domain.planning.plan import Plan, PlannedActivity
from outreach.domain.planning.rules import ClashKind, Rules, Severity
from outreach.domain.timetabling import Demand, Horizon, Task, Wishes

MONDAY = date(2027, 1, 11)
FIRST_HOUR = 7
_FIGURES = ("Courses", "Rooms", "Days", "Periods_per_day", "Curricula", "Constraints")
_PARTS = ("COURSES", "ROOMS", "CURRICULA", "UNAVAILABILITY_CONSTRAINTS")
T = TypeVar("T")


class Unreadable(ValueError):
    """The text is not of the .ctt form. The sentence names the line."""


@dataclass(frozen=True)
class Course:
    """lectures: how many. days: over how many days at least, a wish that is not used here. students: how many."""

    name: str
    teacher: str
    lectures: int
    days: int
    students: int


@dataclass(frozen=True)
class Courses:
    """One instance. rooms: capacity by name. curricula: courses by name. unavailable: course, day, period, from 0."""

    name: str
    days: int
    periods: int
    courses: tuple[Course, ...]
    rooms: dict[str, int]
    curricula: dict[str, tuple[str, ...]]
    unavailable: tuple[tuple[str, int, int], ...]

    @property
    def lectures(self) -> int:
        return sum(course.lectures for course in self.courses)

    @property
    def occupied(self) -> float:
        """Return which part of all rooms in all periods the lectures need, 0 to 1."""
        return self.lectures / (len(self.rooms) * self.days * self.periods)


# the .ctt form


def read(text: str) -> Courses:
    """Return the instance; raise Unreadable, also where a part has another length than the head says.

    The head has lines "Courses: 30"; then come four parts, each with its name and a line for each entry, and "END.".
    """
    head: dict[str, str] = {}
    parts: dict[str, list[tuple[int, list[str]]]] = {}
    current, number = "", 0
    for number, line in enumerate((line.strip() for line in text.splitlines()), 1):
        name, colon, value = line.partition(":")
        if line == "END.":
            break
        if colon and not value and name in _PARTS:
            current = name
            parts[name] = []
        elif line and current:
            parts[current].append((number, line.split()))
        elif colon:
            head[name] = value.strip()
        elif line:
            raise Unreadable(f"Line {number} belongs to no part: {line}")
    else:
        raise Unreadable(f"Line {number} is the last, and it is not END.")
    figures = {figure: _figure(head, figure) for figure in _FIGURES}
    for figure, part in zip((*_FIGURES[:2], *_FIGURES[4:]), _PARTS, strict=True):
        if len(parts.get(part, ())) != figures[figure]:
            raise Unreadable(f"{part} has {len(parts.get(part, ()))} lines, and {figure} says {figures[figure]}.")
    days, periods = figures["Days"], figures["Periods_per_day"]
    courses = tuple(_entry(_course, number, row) for number, row in parts["COURSES"])
    known = {course.name for course in courses}
    return Courses(
        head.get("Name", ""), days, periods, courses,
        dict(_entry(_room, number, row) for number, row in parts["ROOMS"]),
        dict(_entry(lambda row: _members(row, known), number, row) for number, row in parts["CURRICULA"]),
        tuple(
            _entry(lambda row: _closed(row, known, days, periods), number, row)
            for number, row in parts["UNAVAILABILITY_CONSTRAINTS"]
        ),
    )  # fmt: skip


def _figure(head: dict[str, str], name: str) -> int:
    if not head.get(name, "").isdecimal():
        raise Unreadable(f"The head says “{head.get(name, '')}” for {name}, which is no number.")
    return int(head[name])


def _entry(of: Callable[[list[str]], T], number: int, row: list[str]) -> T:
    """Return what a line of a part says."""
    try:
        return of(row)
    except ValueError as error:
        raise Unreadable(f"Line {number}, “{' '.join(row)}”: {error}") from error


def _course(row: list[str]) -> Course:
    name, teacher, lectures, days, students = _values(row, 5)
    return Course(name, teacher, _number(lectures), _number(days), _number(students))


def _room(row: list[str]) -> tuple[str, int]:
    name, seats = _values(row, 2)
    return name, _number(seats)


def _members(row: list[str], known: Collection[str]) -> tuple[str, tuple[str, ...]]:
    """Return a curriculum's name and courses."""
    name, count = _values(row[:2], 2)
    courses = row[2:]
    if len(courses) != _number(count):
        raise ValueError(f"{count} courses are announced, and {len(courses)} are named")
    for course in courses:
        _check_known(course, known)
    return name, tuple(courses)


def _closed(row: list[str], known: Collection[str], days: int, periods: int) -> tuple[str, int, int]:
    """Return a course, and the day and period at which it cannot be held."""
    course, day, period = _values(row, 3)
    _check_known(course, known)
    if not (_number(day) < days and _number(period) < periods):
        raise ValueError(f"the days are 0 to {days - 1}, and the periods 0 to {periods - 1}")
    return course, int(day), int(period)


def _values(row: list[str], count: int) -> list[str]:
    if len(row) != count:
        raise ValueError(f"{count} values are expected, and it has {len(row)}")
    return row


def _number(text: str) -> int:
    if not text.isdecimal():
        raise ValueError(f"{text} is not a whole number")
    return int(text)


def _check_known(course: str, known: Collection[str]) -> None:
    if course not in known:
        raise ValueError(f"there is no course {course}")


def written(given: Courses) -> str:
    """Return the instance in the .ctt form."""
    head = (
        len(given.courses),
        len(given.rooms),
        given.days,
        given.periods,
        len(given.curricula),
        len(given.unavailable),
    )
    entries = (
        [(one.name, one.teacher, one.lectures, one.days, one.students) for one in given.courses],
        given.rooms.items(),
        [(name, len(courses), *courses) for name, courses in given.curricula.items()],
        given.unavailable,
    )
    lines = [f"Name: {given.name}", *(f"{name}: {figure}" for name, figure in zip(_FIGURES, head, strict=True)), ""]
    for part, rows in zip(_PARTS, entries, strict=True):
        lines += [f"{part}:", *(" ".join(map(str, row)) for row in rows), ""]
    return "\n".join([*lines, "END.", ""])


# as a task


def task_of(given: Courses) -> Task:
    """Return the planner's task: all lectures in their own hours, in any room; a room that is too small only costs."""
    rooms = {name: Place(id, name, seats) for id, (name, seats) in enumerate(given.rooms.items(), 1)}
    names = [
        *(("teacher", teacher) for teacher in dict.fromkeys(course.teacher for course in given.courses)),
        *(("course", course.name) for course in given.courses),
        *(("curriculum", name) for name in given.curricula),
    ]
    people = {name: Party.person(id, name[1]) for id, name in enumerate(names, 1)}
    made = [
        PlannedActivity(
            0, course.name, ActivityKind.TRAINING, _begins(0, 0), _begins(0, 1), JAKARTA, people=course.students,
            engagements=(
                Engagement(people["teacher", course.teacher], Role.SPEAKER),
                Engagement(people["course", course.name], Role.MODERATOR),
                *(Engagement(people["curriculum", name], Role.PARTICIPANT)
                  for name, courses in given.curricula.items() if course.name in courses),
            ),
        )
        for course in given.courses
        for _ in range(course.lectures)
    ]  # fmt: skip
    activities = [replace(activity, id=id) for id, activity in enumerate(made, 1)]
    absences = [
        AbsenceSpan(_begins(day, period), _begins(day, period + 1), party=people["course", course])
        for course, day, period in given.unavailable
    ]
    plan = Plan(now=NOW, activities=activities, places=rooms.values(), absences=absences, rules=Rules(_SEVERITIES))
    venues = tuple(place.id for place in rooms.values() if place.id is not None)
    horizon = Horizon(
        tuple(MONDAY + timedelta(days=day) for day in range(given.days)), 60,
        (time(FIRST_HOUR), time(FIRST_HOUR + given.periods)),
    )  # fmt: skip
    demands = tuple(Demand(activity.id, venues=venues, is_new=True) for activity in activities)
    return Task(plan, demands, horizon, Wishes(notice=0, ramadan=0))


_BLOCKED = (ClashKind.VENUE_TAKEN, ClashKind.SPEAKER_TWICE, ClashKind.SPEAKER_ABSENT, ClashKind.INVITEE_TWICE)
_SEVERITIES = {
    **dict.fromkeys(ClashKind, Severity.IGNORE),
    **dict.fromkeys(_BLOCKED, Severity.BLOCK),
    ClashKind.VENUE_TOO_SMALL: Severity.WARN,
}


def _begins(day: int, period: int) -> datetime:
    return datetime.combine(MONDAY + timedelta(days=day), time(FIRST_HOUR + period), tzinfo=JAKARTA)


# made ones


@dataclass(frozen=True)
class Shape:
    """The size of an instance. unavailable: pairs of course and period. daily: lectures of a curriculum a day, the mean."""

    courses: int
    lectures: int
    rooms: int
    days: int
    periods: int
    curricula: int
    unavailable: int
    daily: float


SHAPES = (  # the sizes of comp01 to comp14, as published; the second, eighth and eleventh have fewer rooms
    Shape(30, 160, 6, 5, 6, 14, 53, 3.24), Shape(82, 283, 12, 5, 5, 70, 513, 2.62),
    Shape(72, 251, 16, 5, 5, 68, 382, 2.36), Shape(79, 286, 18, 5, 5, 57, 396, 2.05),
    Shape(54, 152, 9, 6, 6, 139, 771, 1.8), Shape(108, 361, 18, 5, 5, 70, 632, 2.42),
    Shape(131, 434, 20, 5, 5, 77, 667, 2.51), Shape(86, 324, 14, 5, 5, 61, 478, 2.0),
    Shape(76, 279, 18, 5, 5, 75, 405, 2.11), Shape(115, 370, 18, 5, 5, 67, 694, 2.54),
    Shape(30, 162, 4, 5, 9, 13, 94, 3.94), Shape(88, 218, 11, 6, 6, 150, 1368, 1.74),
    Shape(82, 308, 19, 5, 5, 66, 468, 2.01), Shape(85, 275, 17, 5, 5, 60, 486, 2.34),
)  # fmt: skip


def instances() -> Iterator[Courses]:
    """Yield the fourteen instances, always the same."""
    for number, shape in enumerate(SHAPES, 1):
        yield read(written(made(f"made{number:02}", shape, seed=number)))


def made(title: str, shape: Shape, seed: int) -> Courses:
    """Return an instance of that size which has a solution: who shares lectures, and what is unavailable, follows from one."""
    draw = Random(seed)
    periods = shape.days * shape.periods
    names = [f"c{number:04}" for number in range(shape.courses)]
    lectures = Counter(names)
    while (total := lectures.total()) < shape.lectures:
        few = [name for name in names if lectures[name] < min(8, 3 + 2 * total // shape.courses)]
        lectures[draw.choice(few)] += 1
    free = dict.fromkeys(range(periods), shape.rooms)
    held: dict[str, set[int]] = {}
    for name in sorted(names, key=lambda name: -lectures[name]):
        emptiest = sorted(
            free, key=lambda period: (-free[period] + 3 * draw.random() * (free[period] > 1), draw.random())
        )
        held[name] = set(emptiest[: lectures[name]])
        for period in held[name]:
            free[period] -= 1
    seats = sorted(draw.choice((25, 40, 60, 100, 150, 200)) for _ in range(shape.rooms))
    teachers = _together(draw, names, held, count=round(0.8 * shape.courses))
    curricula = [
        _curriculum(draw, names, held, shape.days * shape.daily * draw.uniform(1.0, 1.7))
        for _ in range(shape.curricula)
    ]
    closed = [(name, period) for name in names for period in range(periods) if period not in held[name]]
    unavailable = sorted(draw.sample(closed, shape.unavailable))
    return Courses(
        title, shape.days, shape.periods,
        tuple(
            Course(name, teachers[name], lectures[name], min(lectures[name], shape.days), draw.choice(seats) - draw.randrange(20))
            for name in names
        ),
        {f"r{number:02}": size for number, size in enumerate(seats)},
        {f"q{number:03}": courses for number, courses in enumerate(curricula)},
        tuple((name, *divmod(period, shape.periods)) for name, period in unavailable),
    )  # fmt: skip


def _together(draw: Random, names: list[str], held: dict[str, set[int]], count: int) -> dict[str, str]:
    """Return a teacher for each course. Courses of one teacher share no period."""
    busy: dict[str, set[int]] = {f"t{number:03}": set() for number in range(count)}
    found = {}
    for name in draw.sample(names, len(names)):
        fitting = [teacher for teacher, periods in busy.items() if not periods & held[name]]
        found[name] = draw.choice(fitting) if fitting else f"t{len(busy):03}"
        busy.setdefault(found[name], set()).update(held[name])
    return found


def _curriculum(draw: Random, names: list[str], held: dict[str, set[int]], most: float) -> tuple[str, ...]:
    """Return neighbouring courses that share no period and have together at most that many lectures."""
    taken: set[int] = set()
    chosen = []
    first = draw.randrange(len(names))
    near = (names * 2)[first : first + max(len(names) // 6, 12)]
    for name in draw.sample(near, len(near)):
        if not taken & held[name] and len(taken) + len(held[name]) <= most:
            chosen.append(name)
            taken |= held[name]
    return tuple(chosen)
