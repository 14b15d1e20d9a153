"""Any story of answers, edits, standstills and moves: no rung twice, one catch-up, and a running ladder stays as it was."""

from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outreach.domain.ladder.rungs import LadderName, RungRule, RungState, RungTiming, kinds_of
from outreach.domain.states import InvitationState
from outreach.extensions import db
from outreach.models import Invitation, Reminder, Rung
from outreach.services.ladder import climb, edit
from outreach.services.reminders import tick as reminding
from tests.support.copied import copied
from tests.support.long_form import LONG
from tests.world import NOW, invite_and_publish, rows_of

RULES = st.lists(
    st.builds(RungRule, st.sampled_from(kinds_of(LadderName.CADRES)), st.sampled_from(RungTiming), st.integers(0, 12)),
    max_size=4,
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), st.integers(1, 24 * 5)),
        st.tuples(st.just("state"), st.sampled_from([InvitationState.INVITED, InvitationState.COMING])),
        st.tuples(st.just("edit"), RULES),
        st.tuples(st.just("tick_twice"), st.none()),
    ),
    max_size=14,
)
LEFT = (RungState.DONE, RungState.MISSED)


@copied
def invited(app, activity, ani, coordinator):
    return invite_and_publish(activity, ani, by=coordinator)


@settings(max_examples=400 if LONG else 25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rules=RULES, steps=STEPS)
def test_a_ladder_holds_in_any_story(app, invited, rules, steps):
    _begin_again(rules)
    now = NOW
    climb.tick(now)
    copied = [(rung.position, rung.kind, rung.days, rung.timing) for rung in rows_of(Rung)]
    gone: dict[int, RungState] = {rung.id: rung.state for rung in rows_of(Rung) if rung.state in LEFT}
    for step, value in steps:
        if step == "wait":
            now += timedelta(hours=value)
        elif step == "state":
            db.session.query(Invitation).update({"state": value, "answered_at": now})
            db.session.commit()
        elif step == "edit":
            edit.save(LadderName.CADRES, value, by=None, now=now)
        before = len(gone)
        mails = len(_by_ladder())
        open_before = db.session.query(Invitation).one().state is InvitationState.INVITED
        for _time in range(2 if step == "tick_twice" else 1):
            climb.tick(now)
            reminding.tick(now)
        present = rows_of(Rung)
        if copied:
            assert [(rung.position, rung.kind, rung.days, rung.timing) for rung in present] == copied
        assert {id: state for id, state in gone.items() if _state(present, id) is not state} == {}
        new = {rung.id: rung.state for rung in present if rung.state in LEFT and rung.id not in gone}
        done = [id for id, state in new.items() if state is RungState.DONE]
        if copied:
            assert len(done) <= 1
            assert len(_by_ladder()) - mails <= 1
            assert open_before or not done
        copied = copied or [(rung.position, rung.kind, rung.days, rung.timing) for rung in present]
        gone.update(new)
        assert len(gone) >= before


def _begin_again(rules):
    db.session.query(Rung).delete()
    db.session.query(Invitation).update({"state": InvitationState.INVITED, "answered_at": None})
    db.session.commit()
    edit.save(LadderName.CADRES, rules, by=None, now=NOW)


def _by_ladder():
    return [reminder for reminder in rows_of(Reminder) if (reminder.detail or {}).get("only")]


def _state(rungs, id):
    return next(rung.state for rung in rungs if rung.id == id)
