"""Answers to date polls: by an invitee's own link, or recorded by staff. queries/answers/poll.py reads the page."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from outreach.domain.directory.names import tidy
from outreach.domain.kinds import AnswerSource, PollChoice
from outreach.domain.polls import NotEveryDate, PollClosed, PollClosedEarly, is_open
from outreach.domain.problems import Problem
from outreach.domain.states import PollState
from outreach.models import DatePoll, Link, PollAnswer, PollInvitee, User
from outreach.services import office_defaults
from outreach.services.answers import before as kept_answers
from outreach.services.answers.before import PollBefore
from outreach.services.answers.undo import NothingToUndo
from outreach.services.invitations import links
from outreach.services.polls.ask import invitee_of, note
from outreach.services.polls.edit import poll_for_change
from outreach.transactions import writing

NAME_LENGTH, NOTE_LENGTH = 160, 300


class NotAmongYours(Problem):
    message = "This date poll is not among yours. Please open the link in our mail again."


class WhoMissing(Problem):
    message = "Please write your name, so that we know who answers for the organisation."
    field = "who"


class NotRecordableInPoll(Problem):
    message = "Answers can be recorded once the poll is open, and until a date is chosen."


@dataclass(frozen=True)
class Dates:
    """One invitee's answer. choices: by slot id, one for each slot. who: the person who answers for an organisation."""

    choices: Mapping[int, PollChoice]
    who: str = ""
    note: str = ""


def answer(token: str, poll_id: int, dates: Dates, *, now: datetime, staff: User | None = None) -> PollInvitee:
    """Record the answer of a link's invitee; they may change it until the poll closes.

    staff: the account that is signed in where the link was used, for the audit log.

    Raise a link's problem, NotAmongYours, PollClosed, PollClosedEarly, NotEveryDate or WhoMissing; nothing is changed then.
    """
    with writing() as session:
        # A shared lock: answers do not wait for each other, but closing and deciding wait for them.
        poll = session.get(DatePoll, poll_id, with_for_update={"of": DatePoll, "read": True}, populate_existing=True)
        link = links.use_link(token, now=now)
        invitee = session.scalars(asked_by_link(link, poll_id).with_for_update(of=PollInvitee)).one_or_none()
        if poll is None or invitee is None or poll.state is PollState.DRAFT:
            raise NotAmongYours
        if not is_open(poll.state, poll.closes_at, now):
            contact = office_defaults.contact(session, poll.programme)
            if now < poll.closes_at:
                raise PollClosedEarly(contact=contact)
            raise PollClosed(closed_at=poll.closes_at, zone=poll.zone, contact=contact)
        if invitee.organisation_id is not None and not tidy(dates.who):
            raise WhoMissing
        before = _before(invitee, now)
        _take(invitee, poll, dates)
        invitee.answered_at, invitee.answer_source = now, links.source_of(token)
        invitee.answer_recorded_by_id = staff.id if staff else None
        session.flush()
        kept_answers.remember_poll(session, link, before, _before(invitee, now))
        if staff is not None:
            note(session, staff, "answered_by_link", invitee, now=now)
    return invitee


def undo(token: str, poll_id: int, *, now: datetime, staff: User | None = None) -> None:
    """Restore what the last answer to a poll replaced. Raise the same as `answer`, or NothingToUndo."""
    with writing() as session:
        poll = session.get(DatePoll, poll_id, with_for_update={"of": DatePoll, "read": True}, populate_existing=True)
        link = links.use_link(token, now=now)
        invitee = session.scalars(asked_by_link(link, poll_id).with_for_update(of=PollInvitee)).one_or_none()
        kept = kept_answers.kept(session, link.id, now=now)
        before = kept.before.poll if kept else None
        if poll is None or invitee is None or kept is None or before is None:
            raise NothingToUndo
        if (before.poll_id, before.since) != (poll.id, invitee.answered_at) or not is_open(
            poll.state, poll.closes_at, now
        ):
            raise NothingToUndo
        if not kept_answers.claim(session, link.id, kept):
            raise NothingToUndo
        said = dict(before.choices)
        invitee.choices = [answer for answer in invitee.choices if answer.slot_id in said]
        for answer in invitee.choices:
            answer.choice = said[answer.slot_id]
        invitee.answered_at, invitee.answer_source = before.answered_at, before.answer_source
        invitee.answer_recorded_by_id = before.answer_recorded_by_id
        if before.answered_at is not None:  # after a first answer, name and note stay for the next one
            invitee.answered_by, invitee.note = before.answered_by, before.note
        if staff is not None:
            note(session, staff, "answer_undone_by_link", invitee, now=now)


def _before(one: PollInvitee, now: datetime) -> PollBefore:
    choices = tuple((answer.slot_id, answer.choice) for answer in one.choices)
    return PollBefore(
        one.poll_id, now, one.answered_at, one.answer_source, one.answer_recorded_by_id, one.answered_by, one.note,
        choices,
    )  # fmt: skip


def record(
    poll_id: int, invitee_id: int, dates: Dates, source: AnswerSource, *, by: User | None, now: datetime
) -> PollInvitee:
    """Record an answer given to staff, even after the closing time. Raise NotAsked, NotEveryDate or NotRecordableInPoll."""
    with writing() as session:
        poll = poll_for_change(session, poll_id)
        invitee = invitee_of(poll, invitee_id)
        if poll.state not in (PollState.OPEN, PollState.CLOSED):
            raise NotRecordableInPoll
        _take(invitee, poll, dates)
        invitee.answered_at, invitee.answer_source = now, source
        invitee.answer_recorded_by_id = by.id if by else None
        note(session, by, "dates_recorded", invitee, now=now, source=source.value)
    return invitee


def _take(one: PollInvitee, poll: DatePoll, dates: Dates) -> None:
    wanted = {slot.id for slot in poll.slots}
    if set(dates.choices) != wanted:
        raise NotEveryDate
    there = {answer.slot_id: answer for answer in one.choices}
    for slot_id, choice in dates.choices.items():
        if slot_id in there:
            there[slot_id].choice = choice
        else:
            one.choices.append(PollAnswer(slot_id=slot_id, choice=choice))
    one.answered_by, one.note = tidy(dates.who)[:NAME_LENGTH], tidy(dates.note)[:NOTE_LENGTH]


def asked_by_link(link: Link, poll_id: int) -> sa.Select[PollInvitee]:
    """Select the link's invitee in a poll."""
    own = (
        PollInvitee.person_id == link.person_id
        if link.person_id is not None
        else PollInvitee.organisation_id == link.organisation_id
    )
    return sa.select(PollInvitee).where(PollInvitee.poll_id == poll_id, own)
