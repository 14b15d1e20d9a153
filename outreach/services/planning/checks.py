"""Refuse a change that brings new clashes which the office blocks. Checked within the change's transaction.

Clashes that existed before do not refuse; otherwise nobody could edit an activity that clashes. planning/book.py also
protects venues and speakers against two writers at the same moment.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from outreach.domain.clashes import Clash
from outreach.domain.planning.plan import PlannedActivity
from outreach.domain.planning.rules import ClashKind, Severity
from outreach.domain.problems import Problem
from outreach.services.planning import load as plans
from outreach.services.planning import rules as planning_rules
from outreach.services.planning.clashes import CheckedChange, PlanChange, check


class BlockedChange(Problem):
    """A change that the office's rules refuse. checked: the change and all its clashes, if the plan was read for it."""

    checked: CheckedChange | None = None


class DeadlineAfterStart(BlockedChange):
    message = "The answer deadline must not be later than the start."
    field = "respond_by_at"


class OutsideProgramme(BlockedChange):
    message = (
        "That date is outside the programme, which runs from %(first)s to %(last)s. "
        "Change the date, or the programme's days."
    )
    field = "starts_at"


_AT_VENUE = frozenset({ClashKind.VENUE_TAKEN, ClashKind.VENUE_ABSENT, ClashKind.VENUE_TOO_SMALL})


class PlanBlocked(BlockedChange):
    """clash: the first one that blocks; pages show its own sentence. about: the id of the changed activity in it."""

    message = "This cannot be saved, because your office has it so: %(kind)s."

    def __init__(self, clash: Clash, about: int | None = None) -> None:
        super().__init__(field=_field(clash.kind), kind=clash.kind)
        self.clash = clash
        self.about = about


def refuses(kind: ClashKind) -> bool:
    """Return whether the office blocks this kind of clash."""
    return planning_rules.current().severity(kind) is Severity.BLOCK


def before(session: Session, activity_ids: Collection[int]) -> list[PlannedActivity]:
    """Return the activities as they stand, for `refuse_blocking` after the change. Two queries."""
    return plans.planned(session, activity_ids)


def refuse_blocking(
    session: Session,
    activity_ids: Collection[int],
    *,
    before: Sequence[PlannedActivity] = (),
    but: Collection[ClashKind] = (),
    now: datetime,
) -> None:
    """Raise for the first new clash of these activities, as flushed, that the office blocks.

    Raise PlanBlocked; for two kinds OutsideProgramme and DeadlineAfterStart, which say more.
    before: the activities before the change. For an activity missing there, all its clashes count as new.
    but: kinds of clash to ignore.
    """
    session.flush()
    checked = check(PlanChange(plans.planned(session, activity_ids), before, but=but), now=now)
    for clash in checked.clashes:
        if clash.severity is Severity.BLOCK:
            problem = _problem(clash, activity_ids)
            problem.checked = checked
            raise problem


def _problem(clash: Clash, activity_ids: Collection[int]) -> BlockedChange:
    if clash.kind is ClashKind.OUTSIDE_PROGRAMME and clash.programme:
        return OutsideProgramme(first=clash.programme.starts_on, last=clash.programme.ends_on)
    if clash.kind is ClashKind.DEADLINE_AFTER_START:
        return DeadlineAfterStart()
    return PlanBlocked(clash, next((id for id in clash.ids if id in set(activity_ids)), None))


def _field(kind: ClashKind) -> str:
    return "venue_id" if kind in _AT_VENUE else "starts_at"
