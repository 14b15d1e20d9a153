"""Read the page of an acting person: for whom they come, where, and what they may still say; and its address."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from outreach.delivery import tokens
from outreach.domain.representation import may_pass_on
from outreach.domain.states import InvitationState
from outreach.extensions import db
from outreach.models import ActingPerson, Activity, Invitation
from outreach.queries.answers import page
from outreach.queries.answers.page import Contact, ShownInvitation
from outreach.services.answers.acting import is_same_reader, opened


@dataclass(frozen=True)
class ActingCard:
    """One activity on an acting person's page.

    me: their place in its chain. passed_to: who acts now, if they passed it on. may_pass_on: whether they still may.
    """

    shown: ShownInvitation
    me: ActingPerson
    passed_to: ActingPerson | None
    may_pass_on: bool

    @property
    def acts(self) -> bool:
        return self.me.acting and self.shown.state is not InvitationState.WITHDRAWN


@dataclass(frozen=True)
class ActingPage:
    me: ActingPerson
    invitee_id: int
    invitee: str
    locale: str
    contact: Contact
    cards: tuple[ActingCard, ...]
    child: bool = False  # who comes in an invitee's place is known by name only


def read(token: str, *, now: datetime) -> ActingPage:
    """Return what an acting person sees; raise as `services.answers.acting.opened` does."""
    me = opened(db.session(), token, now=now)
    first = db.session.get_one(Invitation, me.invitation_id)
    person = first.person
    assert person is not None  # organisations name people, and are represented by nobody
    contact, shown = page.of_person(person.id, now=now)
    chains = _chains_of(person.id, {one.activity.id for one in shown})
    cards = []
    for one in shown:
        mine = [link for link in chains[one.activity.id] if is_same_reader(link, me)]
        if mine:
            here = max(mine, key=lambda link: (link.acting, link.id))
            acting = next((link for link in chains[one.activity.id] if link.acting), None)
            passed_to = acting if acting is not None and acting.position > here.position else None
            cards.append(ActingCard(one, here, passed_to, here.acting and may_pass_on(here.position)))
    return ActingPage(me, person.id, person.display_name, person.locale, contact, tuple(cards))


def activity_for_calendar(found: ActingPage, activity_id: int) -> Activity | None:
    """Return an activity to which they come; None if they do not."""
    comes = any(card.acts and card.shown.activity.id == activity_id for card in found.cards)
    return db.session.get_one(Activity, activity_id) if comes else None


def page_of(invitation: Invitation) -> str:
    """Return the address of the acting person's own page, for staff to pass on; "" if nobody acts."""
    return tokens.page_url(tokens.acting_token(invitation.acting.nonce)) if invitation.acting is not None else ""


def _chains_of(person_id: int, activity_ids: Collection[int]) -> dict[int, list[ActingPerson]]:
    """Return the chains of a person's invitations to these activities, by activity."""
    rows = db.session.execute(
        sa.select(Invitation.activity_id, ActingPerson)
        .join(ActingPerson, ActingPerson.invitation_id == Invitation.id)
        .where(Invitation.person_id == person_id, Invitation.activity_id.in_(activity_ids))
        .order_by(ActingPerson.id)
    )
    found: dict[int, list[ActingPerson]] = defaultdict(list)
    for activity_id, link in rows:
        found[activity_id].append(link)
    return found
