"""The list of people to call: each once, with all activities that wait for their answer. For one activity, for a
programme, or for everything ahead. First come those with a phone number, and of these the nearest deadline.

`candidates` are those of the list whom a caller can be given now. Reads only. services/calls gives them to callers and
records what came of the call.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from outreach.domain.calls import IS_A_CALL, Situation, situation
from outreach.domain.directory import email_addresses
from outreach.domain.ladder.rungs import RungKind, RungState
from outreach.domain.states import UNANSWERED, ActivityState, InvitationState
from outreach.extensions import db
from outreach.models import (
    Activity,
    AddressFailure,
    Call,
    CallClaim,
    CallQuestion,
    Invitation,
    Organisation,
    Person,
    Programme,
    Rung,
    User,
)
from outreach.queries.invitations.lists import answer_links
from outreach.queries.invitations.select import (
    InviteeFilters,
    displayed_name,
    narrowed,
    phone,
    rank,
    row_options,
    to_call,
)
from outreach.queries.paging import Page, paged
from outreach.services import addresses
from outreach.services.calls.callee import CalleeKey
from outreach.services.calls.numbers import is_wrong, wrong_among
from outreach.services.locking import InvitationMissing, ProgrammeMissing

PER_PAGE = 100
KINDS = ("person", "organisation")
AT_ONCE = 500  # invitees read together for a file
OFFERED = 100  # candidates read at once; of callers who begin together, each tries the next one


@dataclass(frozen=True)
class CallScope:
    """Whose invitees are called: one activity's, one programme's, or with neither those of everything ahead."""

    activity_id: int | None = None
    programme_id: int | None = None


@dataclass(frozen=True)
class Callee:
    """Somebody to call: a person or an organisation, with the invitations that wait for their answer, earliest first."""

    invitee: Person | Organisation
    asked: Sequence[Invitation]
    link: str  # the URL of their answer page, "" if there is no working link
    failure: AddressFailure | None = None  # if no mail arrives at their address
    claim: CallClaim | None = None  # who calls them, or called them last, and until when they rest
    last: Call | None = None  # their last call, other than opening WhatsApp
    question: bool = False  # they asked something that is not settled yet
    wrong_number: bool = False

    @property
    def kind(self) -> str:
        return "person" if isinstance(self.invitee, Person) else "organisation"

    @property
    def key(self) -> CalleeKey:
        return CalleeKey(self.kind, self.invitee.id)

    @property
    def about(self) -> list[int]:
        return [invitation.id for invitation in self.asked]

    @property
    def mail_reaches(self) -> bool:
        return bool(self.invitee.email) and self.failure is None

    def holder_at(self, now: datetime) -> int | None:
        """Return the id of the account that calls them at `now`; None if nobody does."""
        claim = self.claim
        return claim.caller_id if claim and claim.claimed_until and claim.claimed_until > now else None

    def rests_at(self, now: datetime) -> datetime | None:
        """Return until when they are left in peace at `now`; None if they need no rest."""
        claim = self.claim
        return claim.rests_until if claim and claim.rests_until and claim.rests_until > now else None

    def situation_at(self, now: datetime) -> Situation:
        starts = [(invitation.activity.starts_at, invitation.activity.zone) for invitation in self.asked]
        last = self.last.outcome if self.last else None
        return situation(starts, mail_reaches=self.mail_reaches, last=last, now=now)


@dataclass(frozen=True)
class CallList:
    page: Page
    callees: Sequence[Callee]
    everyone: int  # without the filter for those that no mail reaches
    unreached: int


def programme_of(programme_id: int) -> Programme:
    """Return the programme; raise ProgrammeMissing."""
    programme = db.session.get(Programme, programme_id)
    if programme is None:
        raise ProgrammeMissing
    return programme


def listed(scope: CallScope, filters: InviteeFilters, *, now: datetime, number: int = 1) -> CallList:
    """Return one page of the people to call. The number of statements is fixed."""
    page = paged(_in_order(scope, filters, now), number, PER_PAGE)
    everyone, unreached = (
        db.session.scalar(
            sa.select(sa.func.count()).select_from(_in_order(scope, narrowed, now).order_by(None).subquery())
        )
        for narrowed in (_but(filters, no_address=False), _but(filters, no_address=True))
    )
    return CallList(page, _callees(page.items, scope, now), everyone or 0, unreached or 0)


def everyone(scope: CallScope, filters: InviteeFilters, *, now: datetime) -> Iterator[Callee]:
    """Yield all people to call, in the list's order."""
    rows = db.session.execute(_in_order(scope, filters, now)).all()
    for first in range(0, len(rows), AT_ONCE):
        yield from _callees(rows[first : first + AT_ONCE], scope, now)


def one(kind: str, id_: int, scope: CallScope, *, now: datetime) -> Callee:
    """Return one invitee with what they are asked, perhaps nothing any more; raise InvitationMissing if they do not exist."""
    key = CalleeKey(kind, id_)
    invitee = key.read(db.session())
    asked = _asked([id_] if kind == "person" else [], [id_] if kind == "organisation" else [], scope, now)
    found = _whole(asked)
    return found[0] if found else _with_calls([Callee(invitee, (), "")])[0]


def about(invitation_id: int) -> Callee:
    """Return the invitee of one invitation with only that to be asked; raise InvitationMissing."""
    invitation = db.session.get(Invitation, invitation_id)
    if invitation is None or (invitation.person and invitation.person.erased_at is not None):
        raise InvitationMissing
    return _whole([invitation])[0]


def candidates(scope: CallScope, filters: InviteeFilters, *, by_id: int, now: datetime) -> list[CalleeKey]:
    """Return whom this caller can be given now, in the order of calling. At most OFFERED.

    First come those who asked to be called by now, then those whose ladder has come to the call. Left out are those
    without a number or with a wrong one, those who rest or are being called by somebody else, and those whose question is
    not settled. Who is only told that an activity does not take place has nothing to answer: they stand in the list.
    """
    places = _places(scope, filters, now)
    others = sa.and_(CallClaim.claimed_until > now, CallClaim.caller_id != by_id)
    left_out = sa.or_(others, CallClaim.rests_until > now)
    asking = sa.select(party(Call)).join(CallQuestion).where(CallQuestion.settled_at.is_(None))
    wanted = (
        sa.select(places.c.person_id, places.c.organisation_id)
        .where(
            places.c.asking > 0,
            places.c.without_phone == 0,
            places.c.party.not_in(sa.select(party(CallClaim)).where(left_out)),
            places.c.party.not_in(asking),
        )
        .order_by(
            sa.case((places.c.party.in_(_asked_back()), 0), else_=1),
            sa.case((places.c.party.in_(_on_the_ladder()), 0), else_=1),
            *_order(places),
        )
        .limit(OFFERED)
    )
    return [_key(row) for row in db.session.execute(wanted)]


def next_rest_ends(scope: CallScope, filters: InviteeFilters, *, now: datetime) -> datetime | None:
    """Return when the first of the list who rests can be called again; None if nobody rests."""
    places = _places(scope, filters, now)
    listed = sa.select(places.c.party).where(places.c.asking > 0)
    return db.session.scalar(
        sa.select(sa.func.min(CallClaim.rests_until)).where(CallClaim.rests_until > now, party(CallClaim).in_(listed))
    )


def _asked_back() -> sa.CompoundSelect[Any]:
    """Select the parties who named the moment until which they rest."""
    named = (Call.again_at.is_not(None), Call.again_at == CallClaim.rests_until)
    organisation = (Call.organisation_id.is_not(None), CallClaim.organisation_id.is_not(None))
    return sa.union_all(
        sa.select(Call.person_id).join(CallClaim, CallClaim.person_id == Call.person_id).where(*named),
        sa.select(-Call.organisation_id)
        .join(CallClaim, CallClaim.organisation_id == Call.organisation_id)
        .where(*named, *organisation),
    )


def _on_the_ladder() -> sa.Select[Any]:
    """Select the parties whose ladder has come to the call, and who have not answered."""
    come = (Rung.kind == RungKind.CALL, Rung.state == RungState.DONE, Invitation.state.in_(sorted(UNANSWERED)))
    return sa.select(party(Invitation)).join(Rung, Rung.invitation_id == Invitation.id).where(*come)


def held_by(user_id: int, *, now: datetime) -> CalleeKey | None:
    """Return whom this caller has at the moment."""
    row = db.session.execute(
        sa.select(CallClaim.person_id, CallClaim.organisation_id)
        .where(CallClaim.caller_id == user_id, CallClaim.claimed_until > now)
        .order_by(CallClaim.claimed_at.desc())
        .limit(1)
    ).first()
    return _key(row) if row else None


def party(table: Any) -> sa.ColumnElement[int]:
    """Return one number for the invitee of a row: a person's id, or an organisation's below zero.

    Conditions compare it with IN of a select that does not depend on the row: both databases then read that select once.
    A join by person OR organisation is slow: with 10,000 people SQLite took minutes for it.
    """
    return sa.func.coalesce(table.person_id, -table.organisation_id)


def _key(row: Any) -> CalleeKey:
    return CalleeKey("person", row.person_id) if row.person_id else CalleeKey("organisation", row.organisation_id)


def _places(scope: CallScope, filters: InviteeFilters, now: datetime) -> sa.Subquery:
    """Select each invitee of the scope once with their place in the list.

    waiting: the number of invitations to call about. asking: of those that take place, so that there is something to ask.
    without_phone: 1 also if the number is known to be wrong.
    """
    wanted = narrowed(sa.select(Invitation), filters).join(Activity, Activity.id == Invitation.activity_id)
    return (
        wanted.where(*within(scope, now), Invitation.state != InvitationState.WITHDRAWN)
        .with_only_columns(
            party(Invitation).label("party"),
            sa.func.coalesce(Invitation.person_id, 0).label("person_id"),
            sa.func.coalesce(Invitation.organisation_id, 0).label("organisation_id"),
            sa.func.min(sa.case((sa.or_(phone() == "", is_wrong(phone())), 1), else_=0)).label("without_phone"),
            sa.func.min(Activity.respond_by_at).filter(to_call(now)).label("deadline"),
            sa.func.min(rank()).label("rank"),
            sa.func.min(displayed_name()).label("name"),
            sa.func.count().filter(to_call(now)).label("waiting"),
            sa.func.count().filter(to_call(now), Activity.state == ActivityState.PUBLISHED).label("asking"),
        )
        .group_by(Invitation.person_id, Invitation.organisation_id)
        .subquery()
    )


def _in_order(scope: CallScope, filters: InviteeFilters, now: datetime) -> sa.Select[Any]:
    places = _places(scope, filters, now)
    chosen = sa.select(places.c.person_id, places.c.organisation_id).where(places.c.waiting > 0)
    return chosen.order_by(*_order(places))


def _order(places: sa.Subquery) -> tuple[Any, ...]:
    return (
        places.c.without_phone,
        places.c.deadline,
        places.c.rank,
        places.c.name,
        places.c.person_id,
        places.c.organisation_id,
    )


def within(scope: CallScope, now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    """Return the conditions, in a select joined with Activity, that an invitation belongs to the scope."""
    if scope.activity_id is not None:
        return (Invitation.activity_id == scope.activity_id,)
    ahead = (Activity.state == ActivityState.PUBLISHED, Activity.ends_at > now)
    return ahead if scope.programme_id is None else (*ahead, Activity.programme_id == scope.programme_id)


def _asked(people: Sequence[int], organisations: Sequence[int], scope: CallScope, now: datetime) -> list[Invitation]:
    """Return what to ask these invitees: of the scope, and of everything else ahead. Runs one statement, and
    row_options.

    If an activity is cancelled or postponed, they are only told so.
    """
    here = within(scope, now)
    of_all = sa.or_(sa.and_(*here), sa.and_(*within(CallScope(), now)))
    wanted = (
        narrowed(sa.select(Invitation), InviteeFilters())
        .join(Activity, Activity.id == Invitation.activity_id)
        .where(
            sa.or_(Invitation.person_id.in_(people), Invitation.organisation_id.in_(organisations)),
            of_all,
            to_call(now),
        )
        .options(
            *row_options(),
            joinedload(Invitation.person).joinedload(Person.assistant),
            joinedload(Invitation.organisation).joinedload(Organisation.assistant),
            joinedload(Invitation.activity).options(joinedload(Activity.venue), joinedload(Activity.programme)),
        )
        .order_by(Activity.starts_at, Invitation.id)
    )
    found = list(db.session.scalars(wanted).unique())
    if any(invitation.activity.state in (ActivityState.CANCELLED, ActivityState.POSTPONED) for invitation in found):
        return [invitation for invitation in found if invitation.activity_id == scope.activity_id]
    return found


def _callees(rows: Sequence[Any], scope: CallScope, now: datetime) -> list[Callee]:
    """Return the people of these rows, in their order. The number of statements is fixed."""
    people = [row.person_id for row in rows if row.person_id]
    organisations = [row.organisation_id for row in rows if row.organisation_id]
    found = {(callee.kind, callee.invitee.id): callee for callee in _whole(_asked(people, organisations, scope, now))}
    keys = [("person", row.person_id) if row.person_id else ("organisation", row.organisation_id) for row in rows]
    return [found[key] for key in keys if key in found]


def _whole(asked: Sequence[Invitation]) -> list[Callee]:
    """Return whose invitations these are, with link and address. A person with two roles at an activity is asked once."""
    by_invitee: dict[tuple[int | None, int | None], dict[int, Invitation]] = {}
    for each in asked:
        by_invitee.setdefault((each.person_id, each.organisation_id), {}).setdefault(each.activity_id, each)
    links = answer_links(asked)
    failures = addresses.among([each.invitee.email for each in asked])
    callees = []
    for found in by_invitee.values():
        several = list(found.values())
        invitee = several[0].invitee
        failure = failures.get(email_addresses.key(invitee.email))
        callees.append(Callee(invitee, several, links.get(several[0].id, ""), failure))
    return _with_calls(callees)


def _with_calls(callees: Sequence[Callee]) -> list[Callee]:
    """Return them with their claims, last calls, open questions and wrong numbers. Runs four statements."""

    def about(table: type[Call] | type[CallClaim]) -> sa.ColumnElement[bool]:
        ids = {kind: [callee.invitee.id for callee in callees if callee.kind == kind] for kind in KINDS}
        return sa.or_(table.person_id.in_(ids["person"]), table.organisation_id.in_(ids["organisation"]))

    claims = {_key(row): row for row in db.session.scalars(_named(sa.select(CallClaim).where(about(CallClaim))))}
    newest = (
        sa.select(sa.func.max(Call.id))
        .where(about(Call), Call.outcome.in_(sorted(IS_A_CALL)))
        .group_by(Call.person_id, Call.organisation_id)
    )
    last = {_key(row): row for row in db.session.scalars(_named(sa.select(Call).where(Call.id.in_(newest))))}
    asking = sa.select(Call).join(CallQuestion).where(about(Call), CallQuestion.settled_at.is_(None))
    questions = {_key(row) for row in db.session.scalars(asking)}
    wrong = wrong_among([callee.invitee.phone for callee in callees])
    return [
        replace(
            callee, claim=claims.get(callee.key), last=last.get(callee.key), question=callee.key in questions,
            wrong_number=callee.invitee.phone in wrong,
        )
        for callee in callees
    ]  # fmt: skip


def _named(wanted: sa.Select[Any]) -> sa.Select[Any]:
    """Return the select of claims or calls with the names of the callers."""
    table = wanted.column_descriptions[0]["entity"]
    return wanted.options(joinedload(table.caller).lazyload(User.roles))


def _but(filters: InviteeFilters, *, no_address: bool) -> InviteeFilters:
    return InviteeFilters(
        q=filters.q, role=filters.role, region_code=filters.region_code, sector=filters.sector, no_address=no_address
    )
