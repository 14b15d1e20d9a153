"""Undoing an applied proposal: activities that nobody changed since move back, the others are named and stay."""

import re
from dataclasses import replace

import pytest
import sqlalchemy as sa

from outreach.domain.answers import Choice
from outreach.domain.kinds import AnswerSource, MailKind, Role
from outreach.domain.states import ActivityState, InvitationState, SearchState
from outreach.extensions import db
from outreach.models import Activity, AuditEntry, Invitation, Reminder, TakenProposal, User
from outreach.queries import timetabling as timetabling_pages
from outreach.services.activities import delete as deleting
from outreach.services.activities import move as moves
from outreach.services.activities import publish as publishing
from outreach.services.activities.publish import ReasonMissing
from outreach.services.answers import record as recording
from outreach.services.invitations import invite as inviting
from outreach.services.timetabling import apply as applying
from outreach.services.timetabling import undo as undoing
from outreach.services.timetabling.undo import LeftBecause, NothingToUndo
from tests.support.copied import copied
from tests.world import NOW, a_person, at, draft_activity
from tests.world.timetabling import a_request, facilitators, lines_of, searched, speakers_of, three_at_once


@copied
def drafts(any_app, office, coordinator):
    return three_at_once()


@copied
def taken(drafts, coordinator):
    """The applied proposal for three simultaneous drafts, with a facilitator for each."""
    search = searched(a_request(drafts, facilitators()))
    applying.apply(search.id, lines_of(search), by=coordinator, now=NOW)
    return search


def starts() -> list:
    db.session.rollback()
    return list(db.session.scalars(sa.select(Activity.starts_at).order_by(Activity.id)))


def moved(search):
    return [line for line in lines_of(search).values() if line.is_moved]


def test_everything_goes_back_and_the_proposal_can_be_taken_again(taken, drafts, coordinator):
    assert moved(taken)
    seen = undoing.preview(taken.id, now=NOW)
    assert ({line.id for _activity, line in seen.back}, seen.left, seen.needs_reason) == (
        {draft.id for draft in drafts}, (), False,
    )  # fmt: skip
    undoing.undo(taken.id, by=coordinator, now=NOW)
    assert starts() == [at(18, 9)] * 3
    assert [speakers_of(draft.id) for draft in drafts] == [set()] * 3
    search = timetabling_pages.get(taken.id)
    assert (search.state, set(search.result["taken"])) == (SearchState.DONE, set())
    entry = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "placement.undone")).one()
    assert entry.detail == {"activities": 3, "left": []}
    with pytest.raises(NothingToUndo):
        undoing.undo(taken.id, by=coordinator, now=NOW)
    applying.apply(taken.id, lines_of(search), by=coordinator, now=NOW)
    assert starts() != [at(18, 9)] * 3


def test_activities_changed_since_are_left_unchanged_and_named(taken, drafts, coordinator):
    changed, deleted = moved(taken)[0], next(draft for draft in drafts if draft.id != moved(taken)[0].id)
    activity = db.session.get(Activity, changed.id)
    moves.move(
        activity.id,
        replace(moves.as_it_is(activity), starts_at=at(22, 8), ends_at=at(22, 10)),
        "",
        None,
        by=None,
        now=NOW,
    )
    gone = deleted.title
    deleting.delete_draft(deleted.id, by=None, now=NOW)
    done = undoing.undo(taken.id, by=coordinator, now=NOW)
    assert sorted(done.left) == sorted([(changed.title, LeftBecause.CHANGED), (gone, LeftBecause.CHANGED)])
    assert db.session.get(Activity, changed.id).starts_at == at(22, 8)
    (back,) = [draft for draft in drafts if draft.id not in (changed.id, deleted.id)]
    assert db.session.get(Activity, back.id).starts_at == at(18, 9)
    assert db.session.scalars(sa.select(TakenProposal)).one().undone_at == NOW


def test_activities_that_no_longer_fit_at_their_former_place_are_left_unchanged(taken, drafts, coordinator):
    line = moved(taken)[0]
    draft_activity(None, db.session.get(Activity, line.id).venue, starts_at=at(18, 8), ends_at=at(18, 12), title="Lain")
    done = undoing.undo(taken.id, by=coordinator, now=NOW)
    assert done.left == ((line.title, LeftBecause.BLOCKED),)
    assert len(done.back) == 2


def test_activities_published_since_are_left_unchanged(taken, drafts, coordinator):
    line = moved(taken)[0]
    invite_facilitators_and_publish(drafts, coordinator)
    with pytest.raises(NothingToUndo):
        undoing.undo(taken.id, by=coordinator, now=NOW)
    assert {why for _title, why in undoing.preview(taken.id, now=NOW).left} == {LeftBecause.CHANGED}
    assert db.session.get(Activity, line.id).starts_at == line.after.starts_at


def invite_facilitators_and_publish(drafts, coordinator):
    ani = a_person("Ani Lestari", email="ani@example.com")
    inviting.invite_people([draft.id for draft in drafts], [ani.id], Role.CADRE, by=coordinator, now=NOW)
    publishing.publish([draft.id for draft in drafts], by=coordinator, now=NOW)


@copied
def proposal_applied(any_app, office, coordinator):
    """An applied proposal that moved published activities with facilitators; nobody has got a mail yet."""
    drafts = three_at_once()
    invite_facilitators_and_publish(drafts, coordinator)
    search = searched(a_request(drafts, facilitators()))
    applying.apply(search.id, lines_of(search), reason="Jadwal baru", by=coordinator, now=NOW)
    return search


def test_a_published_activity_goes_back_with_a_reason_like_any_move(proposal_applied, coordinator):
    lines = list(lines_of(proposal_applied).values())
    there = [line for line in lines if line.is_moved]
    assert there
    with pytest.raises(ReasonMissing):
        undoing.undo(proposal_applied.id, by=coordinator, now=NOW)
    seen = undoing.preview(proposal_applied.id, now=NOW)
    assert seen.needs_reason
    assert [title for title, _mails in seen.forecasts] == [line.title for line in there]
    undoing.undo(proposal_applied.id, reason="Kembali", by=coordinator, now=NOW)
    for line in lines:
        activity = db.session.get(Activity, line.id)
        assert (activity.starts_at, activity.state) == (line.before.starts_at, ActivityState.PUBLISHED)
        assert speakers_of(line.id) == set()
    changes = db.session.scalars(sa.select(Reminder).where(Reminder.kind == MailKind.CHANGE)).all()
    assert changes == []  # nobody had heard of the way there, so nobody is told of the way back


def test_an_activity_is_left_unchanged_if_its_added_facilitator_has_answered(proposal_applied, coordinator):
    invitation = db.session.scalars(sa.select(Invitation).where(Invitation.role == Role.SPEAKER)).first()
    title = invitation.activity.title
    recording.record_answer(invitation.id, Choice.COMING, AnswerSource.PHONE, by=None, now=NOW)
    done = undoing.undo(proposal_applied.id, reason="Kembali", by=coordinator, now=NOW)
    assert done.left == ((title, LeftBecause.ANSWERED),)
    db.session.expire_all()
    assert invitation.state is InvitationState.COMING


def test_taking_and_undoing_lock_halls_before_people_as_every_use_case_does(drafts, coordinator, statements):
    search = searched(a_request(drafts, facilitators()))
    lines, by = lines_of(search), coordinator.id

    def locked(action) -> list[str]:
        tables = (
            re.search(r"FROM (venue|person)\b.*FOR NO KEY UPDATE", statement, re.DOTALL)
            for statement in statements(action)
        )
        return [table[1] for table in tables if table]

    def coordinator_() -> User:
        return db.session.get_one(User, by)

    taking = locked(lambda: applying.apply(search.id, lines, by=coordinator_(), now=NOW))
    undone = locked(lambda: undoing.undo(search.id, by=coordinator_(), now=NOW))
    if db.engine.dialect.name == "postgresql":
        assert (taking[:1], undone[:1]) == (["venue"], ["venue"])
        assert "person" in taking
        assert "person" in undone
