"""Data whose time is over is erased in portions, once, and never what something ahead still needs."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from outreach.domain.calls import CallOutcome
from outreach.domain.kinds import MailKind
from outreach.domain.privacy.retention import BOUNDS, CHANGEABLE, Due, PeriodOutOfBounds, Purpose
from outreach.domain.states import ActivityState, MessageState
from outreach.extensions import current_settings, db
from outreach.models import (
    AuditEntry,
    Call,
    CallQuestion,
    ErasedCount,
    Invitation,
    Message,
    Person,
    Post,
    PostHolder,
    Region,
    User,
)
from outreach.services.privacy import person as people
from outreach.services.privacy.retention import periods
from outreach.services.privacy.retention.run import run
from tests.support.apps import with_settings
from tests.support.copied import copied
from tests.world import NOW, a_person, an_invitation, draft_activity, rows_of

FIVE_YEARS = timedelta(days=BOUNDS[Purpose.PEOPLE].default)
A_SECOND = timedelta(seconds=1)


@copied
def held(any_app, activity, ani, budi):
    """An activity of January 2027 to which Ani was invited; Budi was added on the same day, and never invited."""
    activity.state = ActivityState.HELD
    for person in (ani, budi):
        person.created_at = NOW
    an_invitation(activity, ani, answer_note="Sedang di luar kota")
    return activity


def names():
    return {person.name for person in rows_of(Person)}


def test_a_person_is_erased_when_the_last_activity_is_over_for_the_whole_period(held, ani, budi):
    run(held.ends_at + FIVE_YEARS)
    assert names() == {"Ani Wijaya", "(erased)"}
    assert run(held.ends_at + FIVE_YEARS + A_SECOND)["people"] == 1
    assert names() == {"(erased)"}
    on = (held.ends_at + FIVE_YEARS).date()
    assert [(row.on, row.purpose, row.number) for row in rows_of(ErasedCount) if row.store == "people"] == [
        (on, Purpose.PEOPLE, 2)
    ]


def test_who_is_still_needed_is_not_erased(held, ani, budi, coordinator):
    late = NOW + 2 * FIVE_YEARS
    dewi, eka = a_person("Dewi"), a_person("Eka")
    for person in (dewi, eka):
        person.created_at = NOW
    post = Post(name="Lurah Imopuro")
    ahead = draft_activity(None, None, starts_at=late + timedelta(days=1), ends_at=late + timedelta(days=2))
    postponed = draft_activity(None, None, state=ActivityState.POSTPONED)
    db.session.add_all([
        PostHolder(post=post, person=dewi, from_on=date(2027, 1, 1)),
        Message(person=eka, kind=MailKind.INVITATION, local_day=late.date(), due_at=late, expires_at=late + timedelta(days=1)),
    ])  # fmt: skip
    db.session.commit()
    an_invitation(ahead, ani)
    an_invitation(postponed, budi)
    run(late)
    assert names() == {"Ani Wijaya", "Budi Santoso", "Dewi", "Eka"}
    ahead.ends_at, ahead.starts_at = held.ends_at, held.starts_at
    postponed.state = ActivityState.CANCELLED
    db.session.execute(sa.update(Message).values(state=MessageState.CANCELLED))
    db.session.execute(sa.update(PostHolder).values(until_on=date(2028, 1, 1)))
    db.session.commit()
    assert run(late)["people"] == 4


def test_a_run_that_is_stopped_goes_on_where_it_stood_and_counts_each_row_once(any_app, office):
    db.session.add_all(
        AuditEntry(at=NOW, action="activity.moved", subject_type="activity", detail={}) for _ in range(5)
    )
    db.session.commit()
    late = NOW + timedelta(days=BOUNDS[Purpose.AUDIT].default)
    assert run(late, portion=2) == {}
    run(late + A_SECOND, stop=lambda: len(rows_of(AuditEntry)) < 4, portion=2)
    assert len(rows_of(AuditEntry)) == 3
    assert run(late + A_SECOND, portion=2) == {"audit_log": 3}
    assert [(row.store, row.number) for row in rows_of(ErasedCount)] == [("audit_log", 5)]


def test_a_preview_says_what_a_run_will_erase_by_purpose_and_day(held, ani):
    shorter = {**periods.read(), Purpose.ANSWERS: 90}
    ends = held.ends_at + timedelta(days=90)
    day = ends.astimezone(held.zone).date()
    assert periods.preview(shorter, now=NOW + timedelta(days=60)) == [Due(Purpose.ANSWERS, day, 1)]
    assert periods.preview(shorter, now=ends) == [Due(Purpose.ANSWERS, day, 1)]
    assert periods.preview(shorter, now=ends + A_SECOND) == [Due(Purpose.ANSWERS, None, 1)]
    assert periods.preview(periods.read(), now=ends + A_SECOND) == []
    periods.save(shorter, by=None, now=NOW)
    run(ends)
    assert [row.answer_note for row in rows_of(Invitation)] == ["Sedang di luar kota"]
    assert run(ends + A_SECOND) == {"invitations": 1}
    assert periods.log()[0].number == 1


@pytest.mark.parametrize("purpose", CHANGEABLE)
def test_a_period_out_of_its_bounds_is_refused_and_nothing_is_changed(app, office, purpose):
    bounds, before = BOUNDS[purpose], periods.read()
    for days in (bounds.least - 1, bounds.most + 1, None):
        with pytest.raises(PeriodOutOfBounds):
            periods.save({**before, purpose: days}, by=None, now=NOW)
    assert periods.read() == before
    for days in (bounds.least, bounds.most):
        periods.save({**before, purpose: days}, by=None, now=NOW)
        assert periods.read()[purpose] == days


def test_an_account_that_was_for_a_time_loses_its_name_when_that_is_over_for_the_whole_period(
    any_app, viewer, coordinator
):
    viewer.access_until = date(2027, 1, 31)
    viewer.areas = [db.session.get_one(Region, "18.72.01")]
    db.session.commit()
    last = NOW.replace(month=1, day=31) + timedelta(days=BOUNDS[Purpose.ACCOUNTS].default)
    assert run(last) == {}
    assert run(last + timedelta(days=1)) == {"ended_accounts": 1}
    found = {(user.name, user.active, len(user.areas)) for user in db.session.query(User)}
    assert found == {("(erased)", False, 0), (coordinator.name, True, 0)}


def test_what_was_noted_after_a_call_stays_until_the_question_is_settled(any_app, ani, coordinator):
    call = Call(person=ani, started_at=NOW, ended_at=NOW, outcome=CallOutcome.QUESTION, note="Tanya soal parkir")
    question = CallQuestion(call=call)
    db.session.add(question)
    db.session.commit()
    late = NOW + timedelta(days=BOUNDS[Purpose.CALLS].default) + A_SECOND
    assert run(late) == {}
    question.settled_at = NOW
    db.session.commit()
    assert run(late) == {"calls": 1}
    assert [row.note for row in rows_of(Call)] == [""]


def test_who_comes_back_with_an_old_backup_is_erased_again_also_after_the_secret_key_was_changed(app, ani):
    name, ani_id, old = ani.name, ani.id, current_settings().secret_key
    people.erase(ani_id, by=None, now=NOW)
    db.session.execute(sa.update(Person).where(Person.id == ani_id).values(name=name, erased_at=None))
    db.session.commit()
    with_settings(app, secret_key="another-secret-key-of-32-letters", previous_secret_keys="")  # noqa: S106
    assert run(NOW).get("erased_again") is None
    with_settings(app, secret_key="another-secret-key-of-32-letters", previous_secret_keys=old)  # noqa: S106
    assert run(NOW)["erased_again"] == 1
    assert names() == {"(erased)"}
