"""Small hand-made plans for timetabling, in a week of five working days."""

from datetime import date

from outreach.domain.planning.rules import ClashKind, Rules, Severity
from outreach.domain.timetabling import Demand, Horizon, Task, Wishes
from tests.domain.plan_help import plan

MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = (date(2027, 1, day) for day in (18, 19, 20, 21, 22))
WEEK = Horizon((MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY))
NOTHING = Wishes(
    spread_days=0, spread_kecamatan=0, trips=0, share=0, hours_weight=0, notice=0, ramadan=0, change=0,
    warnings=dict.fromkeys(ClashKind, 0),
)  # fmt: skip
QUIET = Rules({ClashKind.NOON_BREAK: Severity.IGNORE}, notice_days=0)


def task(*activities, demands=None, horizon=WEEK, wishes=NOTHING, **more):
    demands = demands or tuple(Demand(activity.id) for activity in activities)
    return Task(plan(*activities, **{"rules": QUIET, **more}), tuple(demands), horizon, wishes)
