"""Who could come in place of somebody on stage, the best first, with the clashes that each would have; and what a swap sends.

Reads only. domain/ladder/substitutes.py compares posts and topics; services/ladder/substitutes.py swaps.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from outreach.domain.clashes import Clash
from outreach.domain.kinds import ON_STAGE, Role
from outreach.domain.ladder import substitutes as rules
from outreach.domain.ladder.substitutes import SubstituteReason
from outreach.domain.planning.parties import Engagement, Party
from outreach.domain.planning.plan import PlannedActivity
from outreach.domain.states import ActivityState, InvitationState
from outreach.extensions import db
from outreach.models import Activity, AgendaItem, Invitation, Letter, Organisation, Person, Region
from outreach.queries.invitations import preview
from outreach.services import addresses
from outreach.services.directory import regions
from outreach.services.invitations import withdraw as withdrawing
from outreach.services.invitations.withdraw import WithdrawalPreview
from outreach.services.ladder import substitutes as swapping
from outreach.services.letters import follow_up
from outreach.services.planning import clashes as clash_checks
from outreach.services.planning import load as plans
from outreach.services.planning.clashes import FoundClashes, PlanChange

MOST = 12  # proposals on the page
LOOKED_AT = 40  # whose clashes are looked for
MOST_EARLIER = 1000  # earlier turns that are read


@dataclass(frozen=True)
class Substitute:
    """One proposal. spoke_on, spoke_at: the topic and the day of the earlier activity. found: their clashes only."""

    person: Person
    reasons: tuple[SubstituteReason, ...]
    found: FoundClashes
    spoke_on: str = ""
    spoke_at: datetime | None = None

    @property
    def blocked(self) -> bool:
        return bool(self.found.blocking)


@dataclass(frozen=True)
class SwapPreview:
    """What one press does. withdrawal: of the one before. mails: to the substitute, at once. letter: theirs.

    cancels: a draft cancels it, because it is signed and to them alone. others: on stage, who are told by mail.
    unreached: those of them whom no mail reaches.
    """

    person: Person
    withdrawal: WithdrawalPreview
    mails: int
    without_address: bool
    published: bool
    lines: tuple[AgendaItem, ...]
    letter: Letter | None
    cancels: bool
    others: tuple[str, ...]
    unreached: tuple[str, ...]
    found: FoundClashes


def of(invitation: Invitation, *, now: datetime) -> list[Substitute]:
    """Return the proposals for an invitation of a person on stage, the best first. The number of statements is fixed."""
    if invitation.person is None or invitation.role not in ON_STAGE:
        return []
    out = {id for id in db.session.scalars(_invited(invitation)) if id is not None} | {invitation.person.id}
    reasons: dict[int, set[SubstituteReason]] = defaultdict(set)
    for id in _same_post(invitation.person.post):
        reasons[id].add(SubstituteReason.SAME_POST)
    spoke = _spoke_before(invitation, now)
    for id in spoke:
        reasons[id].add(SubstituteReason.SPOKE_BEFORE)
    for id in _same_sector(invitation.person):
        reasons[id].add(SubstituteReason.SAME_SECTOR)
    best = sorted(
        (id for id in reasons if id not in out),
        key=lambda id: (rules.rank(reasons[id], blocked=False, clashes=0), id),
    )[:LOOKED_AT]
    people = _people(best)
    clashes = _clashes(invitation, people.values(), now)
    proposals = []
    for id, person in people.items():
        topic, at = spoke.get(id, ("", None))
        ordered = tuple(reason for reason in SubstituteReason if reason in reasons[id])
        proposals.append(Substitute(person, ordered, clashes[id], topic, at))
    return sorted(proposals, key=_rank)[:MOST]


def swap_preview(invitation: Invitation, person_id: int, *, now: datetime) -> SwapPreview:
    """Return what swapping this invitation for that person does. Raise SubstituteGone."""
    person = _people([person_id]).get(person_id)
    if person is None:
        raise swapping.SubstituteGone
    activity = invitation.activity
    inviting = preview.of_people([activity.id], [person_id], invitation.role)
    lines = [
        item
        for item in activity.agenda
        if invitation.role is Role.SPEAKER and invitation.person_id in {speaker.id for speaker in item.speakers}
    ]
    letter = swapping.letter_of(db.session(), invitation.id)
    cancels = letter is not None and follow_up.is_signed_for(letter, invitation)
    told_too, unreached = _others_on_stage(invitation)
    return SwapPreview(
        person, withdrawing.preview(invitation.id, now=now), inviting.mails, bool(inviting.without_address),
        activity.state is ActivityState.PUBLISHED, tuple(lines), letter, cancels, tuple(told_too), tuple(unreached),
        _clashes(invitation, [person], now)[person_id],
    )  # fmt: skip


def _rank(one: Substitute) -> tuple[tuple[bool, bool, int], str, int]:
    return rules.rank(one.reasons, blocked=one.blocked, clashes=len(one.found.clashes)), *_name(one.person)


def _name(person: Person) -> tuple[str, int]:
    return person.display_name.casefold(), person.id


def _invited(invitation: Invitation) -> sa.Select[Any]:
    """Select who is or was on stage at the activity, or has declined it."""
    return sa.select(Invitation.person_id).where(
        Invitation.activity_id == invitation.activity_id,
        sa.or_(Invitation.role.in_(sorted(ON_STAGE)), Invitation.state == InvitationState.NOT_COMING),
    )


def _same_post(post: str) -> set[int]:
    words = rules.words_of(post)
    if not words:
        return set()
    rows = db.session.execute(
        sa.select(Person.id, Person.post).where(
            Person.erased_at.is_(None), sa.func.lower(Person.post).contains(words[0], autoescape=True)
        )
    ).all()
    others = [row for row in rows if rules.words_of(row.post)[:1] == words[:1]]
    places = _places({ending for one in (post, *(row.post for row in others)) for ending in rules.endings(one)})
    return {row.id for row in others if rules.same_post(post, row.post, places)}


def _places(phrases: Collection[str]) -> set[str]:
    """Return those of these phrases that are places: any town or kecamatan, or a kelurahan of the office's area."""
    found = set(phrases) & {rules.as_place(name.split()) for name in regions.towns_and_kecamatan()}
    name = sa.func.lower(Region.name)
    wanted = sorted(set(phrases) - found)
    for at in range(0, len(wanted), 500):
        found |= set(db.session.scalars(sa.select(name).where(name.in_(wanted[at : at + 500])).distinct()))
    return found


def _same_sector(person: Person) -> list[int]:
    if person.organisation is None:
        return []
    colleagues = (
        sa.select(Person.id)
        .join(Organisation, Organisation.id == Person.organisation_id)
        .where(Organisation.sector == person.organisation.sector, Person.erased_at.is_(None), Person.post != "")
        .order_by(Person.organisation_id != person.organisation_id, Person.id)
        .limit(LOOKED_AT)
    )
    return list(db.session.scalars(colleagues))


def _spoke_before(invitation: Invitation, now: datetime) -> dict[int, tuple[str, datetime]]:
    """Return who spoke about this before, or moderated it, with the topic and the start of that activity."""
    activity = invitation.activity
    own = [
        item.topic for item in activity.agenda if invitation.person_id in {speaker.id for speaker in item.speakers}
    ] or [activity.title]
    rows = db.session.execute(
        sa.select(Invitation.person_id, Activity.title, Activity.starts_at, AgendaItem.topic)
        .join(Activity, Activity.id == Invitation.activity_id)
        .outerjoin(
            AgendaItem,
            sa.and_(AgendaItem.activity_id == Activity.id, AgendaItem.speakers.any(Person.id == Invitation.person_id)),
        )
        .where(
            Invitation.role == invitation.role,
            Invitation.person_id.is_not(None),
            Invitation.state.not_in((InvitationState.NOT_COMING, InvitationState.WITHDRAWN)),
            Activity.state.in_((ActivityState.PUBLISHED, ActivityState.HELD)),
            Activity.ends_at <= now,
        )
        .order_by(Activity.starts_at.desc(), AgendaItem.id)
        .limit(MOST_EARLIER)
    )
    found: dict[int, tuple[str, datetime]] = {}
    for row in rows:
        topic = rules.shared_topic([*own, activity.title], [row.topic or row.title])
        if topic and row.person_id not in found:
            found[row.person_id] = topic, row.starts_at
    return found


def _people(ids: Collection[int]) -> dict[int, Person]:
    rows = db.session.scalars(
        sa.select(Person)
        .where(Person.id.in_(ids), Person.erased_at.is_(None))
        .options(joinedload(Person.organisation), joinedload(Person.region))
    )
    return {person.id: person for person in rows}


def _others_on_stage(invitation: Invitation) -> tuple[list[str], list[str]]:
    """Return who hears by mail that somebody else speaks, and whom no mail reaches: they, or whoever acts for them."""
    told: list[str] = []
    unreached: list[str] = []
    for one in db.session.scalars(swapping.others_on_stage(invitation)).unique():
        reader = one.representative_email or one.invitee.email
        reached = bool(reader) and addresses.failure_of(reader) is None
        (told if reached else unreached).append(one.invitee.display_name)
    return told, unreached


def _clashes(invitation: Invitation, people: Iterable[Person], now: datetime) -> Mapping[int, FoundClashes]:
    """Return the clashes of each of these people with the turns of the one whom they would replace."""
    names = {person.id: person.display_name for person in people}
    stored = plans.planned(db.session(), [invitation.activity_id])
    change = PlanChange([_with(activity, invitation, names) for activity in stored], stored)
    checked = clash_checks.check(change, now=now)
    own: dict[int, list[Clash]] = {id: [] for id in names}
    for clash in checked.clashes:
        if clash.party is not None and clash.party.key in own:
            own[int(clash.party.key)].append(clash)
    return {id: clash_checks.found_in(checked.plan, found) for id, found in own.items()}


def _with(activity: PlannedActivity, invitation: Invitation, names: Mapping[int, str]) -> PlannedActivity:
    former = Party.person(invitation.person_id or 0)
    turns = next(
        (
            one.turns
            for one in activity.engagements
            if (one.in_place_of or one.party) == former and one.role is invitation.role
        ),
        (),
    )
    new = [
        Engagement(Party.person(id, name), invitation.role, InvitationState.PREPARED, turns=turns)
        for id, name in names.items()
    ]
    return replace(activity, engagements=(*activity.engagements, *new))
