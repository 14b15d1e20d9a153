"""What "who gets what when" says of ladders before saving is what climbing then does, for any ladder, moment and move."""

from datetime import UTC, time, timedelta

import sqlalchemy as sa
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from outreach.domain.activities.values import Move
from outreach.domain.kinds import Role
from outreach.domain.ladder.rungs import (
    LadderName,
    RungKind,
    RungRule,
    RungState,
    RungTiming,
    kinds_of,
)
from outreach.domain.states import ActivityState, InvitationState, ReminderState
from outreach.extensions import db
from outreach.models import Activity, Assistant, Invitation, Reminder, Rung, SpeakerBooking
from outreach.services.activities import move as moves
from outreach.services.activities import publish as publishing
from outreach.services.directory import assistants
from outreach.services.ladder import climb, edit, forecast
from outreach.services.reminders import tick as reminding
from tests.support.copied import copied
from tests.support.long_form import LONG
from tests.world import NOW, at, draft_activity, fresh, invitation_of, invite, publish

AFTER, BEFORE = RungTiming.AFTER_INVITATION, RungTiming.BEFORE_START
MINUTE = timedelta(minutes=1)
RULES = st.lists(
    st.builds(
        RungRule,
        st.sampled_from(kinds_of(LadderName.SPEAKERS)),
        st.sampled_from(RungTiming),
        st.integers(0, 9),
        st.sampled_from([time(7), time(9), time(11, 45), time(16)]),
    ),
    max_size=5,
).filter(
    lambda rules: [rule.kind for rule in rules].count(RungKind.ASSISTANT) < 2
)  # an address gets one such mail a day
HOURS = st.integers(0, 24 * 12)
SOME = settings(max_examples=300 if LONG else 12, suppress_health_check=[HealthCheck.function_scoped_fixture])


@copied
def speaker(app, programme, office, chief):
    assistants.write(chief, "Rina Astuti", "", "rina@example.com")
    db.session.commit()
    return chief.id


def a_draft(rules, speaker_id):
    """Leave no trace of an earlier example that could be climbed, and return a draft with the speaker."""
    db.session.rollback()
    db.session.execute(sa.delete(Rung))
    db.session.execute(sa.update(Invitation).values(state=InvitationState.WITHDRAWN))
    db.session.execute(sa.update(Activity).values(state=ActivityState.HELD))
    db.session.execute(sa.delete(SpeakerBooking))
    db.session.execute(sa.update(Reminder).values(state=ReminderState.CANCELLED))
    db.session.execute(sa.update(Assistant).values(asked_at=None))
    db.session.commit()
    edit.save(LadderName.SPEAKERS, rules, by=None, now=NOW)
    activity = draft_activity(None, None, 18)
    db.session.add(Invitation(activity_id=activity.id, person_id=speaker_id, role=Role.SPEAKER))
    db.session.commit()
    return activity.id


def work(*instants):
    for now in instants:
        climb.tick(now)
        reminding.tick(now)


def rungs_of(activity_id):
    db.session.rollback()
    wanted = sa.select(Rung).join(Rung.invitation).where(Invitation.activity_id == activity_id)
    return list(db.session.scalars(wanted.order_by(Rung.position)))


def become(rung, starts_at, since):
    """Return what became of a rung, as the forecast says it. Whether a mail could go out is not forecast for each one."""
    missed = rung.reason if rung.state is RungState.MISSED and rung.reason != "no_mail" else None
    if rung.state is RungState.ENDED and rung.due_at >= starts_at:
        missed = "too_late"
    return rung.kind.value, max(rung.due_at, since).astimezone(UTC), missed


def said(found):
    return sorted(((one.kind.value, one.due_at.astimezone(UTC), one.missed) for one in found), key=str)


@SOME
@given(rules=RULES, hours=HOURS)
def test_publishing_makes_the_rungs_that_were_forecast(app, speaker, rules, hours):
    activity_id, now = a_draft(rules, speaker), NOW + timedelta(hours=hours)
    found = forecast.for_publishing([activity_id], now=now)
    publishing.publish([activity_id], by=None, now=now)
    work(now, now + MINUTE, *sorted({one.due_at for one in found if one.due_at > now + MINUTE} | {at(18, 8)}))
    assert said(found) == sorted((become(rung, at(18, 8), now) for rung in rungs_of(activity_id)), key=str)


@SOME
@given(rules=RULES, hours=HOURS, days=st.integers(-6, 20).filter(bool))
def test_a_move_makes_the_rungs_that_were_forecast(app, speaker, rules, hours, days):
    now, starts_at = NOW + timedelta(hours=hours), at(18, 8) + timedelta(days=days)
    assume(starts_at > now + timedelta(hours=1))
    activity_id = a_draft(rules, speaker)
    publishing.publish([activity_id], by=None, now=NOW)
    work(NOW, NOW + MINUTE, *sorted({rung.due_at for rung in climbed_before(activity_id, now)}), now)
    activity = db.session.get(Activity, activity_id)
    to = Move(starts_at, starts_at + timedelta(hours=4), activity.zone, None)
    stood = {rung.id: (rung.state, rung.due_at) for rung in rungs_of(activity_id)}
    found = forecast.for_move(activity_id, to, now=now)
    moves.move(activity_id, to, "Aula dipakai", fresh(activity).version, by=None, now=now)
    work(now, *sorted({one.due_at for one in found if one.due_at > now} | {starts_at}))
    settled = (RungState.DONE, RungState.MISSED)
    others = [
        rung
        for rung in rungs_of(activity_id)
        if stood[rung.id][0] not in settled or (rung.state, rung.due_at) != stood[rung.id]
        if stood[rung.id][0] is not RungState.MISSED or rung.reason not in ("passed", "too_late") or rung.due_at > now
    ]
    assert said(found) == sorted((become(rung, starts_at, now) for rung in others), key=str)


def climbed_before(activity_id, now):
    work(NOW, NOW + MINUTE)
    return [rung for rung in rungs_of(activity_id) if NOW + MINUTE < rung.due_at < now]


def test_inviting_to_a_published_activity_starts_a_ladder_at_once(app, activity, ani, budi):
    edit.save(
        LadderName.CADRES, [RungRule(RungKind.CALL, AFTER, 2), RungRule(RungKind.CALL, BEFORE, 20)], by=None, now=NOW
    )
    invite(activity, ani)
    publish(activity)
    found = forecast.for_inviting({activity.id: 1}, Role.CADRE, now=at(5, 8))
    assert [(one.due_at, one.people, one.missed) for one in found] == [
        (at(5, 8), 1, "passed"), (at(7, 9), 1, None),
    ]  # fmt: skip
    invite(activity, budi, now=at(5, 8))
    work(at(5, 8), at(5, 8, 1))
    assert [rung.due_at for rung in db.session.scalars(
        sa.select(Rung).where(Rung.invitation_id == invitation_of(activity, budi).id).order_by(Rung.due_at)
    )] == [at(5, 8), at(7, 9)]  # fmt: skip


def test_it_says_how_many_cannot_get_a_rungs_mail(app, activity, ani, budi, chief):
    rules = [RungRule(RungKind.MAIL, AFTER, 1), RungRule(RungKind.ASSISTANT, AFTER, 2)]
    edit.save(LadderName.SPEAKERS, rules, by=None, now=NOW)
    budi.email = ""
    assistants.write(chief, "Rina Astuti", "", "rina@example.com")
    db.session.commit()
    for person in (ani, budi, chief):
        invite(activity, person, role=Role.SPEAKER)
    found = forecast.for_publishing([activity.id], now=NOW)
    assert [(one.kind, one.people, one.without) for one in found] == [
        (RungKind.MAIL, 3, 1), (RungKind.ASSISTANT, 3, 2),
    ]  # fmt: skip
