"""The page of one date poll, as an invitee sees it by their link. services/polls/answer.py records the answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from outreach.delivery.mail.values import contact_of
from outreach.delivery.words.salutations import salutation
from outreach.domain.kinds import LOCALES, PollChoice
from outreach.domain.polls import is_open
from outreach.domain.states import ActivityState, PollState
from outreach.extensions import db
from outreach.models import Activity, DatePoll, Person, PollInvitee, PollSlot
from outreach.services import office_defaults
from outreach.services.answers import before as kept_answers
from outreach.services.invitations import links
from outreach.services.polls.answer import NotAmongYours, asked_by_link


@dataclass(frozen=True)
class PollPage:
    """What an invitee sees of one poll by their link. contact_name, contact_phone (E.164): the person to call, or ""."""

    poll: DatePoll
    invitee: PollInvitee
    choices: Mapping[int, PollChoice]
    takes_answers: bool
    contact_name: str
    contact_phone: str
    office: str
    salutations: Mapping[str, str] = field(default_factory=dict)  # a person's, as in mails, by language

    @property
    def chosen(self) -> PollSlot | Activity | None:
        """Return what gives the decided time and place: the activity once it is published, otherwise the chosen slot.

        None before the decision, and while the activity is a draft whose time or place differs from the slot's, because
        nobody is notified of it yet.
        """
        if self.poll.state is not PollState.DECIDED:
            return None
        slot = next((slot for slot in self.poll.slots if slot.chosen), None)
        made = self.poll.activity
        if made is None or slot is None:
            return slot
        if made.state is not ActivityState.DRAFT:
            return made
        as_proposed = (made.starts_at, made.ends_at, made.venue_id) == (slot.starts_at, slot.ends_at, slot.venue_id)
        return slot if as_proposed else None


def read(token: str, poll_id: int, *, now: datetime) -> PollPage:
    """Return a poll as the invitee sees it by their link. Raise a link's problem, or NotAmongYours. Nothing is written."""
    return _page(asked_by_link(links.open_link(token, now=now), poll_id), now)


def read_again(found: PollPage, *, now: datetime) -> PollPage:
    """Return what the invitee sees now, after their answer was refused. The link is not opened a second time."""
    key = sa.inspect(found.invitee).identity or ()  # the row itself may be deleted
    return _page(sa.select(PollInvitee).where(PollInvitee.id.in_(key)), now)


def _page(mine: sa.Select[PollInvitee], now: datetime) -> PollPage:
    session: Session = db.session()
    invitee = session.scalars(
        mine.options(
            joinedload(PollInvitee.person).joinedload(Person.organisation),
            joinedload(PollInvitee.organisation),
            selectinload(PollInvitee.choices),
            joinedload(PollInvitee.poll).options(
                joinedload(DatePoll.programme),
                selectinload(DatePoll.slots).joinedload(PollSlot.venue),
                joinedload(DatePoll.activity).joinedload(Activity.venue),
            ),
        )
    ).one_or_none()
    if invitee is None or invitee.poll.state is PollState.DRAFT:
        raise NotAmongYours
    office = office_defaults.office(session)
    name, number = contact_of(invitee.poll.programme, office)
    person = invitee.person
    return PollPage(
        invitee.poll, invitee, {answer.slot_id: answer.choice for answer in invitee.choices},
        is_open(invitee.poll.state, invitee.poll.closes_at, now), name, number, office.short_name if office else "",
        {locale: salutation(person, locale) for locale in LOCALES} if person else {},
    )  # fmt: skip


def can_undo(found: PollPage, token: str, *, now: datetime) -> bool:
    """Return whether the invitee's last answer by this link was to this poll, and can still be undone."""
    if not found.takes_answers:
        return False
    kept = kept_answers.kept(db.session(), links.open_link(token, now=now).id, now=now)
    before = kept.before.poll if kept else None
    return before is not None and (before.poll_id, before.since) == (found.poll.id, found.invitee.answered_at)
