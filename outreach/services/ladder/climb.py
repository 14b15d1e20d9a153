"""Climb ladders: start them, end those that have their answer, and carry out the rungs that are due.

An engine calls `tick` before reminders are expanded. A mail's rung is a reminder by hand: the same checks and texts hold, and
no second reminder comes on one day. A call's rung puts the invitee first on the list of people to call.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import product

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from outreach.domain.directory import email_addresses
from outreach.domain.kinds import Audience, MailKind, Role
from outreach.domain.ladder.rungs import (
    ANSWERED_FIRST,
    LATE_AFTER,
    MAILS,
    REVIVED,
    LadderName,
    RungKind,
    RungRule,
    RungState,
    RungTiming,
    WhyMissed,
    begun,
    climbed,
    due_at,
    helps,
    ladder_of,
)
from outreach.domain.reminders.due import local_day
from outreach.domain.states import ANSWERED, UNANSWERED, InvitationState
from outreach.domain.zones import midnight
from outreach.extensions import db
from outreach.models import Activity, Assistant, Invitation, Rung
from outreach.models.ladder import IS_WAITING_RUNG
from outreach.models.programmes import IS_PUBLISHED
from outreach.services import addresses
from outreach.services.directory import assistants
from outreach.services.ladder.edit import ladders
from outreach.services.locking import present_for_change
from outreach.services.planning import load
from outreach.services.planning import rules as planning_rules
from outreach.services.reminders import remind_now
from outreach.services.reminders.audiences import PRESENT
from outreach.services.reminders.schedule import BY_HAND, event_reminder
from outreach.transactions import insert_into, writing

STARTED_AT_ONCE = 2000
WRITTEN_AT_ONCE = 1000  # rungs in one statement; PostgreSQL takes 65,535 values
LAST_CALL_TEXT = "last-call"
FOLLOWS_MOVES = sa.or_(
    Rung.state.in_([RungState.WAITING, RungState.ENDED]),
    sa.and_(Rung.state == RungState.MISSED, Rung.reason.in_(sorted(REVIVED))),
)


@dataclass(frozen=True)
class Climbed:
    started: int = 0
    done: int = 0
    missed: int = 0


def tick(now: datetime) -> Climbed:
    """Start ladders of new invitations, end and resume, and climb what is due, all as of `now`."""
    started = _start(now)
    _follow_moves(now)
    _end_and_resume(now)
    due = db.session.execute(
        sa.select(Invitation.activity_id)
        .join(Rung, Rung.invitation_id == Invitation.id)
        .where(IS_WAITING_RUNG, Rung.due_at <= now)
        .distinct()
    )
    activity_ids = sorted(due.scalars())
    db.session.rollback()
    done = missed = 0
    for activity_id in activity_ids:
        with writing() as session:
            more = _climb(session, activity_id, now)
        done, missed = done + more.done, missed + more.missed
    return Climbed(started, done, missed)


def overdue(now: datetime) -> int:
    """Return how many rungs wait longer than LATE_AFTER: no engine runs."""
    counted = sa.select(sa.func.count()).select_from(Rung).where(IS_WAITING_RUNG, Rung.due_at < now - LATE_AFTER)
    return db.session.scalar(counted) or 0


def _start(now: datetime) -> int:
    """Copy the rungs of the office's ladders to unanswered invitations that have none. Return how many started."""
    rules = ladders(db.session())
    if not any(rules.values()):
        db.session.rollback()
        return 0
    waiting = db.session.scalars(
        sa.select(Invitation)
        .join(Activity, Activity.id == Invitation.activity_id)
        .where(
            IS_PUBLISHED, Activity.starts_at > now, Invitation.state == InvitationState.INVITED,
            Invitation.invited_at.is_not(None), _has_ladder(rules), ~sa.exists().where(Rung.invitation_id == Invitation.id),
        )
        .options(joinedload(Invitation.activity))
        .order_by(Invitation.id)
        .limit(STARTED_AT_ONCE)
    ).all()  # fmt: skip
    rows = _copies(waiting, rules, now)
    db.session.rollback()
    if not rows:
        return 0
    with writing() as session:
        for first in range(0, len(rows), WRITTEN_AT_ONCE):
            portion = rows[first : first + WRITTEN_AT_ONCE]
            session.execute(insert_into(session, Rung).values(portion).on_conflict_do_nothing())
    return len({row["invitation_id"] for row in rows})


def _has_ladder(rules: dict[LadderName, list[RungRule]]) -> sa.ColumnElement[bool]:
    """Return the condition that an invitation's ladder has rungs."""
    organisation = Invitation.organisation_id.is_not(None)
    return sa.or_(
        sa.false(),
        *(
            sa.and_(Invitation.role == role, organisation if is_organisation else ~organisation)
            for role, is_organisation in product(Role, (False, True))
            if rules[ladder_of(role, is_organisation=is_organisation)]
        ),
    )


def _copies(
    invitations: Sequence[Invitation], ladders_: dict[LadderName, list[RungRule]], now: datetime
) -> list[dict[str, object]]:
    """Return the rows of the rungs of these invitations. A rung whose time has passed is missed."""
    if not invitations:
        return []
    plan, values = planning_rules.rules_and_values()
    first = min(one.invited_at or now for one in invitations)
    calendar = load.calendar(first, max(one.activity.starts_at for one in invitations), values)
    rows: list[dict[str, object]] = []
    for one in invitations:
        activity, invited_at = one.activity, one.invited_at
        assert invited_at is not None
        rungs = ladders_[ladder_of(one.role, is_organisation=one.organisation_id is not None)]
        found = begun(rungs, invited_at, activity.starts_at, activity.zone, calendar, plan.hours, now)
        for rule, rung in zip(rungs, found, strict=True):
            rows.append(
                {
                    "invitation_id": one.id, "position": rung.position, "kind": rule.kind, "timing": rule.timing,
                    "days": rule.days, "at": rule.at, "starts_at": activity.starts_at, "due_at": rung.due_at,
                    "state": RungState.MISSED if rung.missed else RungState.WAITING,
                    "reason": rung.missed.value if rung.missed else "",
                }
            )  # fmt: skip
    return rows


def _follow_moves(now: datetime) -> None:
    """Count the rungs before the start again where the activity has moved, also those that ended: they may be resumed.

    Those whose time had passed wait again if it now lies ahead.
    """
    moved = (
        sa.select(Rung)
        .join(Invitation, Invitation.id == Rung.invitation_id)
        .join(Activity, Activity.id == Invitation.activity_id)
        .where(
            IS_PUBLISHED, Activity.starts_at > now, FOLLOWS_MOVES,
            Rung.timing == RungTiming.BEFORE_START, Rung.starts_at != Activity.starts_at,
        )
        .options(joinedload(Rung.invitation).joinedload(Invitation.activity))
        .order_by(Rung.id)
    )  # fmt: skip
    found = bool(db.session.scalars(moved.limit(1)).first())
    db.session.rollback()
    if not found:
        return
    with writing() as session:
        rungs = session.scalars(moved).all()
        starts = [rung.invitation.activity.starts_at for rung in rungs]
        if not starts:
            return
        plan, values = planning_rules.rules_and_values()
        calendar = load.calendar(min(starts), max(starts), values)
        for rung in rungs:
            activity, invited_at = rung.invitation.activity, rung.invitation.invited_at
            rule = RungRule(rung.kind, rung.timing, rung.days, rung.at)
            invited = invited_at or rung.due_at
            rung.due_at = due_at(rule, invited, activity.starts_at, activity.zone, calendar, plan.hours)
            rung.starts_at = activity.starts_at
            if rung.state is RungState.MISSED and rung.due_at > now:
                rung.state, rung.reason = RungState.WAITING, ""


def _end_and_resume(now: datetime) -> None:
    """End the ladders of those who have answered, and of what does not take place; resume those that are open again.

    A ladder is open again if a representative declines, or an answer is undone: what lies ahead is climbed.
    """
    open_ones = (
        sa.select(Invitation.id)
        .join(Activity, Activity.id == Invitation.activity_id)
        .where(IS_PUBLISHED, Activity.starts_at > now, Invitation.state.in_(sorted(UNANSWERED)), ~PRESENT)
    )
    ending = sa.and_(IS_WAITING_RUNG, Rung.invitation_id.not_in(open_ones))
    resuming = sa.and_(Rung.state == RungState.ENDED, Rung.due_at > now, Rung.invitation_id.in_(open_ones))
    wanted = [db.session.scalar(sa.select(sa.exists().where(condition))) for condition in (ending, resuming)]
    db.session.rollback()
    if any(wanted):
        with writing() as session:
            answered = Rung.invitation_id.in_(sa.select(Invitation.id).where(Invitation.state.in_(sorted(ANSWERED))))
            why = sa.case((answered, ANSWERED_FIRST), else_="")
            for condition, state, at, reason in (
                (ending, RungState.ENDED, now, why), (resuming, RungState.WAITING, None, ""),
            ):  # fmt: skip
                change = sa.update(Rung).where(condition).values(state=state, done_at=at, reason=reason)
                session.execute(change.execution_options(synchronize_session=False))


def _climb(session: Session, activity_id: int, now: datetime) -> Climbed:
    """Carry out one activity's due rungs. Its lock keeps another engine from doing it at the same time."""
    activity = present_for_change(session, {activity_id}).get(activity_id)
    if activity is None:
        return Climbed()
    due: dict[int, list[Rung]] = defaultdict(list)
    for rung in session.scalars(
        sa.select(Rung)
        .join(Invitation, Invitation.id == Rung.invitation_id)
        .where(IS_WAITING_RUNG, Rung.due_at <= now, Invitation.activity_id == activity_id)
        .order_by(Rung.id)
        .execution_options(populate_existing=True)
    ):
        due[rung.invitation_id].append(rung)
    chosen: list[Rung] = []
    missed = 0
    for rungs in due.values():
        highest, _lower = climbed((rung.id, rung.position) for rung in rungs)
        for rung in rungs:
            if rung.id not in highest:
                _miss(rung, WhyMissed.SUPERSEDED, now)
            elif not helps(rung.kind, respond_by_at=activity.respond_by_at, starts_at=activity.starts_at, now=now):
                _miss(rung, WhyMissed.TOO_LATE, now)
            else:
                chosen.append(rung)
                continue
            missed += 1
    unmailed = dict.fromkeys(
        _remind(session, activity, [rung for rung in chosen if rung.kind in MAILS], now), WhyMissed.NO_MAIL
    )
    asking = [rung for rung in chosen if rung.kind is RungKind.ASSISTANT]
    unmailed |= _ask_assistants(session, activity, asking, now) if asking else {}
    chosen = [rung for rung in chosen if rung.due_at <= now]  # without those that wait for another day
    for rung in chosen:
        if rung.id in unmailed:
            _miss(rung, unmailed[rung.id], now)
        else:
            rung.state, rung.done_at = RungState.DONE, now
    return Climbed(done=len(chosen) - len(unmailed), missed=missed + len(unmailed))


def _miss(rung: Rung, why: WhyMissed, now: datetime) -> None:
    rung.state, rung.reason, rung.done_at = RungState.MISSED, why.value, now


def _remind(session: Session, activity: Activity, rungs: Collection[Rung], now: datetime) -> set[int]:
    """Write the reminders of these rungs; return the ids of those to whom no mail can go."""
    reachable = {
        line.invitation_id
        for line in remind_now.preview(activity.id, [rung.invitation_id for rung in rungs], now=now)
        if line.reason is None and line.audience is Audience.UNANSWERED
    }
    by_text: dict[str, list[int]] = defaultdict(list)
    for rung in rungs:
        if rung.invitation_id in reachable:
            last = rung.kind is RungKind.LAST_CALL and rung.invitation.organisation_id is None
            by_text[LAST_CALL_TEXT if last else ""].append(rung.invitation_id)
    for text_key, chosen in sorted(by_text.items()):
        event_reminder(
            session, activity, MailKind.REMINDER, Audience.UNANSWERED, now=now, key=BY_HAND, text_key=text_key,
            detail={"only": sorted(chosen)},
        )  # fmt: skip
    return {rung.id for rung in rungs if rung.invitation_id not in reachable}


def _ask_assistants(
    session: Session, activity: Activity, rungs: Collection[Rung], now: datetime
) -> dict[int, WhyMissed]:
    """Write the mails to the adjutants and secretaries of these invitees; return why the others are missed, by rung.

    An address gets one such mail a day: a rung that finds one already waits for the next working day, if it helps then.
    """
    known = assistants.of_invitations(session, [rung.invitation_id for rung in rungs])
    blocked = addresses.among([one.email for one in known.values()])
    asked_today = _asked_today(session, activity, known.values(), now)
    missed, asked = {}, []
    for rung in rungs:
        one = known.get(rung.invitation_id)
        if one is None:
            missed[rung.id] = WhyMissed.NO_ASSISTANT
            continue
        address = email_addresses.key(one.email)
        if one.stopped_at is not None or address in blocked:
            missed[rung.id] = WhyMissed.NO_MAIL
            continue
        later = _next_working_day(activity, rung, now)
        helps_later = helps(rung.kind, respond_by_at=activity.respond_by_at, starts_at=activity.starts_at, now=later)
        if helps_later and asked_today[address] - {(one.id, now)}:
            rung.due_at = later
            continue
        one.asked_at = now
        asked_today[address].add((one.id, now))
        asked.append(rung.invitation_id)
    if asked:
        event_reminder(
            session, activity, MailKind.ASSISTANCE, Audience.UNANSWERED, now=now, detail={"only": sorted(asked)}
        )  # fmt: skip
    return missed


def _asked_today(
    session: Session, activity: Activity, about: Iterable[Assistant], now: datetime
) -> dict[str, set[tuple[int, datetime]]]:
    """Return which adjutants and secretaries with these addresses were asked today, and when, by address."""
    found: dict[str, set[tuple[int, datetime]]] = defaultdict(set)
    wanted = sa.select(Assistant).where(
        sa.func.lower(Assistant.email).in_({one.email.lower() for one in about}),
        Assistant.asked_at >= midnight(local_day(now, activity.zone), activity.zone),
    )
    for one in session.scalars(wanted):
        assert one.asked_at is not None
        found[email_addresses.key(one.email)].add((one.id, one.asked_at))
    return found


def _next_working_day(activity: Activity, rung: Rung, now: datetime) -> datetime:
    plan, values = planning_rules.rules_and_values()
    calendar = load.calendar(now, activity.starts_at, values)
    rule = RungRule(rung.kind, RungTiming.AFTER_INVITATION, 1, rung.at)
    return due_at(rule, now, activity.starts_at, activity.zone, calendar, plan.hours)
