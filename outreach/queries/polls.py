"""What the pages of date polls show: the list, one poll with its slots ranked, and the invitees to call. Reads only."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask_babel import force_locale, gettext
from sqlalchemy.orm import joinedload, selectinload

from outreach.delivery import tokens
from outreach.delivery.mail.kinds import poll as poll_mail
from outreach.delivery.mail.kinds.poll import page_url
from outreach.delivery.words import formats, whatsapp
from outreach.delivery.words.addressing import addressing
from outreach.delivery.words.whatsapp import Sender, WaysToReach
from outreach.domain import polls
from outreach.domain.clashes import Clash, clashes_of
from outreach.domain.directory import email_addresses
from outreach.domain.kinds import ActivityKind, LinkPurpose, PollChoice
from outreach.domain.planning.plan import Plan, PlannedActivity
from outreach.domain.planning.rules import Severity
from outreach.domain.polls import Proposed, SlotStanding, Voter
from outreach.domain.states import PollState
from outreach.extensions import db
from outreach.models import ArchivedMessage, DatePoll, Link, Message, Person, PollInvitee, PollSlot, User
from outreach.queries.paging import Page, paged
from outreach.services import addresses
from outreach.services.planning import clashes as clashing
from outreach.services.planning import load_part as plan_parts
from outreach.services.planning.clashes import FoundClashes
from outreach.services.polls.edit import PollMissing
from outreach.services.polls.projected import as_planned


class Which(StrEnum):
    RUNNING = "running"
    DRAFTS = "drafts"
    DECIDED = "decided"


STATES = {
    Which.RUNNING: (PollState.OPEN, PollState.CLOSED),
    Which.DRAFTS: (PollState.DRAFT,),
    Which.DECIDED: (PollState.DECIDED,),
}


@dataclass(frozen=True)
class PollRow:
    poll: DatePoll
    slots: int
    asked: int
    answered: int


@dataclass(frozen=True)
class SlotRow:
    """choices: by invitee id. best: no slot is better. found: the clashes if this slot were chosen."""

    slot: PollSlot
    standing: SlotStanding
    choices: Mapping[int, PollChoice]
    best: bool
    found: FoundClashes


@dataclass(frozen=True)
class PollTable:
    """One poll. rows: its slots, the best first. invitees: needed ones first. calls: the invitees to call, and how."""

    poll: DatePoll
    rows: Sequence[SlotRow]
    invitees: Sequence[PollInvitee]
    calls: Sequence[tuple[PollInvitee, WaysToReach]]
    messages: Mapping[int, Message]
    takes_answers: bool

    @property
    def silent(self) -> list[PollInvitee]:
        return [invitee for invitee in self.invitees if invitee.answered_at is None]

    @property
    def answered(self) -> int:
        return len(self.invitees) - len(self.silent)

    @property
    def over(self) -> bool:
        """Return whether all proposed times have passed."""
        return all(row.standing.over for row in self.rows)


def listed(which: Which | None, number: int = 1) -> Page:
    """Return one page of PollRow. Five queries.

    Running polls: open ones first, then by closing time. All others: the newest first.
    """
    page = paged(polls_select(which), number)
    return replace(page, items=poll_rows(page.items))


def polls_select(which: Which | None) -> sa.Select[Any]:
    """Select the polls of the list, in its order."""
    chosen = sa.select(DatePoll).options(joinedload(DatePoll.programme), joinedload(DatePoll.activity))
    if which is not None:
        chosen = chosen.where(DatePoll.state.in_(STATES[which]))
    open_first = DatePoll.state != PollState.OPEN
    latest = DatePoll.id.desc()
    order = (open_first, DatePoll.closes_at, latest) if which is Which.RUNNING else (latest,)
    return chosen.order_by(*order)


def poll_rows(some: Sequence[DatePoll]) -> list[PollRow]:
    """Return these polls with their counts; three queries."""
    ids = [poll.id for poll in some]
    slots = _counted(sa.select(PollSlot.poll_id, sa.func.count()).group_by(PollSlot.poll_id), PollSlot.poll_id, ids)
    asked = sa.select(PollInvitee.poll_id, sa.func.count()).group_by(PollInvitee.poll_id)
    everyone = _counted(asked, PollInvitee.poll_id, ids)
    answered = _counted(asked.where(PollInvitee.answered_at.is_not(None)), PollInvitee.poll_id, ids)
    return [
        PollRow(
            listed_poll, slots.get(listed_poll.id, 0), everyone.get(listed_poll.id, 0), answered.get(listed_poll.id, 0)
        )
        for listed_poll in some
    ]


def get(poll_id: int) -> DatePoll:
    """Return a poll with its slots and invitees; raise PollMissing."""
    found = (
        db.session.scalars(
            sa.select(DatePoll)
            .where(DatePoll.id == poll_id)
            .options(
                joinedload(DatePoll.programme),
                joinedload(DatePoll.region),
                joinedload(DatePoll.activity),
                selectinload(DatePoll.slots).joinedload(PollSlot.venue),
                selectinload(DatePoll.invitees).options(
                    joinedload(PollInvitee.person).options(
                        joinedload(Person.organisation), selectinload(Person.cadre_roles)
                    ),
                    joinedload(PollInvitee.organisation),
                    joinedload(PollInvitee.answer_recorded_by).lazyload(User.roles),
                    selectinload(PollInvitee.choices),
                ),
            )
        )
        .unique()
        .one_or_none()
    )
    if found is None:
        raise PollMissing
    return found


def invitees_of(poll: DatePoll) -> list[PollInvitee]:
    """Return those asked, the needed ones first."""
    return sorted(poll.invitees, key=lambda invitee: (not invitee.needed, invitee.id))


def table(poll_id: int, *, now: datetime, sender: Sender | None = None) -> PollTable:
    """Return a poll as its page shows it; raise PollMissing."""
    poll = get(poll_id)
    invitees = invitees_of(poll)
    found_by_slot = clashes(poll, now=now)
    voters = [
        Voter(invitee.id, invitee.needed, {answer.slot_id: answer.choice for answer in invitee.choices})
        for invitee in invitees
    ]
    counted = {slot_id: _graveness(clashes_there.clashes) for slot_id, clashes_there in found_by_slot.items()}
    standings = polls.ranked([(slot.id, slot.starts_at) for slot in poll.slots], voters, now=now, clashes=counted)
    best = polls.best(standings)
    slots = {slot.id: slot for slot in poll.slots}
    rows = [
        SlotRow(
            slots[standing.slot_id],
            standing,
            {voter.id: voter.choices[standing.slot_id] for voter in voters if standing.slot_id in voter.choices},
            standing.slot_id in best,
            found_by_slot.get(standing.slot_id, FoundClashes(Plan(now=now))),
        )
        for standing in standings
    ]
    return PollTable(
        poll,
        rows,
        invitees,
        calls(poll, invitees, sender) if sender else [],
        latest_messages([invitee.id for invitee in invitees]),
        polls.is_open(poll.state, poll.closes_at, now),
    )


def clashes(poll: DatePoll, *, now: datetime) -> dict[int, FoundClashes]:
    """Return the clashes of each slot, by id, if it were chosen and all were invited; empty once a date is chosen."""
    if poll.state is PollState.DECIDED or not poll.slots:
        return {}
    planned = {slot.id: as_planned(poll, slot) for slot in poll.slots}
    slots = planned.values()
    parties = plan_parts.parties_of(slots)
    plan = plan_parts.shared_with((), parties, now=now, within=clashing.around(slots), also=slots)
    return {id_: clashing.found_in(plan, clashes_of(plan, activity)) for id_, activity in planned.items()}


def of_proposals(
    proposals: Sequence[Proposed], zone: ZoneInfo, region_code: str | None, *, now: datetime
) -> list[tuple[PlannedActivity, FoundClashes]]:
    """Return for each proposed time, not saved yet, what speaks against it apart from people: days off, hours, the venue."""
    planned = [
        PlannedActivity(
            -number, "", ActivityKind.OTHER, proposed.starts_at, proposed.ends_at, zone, venue_id=proposed.venue_id,
            region_code=region_code,
        )
        for number, proposed in enumerate(proposals, start=1)
    ]  # fmt: skip
    if not planned:
        return []
    plan = plan_parts.shared_with((), (), now=now, within=clashing.around(planned), also=planned)
    return [(activity, clashing.found_in(plan, clashes_of(plan, activity))) for activity in planned]


def calls(poll: DatePoll, invitees: Sequence[PollInvitee], sender: Sender) -> list[tuple[PollInvitee, WaysToReach]]:
    """Return the invitees without an answer that no mail reaches, with a text for WhatsApp."""
    if poll.state is not PollState.OPEN:
        return []
    blocked = addresses.among([invitee.invitee.email for invitee in invitees])
    unreached = [
        invitee
        for invitee in invitees
        if invitee.answered_at is None
        and (not invitee.invitee.email or email_addresses.key(invitee.invitee.email) in blocked)
    ]
    links = _links(unreached)
    return [(invitee, _reach(invitee, links, sender)) for invitee in unreached]


def asked(poll_invitee_id: int) -> PollInvitee | None:
    """Return somebody whom a poll asks; None if there is nobody of this id."""
    return db.session.get(PollInvitee, poll_invitee_id)


def call_to(one: PollInvitee, sender: Sender) -> WaysToReach:
    """Return how to reach somebody whom a poll asks: with the text while the poll is open."""
    if one.poll.state is not PollState.OPEN:
        return whatsapp.at(one.invitee.phone)
    return _reach(one, _links([one]), sender)


def _reach(one: PollInvitee, links: Mapping[int, str], sender: Sender) -> WaysToReach:
    return whatsapp.at(one.invitee.phone, _text(one.poll, one, links.get(one.id, ""), sender))


def _text(poll: DatePoll, one: PollInvitee, link: str, sender: Sender) -> str:
    with force_locale(one.invitee.locale or "id"), addressing(child=one.invitee.child):
        lines = [
            *whatsapp.opening(one.invitee, sender),
            gettext("Which of these times suit you for “%(title)s”?", title=poll.neutral_title),
            *(f"{number}. {poll_mail.when(slot)}" for number, slot in enumerate(poll.slots, start=1)),
            "",
        ]
        until = formats.moment(poll.closes_at, poll.zone)
        if link:
            lines += [gettext("Please tell us here until %(moment)s:", moment=until), link]
        else:
            lines.append(gettext("Please tell us by answering this message until %(moment)s.", moment=until))
        return "\n".join([*lines, "", whatsapp.costs_nothing()])


def _links(invitees: Sequence[PollInvitee]) -> dict[int, str]:
    """Return the URLs of their poll's page, by invitee id; invitees without a working link are left out."""
    if not invitees:
        return {}
    by_invitee = {(invitee.person_id, invitee.organisation_id): invitee for invitee in invitees}
    rows = db.session.scalars(
        sa.select(Link).where(
            Link.purpose == LinkPurpose.ANSWER,
            Link.revoked_at.is_(None),
            sa.or_(
                Link.person_id.in_({invitee.person_id for invitee in invitees if invitee.person_id is not None}),
                Link.organisation_id.in_(
                    {invitee.organisation_id for invitee in invitees if invitee.organisation_id is not None}
                ),
            ),
        )
    )
    asked = [(by_invitee[link.person_id, link.organisation_id], link) for link in rows]
    return {invitee.id: page_url(tokens.token(link), invitee.poll_id) for invitee, link in asked}


def _graveness(clashes: Sequence[Clash]) -> tuple[int, int]:
    blocking = sum(clash.severity is Severity.BLOCK for clash in clashes)
    return blocking, len(clashes) - blocking


def _counted(wanted: Any, column: Any, ids: Sequence[int]) -> dict[int, int]:
    return {row[0]: row[1] for row in db.session.execute(wanted.where(column.in_(ids)))}


def of_messages(messages: Iterable[Message | ArchivedMessage]) -> dict[int, DatePoll]:
    """Return the polls of messages, by message id; messages of deleted polls are left out."""
    asked = {message.id: message.poll_invitee_id for message in messages if message.poll_invitee_id is not None}
    if not asked:
        return {}
    rows = db.session.execute(
        sa.select(PollInvitee.id, DatePoll)
        .join(DatePoll, DatePoll.id == PollInvitee.poll_id)
        .where(PollInvitee.id.in_(asked.values()))
    )
    found = {row[0]: row[1] for row in rows}
    return {id_: found[invitee_id] for id_, invitee_id in asked.items() if invitee_id in found}


def latest_messages(invitee_ids: Collection[int]) -> dict[int, Message]:
    """Return the newest message to each of these poll invitees; archived messages are left out. One query."""
    newest = (
        sa.select(sa.func.max(Message.id))
        .where(Message.poll_invitee_id.in_(invitee_ids), Message.poll_invitee_id.is_not(None))
        .group_by(Message.poll_invitee_id)
    )
    found = db.session.scalars(sa.select(Message).where(Message.id.in_(newest)))
    return {message.poll_invitee_id: message for message in found if message.poll_invitee_id is not None}
