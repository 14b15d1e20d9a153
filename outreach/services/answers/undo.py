"""Undoing the last answer: what it replaced is restored, as far as that is possible. Invitees undo what they answered by
their link; staff undo what they recorded for somebody.

If somebody else has got the seat meanwhile, they keep it, and the invitee is waitlisted. Mails are sent as for any
other answer.
"""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.delivery.mail.texts import LINK_TEXT
from outreach.domain.kinds import ON_STAGE, AnswerSource
from outreach.domain.problems import Problem
from outreach.domain.states import TAKES_A_SEAT, InvitationState
from outreach.models import Activity, Invitation, Link, User
from outreach.services import audit
from outreach.services.answers import before as kept_answers
from outreach.services.answers import evidence
from outreach.services.answers import nominee_matching as matching
from outreach.services.answers import nominees as nominees_of
from outreach.services.answers.answer import NothingToAnswer, refusal_of, tell_log
from outreach.services.answers.before import ActivityBefore, InvitationBefore
from outreach.services.answers.nominees import Nominee
from outreach.services.answers.record import check_recordable, other_roles
from outreach.services.invitations import given_answers, links, seats
from outreach.services.locking import invitation_for_change, present_for_change
from outreach.services.office_defaults import confirms_answers, contact
from outreach.services.planning import bookings
from outreach.services.reminders import schedule as scheduling
from outreach.services.representation import notices
from outreach.transactions import writing


class NothingToUndo(Problem):
    message = "There is no answer that can be undone any more. You can change your answers below."


class NothingRecorded(Problem):
    message = "There is no recorded answer that can be undone any more. Please record the right one."


class AnsweredSince(Problem):
    message = "This answer has been changed since, so it was not undone."


def undo(token: str, *, now: datetime, staff: User | None = None) -> dict[int, Problem]:
    """Restore what the last answer by this link replaced. Return the activities where that is refused, and why.

    staff: the account that is signed in where the link was used, for the audit log. Raise a link's problem, or
    NothingToUndo.
    """
    refused: dict[int, Problem] = {}
    with writing() as session:
        link_id = session.scalar(sa.select(Link.id).where(Link.nonce == links.nonce_of(token))) or 0
        found = kept_answers.kept(session, link_id, now=now)
        answers = found.before.activities if found else ()
        activities = present_for_change(session, [answered.activity_id for answered in answers])
        links.use_link(token, now=now)
        if found is None or not answers or not kept_answers.claim(session, link_id, found):
            raise NothingToUndo
        for answered in answers:
            try:
                with session.begin_nested():
                    restored = _restore(session, activities.get(answered.activity_id), answered, now)
                    given_answers.keep_undone(session, restored, links.source_of(token), now)
                    given_answers.note_staff(session, restored, staff, now)
            except Problem as problem:
                refused[answered.activity_id] = problem
            else:
                if staff is not None:
                    tell_log(session, restored[0], staff, "answer_undone_by_link", now)
    return refused


def undo_recorded(invitation_id: int, *, by: User | None, now: datetime) -> Invitation:
    """Restore what the last answer replaced that staff recorded. No deadline applies. Its evidence is deleted.

    Raise InvitationMissing, NotRecordable, NothingRecorded, or AnsweredSince if somebody answered meanwhile.
    """
    with writing() as session:
        invitation = invitation_for_change(session, invitation_id)
        check_recordable(invitation)
        mine = [invitation, *other_roles(session, invitation)]
        before = kept_answers.recorded(session, mine, now=now)
        if before is None:
            raise NothingRecorded
        found = _unrevised(session, before)
        acting = found[0].acting
        said = invitation.state
        _put_back(session, found, before, now, by_staff=True)
        given_answers.keep_undone(session, found, None, now, recorded_by=by.id if by else None)
        evidence.drop_of(session, [one.id for one in found], before.since)
        kept_answers.forget_recorded(session, found)
        if found[0].acting is not acting:  # whoever acts again is told by chain.act_again
            notices.tell_invitee(session, found[0], now=now, by_staff=True)
        audit.record(
            session, by, "invitation.recorded_undone", invitation, now=now, name=invitation.invitee.display_name,
            activity=invitation.activity.title, state=[said.value, invitation.state.value],
        )  # fmt: skip
    return invitation


def undoable(session: Session, invitation: Invitation, *, now: datetime) -> bool:
    """Return whether `undo_recorded` would restore something. It writes nothing."""
    before = kept_answers.recorded(session, [invitation, *other_roles(session, invitation)], now=now)
    try:
        check_recordable(invitation)
        if before is not None:
            _unrevised(session, before)
    except Problem:
        return False
    return before is not None


def _unrevised(session: Session, before: ActivityBefore) -> list[Invitation]:
    """Return the invitations to be restored. Raise AnsweredSince if the invitee or whoever acts for them answered."""
    found = _unchanged(session, before)
    acting = found[0].acting
    if acting is not None and acting.confirmed_at is not None and acting.confirmed_at >= before.since:
        raise AnsweredSince
    return found


def _restore(session: Session, activity: Activity | None, before: ActivityBefore, now: datetime) -> list[Invitation]:
    found = _invitations(session, before.mine)
    if activity is None or not found:
        raise NothingToAnswer
    mine = [current for current in found if current.state is not InvitationState.WITHDRAWN] or found
    problem = refusal_of(session, mine[0], now)
    if problem is not None:
        raise problem
    _unchanged(session, before)
    acted = mine[0].acting
    _put_back(session, mine, before, now, by_staff=False)
    if confirms_answers(session):
        scheduling.confirm(session, mine[0], now=now, text_key=LINK_TEXT)
    elif mine[0].acting is not acted:
        notices.confirm_to_invitee(session, mine[0], now=now)
    return mine


def _unchanged(session: Session, before: ActivityBefore) -> list[Invitation]:
    """Return the invitations to be restored. Raise AnsweredSince if another answer came."""
    found = _invitations(session, before.mine)
    mine = [current for current in found if current.state is not InvitationState.WITHDRAWN] or found
    if len(found) < len(before.mine) or any(invitation.answered_at != before.since for invitation in mine):
        raise AnsweredSince
    return mine


def _put_back(
    session: Session, mine: Sequence[Invitation], before: ActivityBefore, now: datetime, *, by_staff: bool
) -> None:
    if mine[0].organisation_id is None:
        _restore_person(session, mine, before, now, by_staff=by_staff)
    else:
        _restore_list(session, mine[0], before, now, by_staff=by_staff)


def _restore_person(
    session: Session, mine: Sequence[Invitation], before: ActivityBefore, now: datetime, *, by_staff: bool
) -> None:
    activity = mine[0].activity
    on_stage = {in_role.person_id for in_role in mine if in_role.person_id and in_role.role in ON_STAGE}
    had_a_seat = any(in_role.state in TAKES_A_SEAT for in_role in mine)
    left = None if on_stage or had_a_seat else seats.left(session, activity)
    answers = {old.id: old for old in before.mine}
    for invitation in mine:
        answers[invitation.id].restore(session, invitation, now, by_staff=by_staff)
        if invitation.state in TAKES_A_SEAT and left is not None and left <= 0:
            invitation.state, invitation.waitlisted_at = InvitationState.WAITLISTED, now
    session.flush()
    bookings.rebook_people(session, on_stage)
    seats.offer_freed(session, activity, now=now)


def _restore_list(
    session: Session, invitation: Invitation, before: ActivityBefore, now: datetime, *, by_staff: bool
) -> None:
    activity = invitation.activity
    withdrawn = {nominee.id for nominee in invitation.nominees if nominee.state is InvitationState.WITHDRAWN}
    gone = withdrawn - set(before.stayed)  # by the answer that is undone
    listed = [nominee for nominee in before.nominees if nominee.id in gone or nominee.id not in withdrawn]
    silent = [nominee for nominee in listed if nominee.id in gone and nominee.state is InvitationState.NOT_COMING]
    names = [_nominee(nominee) for nominee in listed if nominee not in silent]
    if names:
        whom_to_call = contact(session, activity.programme)
        source = before.mine[0].answer_source or AnswerSource.LINK
        nominees_of.name(session, invitation, names, source, contact=whom_to_call, now=now)
    else:
        nominees_of.drop_all(session, invitation, now)
    before.mine[0].restore(session, invitation, now, by_staff=by_staff)
    rows = {row.id: row for row in _invitations(session, listed)}
    people = [row.person for row in rows.values() if row.person]
    own = matching.own(session, invitation.organisation_id, people)
    for old in listed:
        row = rows.get(old.id)
        if row is None or row.person is None:
            continue
        if old.id in gone:
            old.restore(session, row, now, by_staff=by_staff)
        if old in silent:
            given_answers.keep_undone(session, [row], None, now)
        if row.person_id in own and old.person is not None:
            for column in ("name", "post", "phone", "email"):
                setattr(row.person, column, getattr(old.person, column))
            if old.person.title_before is not None:
                row.person.title_before = old.person.title_before
    session.flush()
    seats.offer_freed(session, activity, now=now)


def _nominee(one: InvitationBefore) -> Nominee:
    assert one.person is not None
    return Nominee(one.person.name, one.person.post, one.person.phone, one.person.email, one.id)


def _invitations(session: Session, wanted: Sequence[InvitationBefore]) -> list[Invitation]:
    """Return the invitations that still exist, in the same order."""
    found = session.scalars(sa.select(Invitation).where(Invitation.id.in_([before.id for before in wanted]))).all()
    by_id = {invitation.id: invitation for invitation in found}
    return [by_id[before.id] for before in wanted if before.id in by_id]
