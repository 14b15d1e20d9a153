"""Random tasks for timetabling, and what holds for every plan of one."""

from datetime import date, time, timedelta

from hypothesis import strategies as st

from outreach.domain.kinds import ActivityKind, Role
from outreach.domain.planning.office_hours import Calendar, DayOff, DayOffKind, DayRange
from outreach.domain.planning.parties import AbsenceSpan, Engagement, Party, Place
from outreach.domain.planning.plan import PlannedActivity
from outreach.domain.planning.rules import ClashKind, Rules, Severity
from outreach.domain.states import ActivityState, InvitationState
from outreach.domain.timetabling import Demand, Effort, Horizon, Task, Wishes
from tests.domain.plan_help import ANI, BAPPEDA, BUDI, GANJAR_AGUNG, JAKARTA, POLRES, SITI, YOSODADI, at, plan

FAR = Place(4, "Aula Bandar Lampung", None, "18.71.01.1001")
PARTIES = (SITI, SITI, BUDI, ANI, POLRES)
WIJI, DEWI = Party.person(8, "Wiji"), Party.person(9, "Dewi")
CALENDAR = Calendar(
    {date(2027, 1, 20): DayOff("Libur"), date(2027, 1, 21): DayOff("Cuti", DayOffKind.JOINT)},
    (DayRange(date(2027, 1, 25), date(2027, 2, 20)),),
)
BETWEEN = (  # the clashes between two activities
    ClashKind.VENUE_TAKEN, ClashKind.SPEAKER_TWICE, ClashKind.SPEAKER_TRAVEL, ClashKind.CADRE_TWICE,
    ClashKind.INVITEE_TWICE, ClashKind.TRAVEL, ClashKind.SAME_KECAMATAN,
)  # fmt: skip
DAYS = tuple(date(2027, 1, day) for day in (18, 19, 20, 21, 22, 23))
PROVEN = Effort(seconds=30, workers=1, repeatable=True)  # the solver's own seconds, however busy the machine
HOURS = (8, 9, 10, 11, 12, 13, 14, 15)
regions = st.sampled_from([None, "18.72.01.1001", "18.72.01.1001", "18.72.01.1002", "18.72.02.1001"])
hours = st.sampled_from([7, 8, 8.5, 10, 12, 13.5, 14, 15])
lengths = st.sampled_from([*(1, 2, 2, 2, 2, 3, 3, 4) * 3, 26])  # hours


turns = st.sampled_from(  # hours after the start; the last one reaches beyond most activities
    [((0, 1),), ((1, 2),), ((0, 0.5), (1.5, 2)), ((0.5, 1.5),), ((2, 9),)]
).map(lambda some: tuple((timedelta(hours=begins), timedelta(hours=ends)) for begins, ends in some))


def moments(draw):
    return at(draw(hours), draw(st.sampled_from((18, 18, 18, 19, 20, 22))))


@st.composite
def activities(draw, id):
    starts_at = moments(draw)
    engaged = draw(
        st.lists(
            st.builds(
                Engagement,
                st.sampled_from(PARTIES),
                st.sampled_from(Role),
                st.sampled_from([InvitationState.INVITED, InvitationState.PREPARED, InvitationState.NOT_COMING]),
                turns=st.just(()) | turns,
            ),
            max_size=3,
        )
    )
    return PlannedActivity(
        id,
        "",
        draw(st.sampled_from([ActivityKind.OUTREACH, ActivityKind.GUIDANCE, ActivityKind.TRAINING])),
        starts_at,
        starts_at + timedelta(hours=draw(lengths)),
        JAKARTA,
        draw(st.sampled_from([ActivityState.DRAFT, ActivityState.PUBLISHED])),
        programme_id=draw(st.sampled_from([None, None, None, 1])),
        venue_id=draw(st.sampled_from([None, 1, 1, 2, 3, 4])),
        region_code=draw(regions),
        respond_by_at=draw(st.none() | st.just(starts_at - timedelta(days=1))),
        told_at=draw(st.none() | st.just(at(8, 1))),
        people=draw(st.sampled_from([0, 20, 35, 130])),
        engagements=tuple(engaged),
        fixed=draw(st.integers(0, 15)) == 0,
    )


@st.composite
def absences(draw):
    starts_at = moments(draw)
    subject = draw(
        st.sampled_from([{"party": party} for party in (*PARTIES, WIJI)] + [{"venue_id": id} for id in (1, 2, 3)])
    )
    return AbsenceSpan(starts_at, starts_at + timedelta(hours=draw(lengths)), **subject)


@st.composite
def wished(draw):
    weight = st.integers(0, 5)  # the preferred hours attract all to one time, so that rules are needed to separate them
    morning = (time(9), time(11))
    return Wishes(
        spread_days=draw(st.sampled_from([0, 0, 1, 3])), spread_kecamatan=draw(st.sampled_from([0, 0, 1, 3])),
        trips=draw(weight), share=draw(weight), notice=draw(weight), ramadan=draw(weight), change=draw(weight),
        hours=draw(st.sampled_from([None, morning, morning])), hours_weight=draw(st.integers(1, 5)),
        notice_days=draw(st.integers(0, 25)),
        warnings=draw(st.dictionaries(st.sampled_from(ClashKind), weight, max_size=3)),
    )  # fmt: skip


odd = st.just({}) | st.just({}) | st.dictionaries(st.sampled_from(ClashKind), st.sampled_from(Severity), max_size=3)


@st.composite
def tasks(draw, most=4):
    count = draw(st.sampled_from(range(most, 0, -1)))
    others = draw(st.sampled_from([0, 0, 1, 2]))
    rules = Rules(
        {
            kind: draw(st.sampled_from((Severity.BLOCK, Severity.BLOCK, Severity.WARN, Severity.IGNORE)))
            for kind in BETWEEN
        }
        | draw(odd),
        notice_days=draw(st.sampled_from([0, 0, 0, 7, 15])),
    )
    held = plan(
        *(draw(activities(id)) for id in range(1, count + others + 1)),
        absences=draw(st.just([]) | st.lists(absences(), max_size=2)),
        calendar=CALENDAR,
        rules=rules,
        places=(BAPPEDA, GANJAR_AGUNG, YOSODADI, FAR),
    )
    demands = []
    for id in range(1, count + 1):
        team = tuple(draw(st.sampled_from([(), (), (WIJI,), (WIJI, DEWI), (WIJI, DEWI), (SITI, WIJI, DEWI)])))
        others_of = [n for n in range(1, count + others + 1) if n != id]
        after = (draw(st.sampled_from(others_of)),) if others_of and draw(st.integers(0, 5)) == 0 else ()
        before = (draw(st.sampled_from(others_of)),) if others_of and draw(st.integers(0, 9)) == 0 else ()
        demands.append(
            Demand(
                id,
                venues=draw(st.none() | st.lists(st.sampled_from([1, 1, 2, 3, 4]), min_size=1, max_size=2).map(tuple)),
                seats=draw(st.sampled_from([*[None] * 12, 35])),
                first_on=draw(st.sampled_from([*[None] * 20, *DAYS[:2]])),
                last_on=draw(st.sampled_from([*[None] * 20, *DAYS[3:5]])),
                after=after,
                before=before,
                facilitators=team,
                facilitators_needed=draw(st.sampled_from([1, 1, 1, max(1, len(team) - 1)])),
                facilitator_role=draw(st.sampled_from([Role.SPEAKER, Role.MODERATOR, Role.PARTICIPANT])),
                is_new=draw(st.booleans()),
            )
        )
    days = draw(st.sampled_from([DAYS[:1], DAYS[:2], DAYS[:2], (DAYS[1], DAYS[4]), DAYS[1:3], DAYS[4:]]))
    return Task(held, tuple(demands), Horizon(days, 60, (time(8), time(16))), draw(wished()))


def in_order(task, placed):
    for demand in task.demands:
        for id in demand.after:
            if demand.activity_id in placed and id in placed:
                assert placed[id].ends_at <= placed[demand.activity_id].starts_at
        for id in demand.before:
            if demand.activity_id in placed and id in placed:
                assert placed[demand.activity_id].ends_at <= placed[id].starts_at
