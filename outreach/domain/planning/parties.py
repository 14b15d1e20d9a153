"""Who and what an activity needs: people, organisations and places, and when they are unavailable.

Pure values. services/ fill them from the database; domain/planning/plan.py combines them.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from outreach.domain.directory.names import key as name_key
from outreach.domain.kinds import Role
from outreach.domain.posts import HolderTerm, ToPost, passed_on
from outreach.domain.states import InvitationState

ENGAGED = frozenset(InvitationState) - {InvitationState.NOT_COMING, InvitationState.WITHDRAWN}
Turn = tuple[timedelta, timedelta]  # from and until, after the activity's start
_WEIGHT = {role: at for at, role in enumerate((Role.SPEAKER, Role.MODERATOR, Role.CADRE, Role.PARTICIPANT))}


class PartyKind(StrEnum):
    PERSON = "person"
    ORGANISATION = "organisation"  # may be in two places at once: it sends different people
    REPRESENTATIVE = "representative"  # known only by the name that an invitee wrote; not in our list of people


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody who can be engaged or absent. Two are equal if kind and key agree; the name is only for display.

    key: the id of the person or organisation; for a representative, the name as given by names.key().
    """

    kind: PartyKind
    key: int | str
    name: str = field(default="", compare=False)

    @classmethod
    def person(cls, id: int, name: str = "") -> "Party":
        return cls(PartyKind.PERSON, id, name)

    @classmethod
    def organisation(cls, id: int, name: str = "") -> "Party":
        return cls(PartyKind.ORGANISATION, id, name)

    @classmethod
    def representative(cls, name: str) -> "Party":
        return cls(PartyKind.REPRESENTATIVE, name_key(name), name)

    @property
    def is_one_person(self) -> bool:
        return self.kind is not PartyKind.ORGANISATION


@dataclass(frozen=True, slots=True)
class Place:
    """A venue, or (id None) the region of an activity without a venue. latitude, longitude: degrees, WGS 84."""

    id: int | None
    name: str = ""
    capacity: int | None = None  # people
    region_code: str | None = None
    latitude: float | None = None
    longitude: float | None = None

    @property
    def coordinates(self) -> tuple[float, float] | None:
        return None if self.latitude is None or self.longitude is None else (self.latitude, self.longitude)


@dataclass(frozen=True, slots=True)
class Yes:
    """A "yes" or "if need be" to this time in a date poll."""

    starts_at: datetime
    ends_at: datetime
    said_at: datetime


@dataclass(frozen=True, slots=True)
class Succession:
    """Who holds the post to which an invitation goes. parties: the holders.

    withdrawn: ids of people whose invitation to the activity in the same role was withdrawn; it does not go to them.
    """

    terms: tuple[HolderTerm, ...]
    parties: tuple[Party, ...]
    withdrawn: frozenset[int] = frozenset()

    def party(self, person_id: int) -> Party:
        return next(party for party in self.parties if party.key == person_id)


@dataclass(frozen=True, slots=True)
class Engagement:
    """One invitation. party: who would come. If a representative is named, party is the representative.

    in_place_of: the invitee who is represented. said_yes: the party's answer in the date poll that led to the activity.
    turns: when the agenda needs the party; empty: the whole activity. succession: of an invitation to a post.
    """

    party: Party
    role: Role
    state: InvitationState = InvitationState.INVITED
    in_place_of: Party | None = None
    said_yes: Yes | None = None
    turns: tuple[Turn, ...] = ()
    succession: Succession | None = None

    @property
    def invitee(self) -> Party:
        return self.in_place_of or self.party

    def passed_to(self, holder: Party) -> "Engagement":
        """Return it with another holder of its post. A representative still comes; the holder has not answered yet."""
        if self.in_place_of is not None:
            return replace(self, in_place_of=holder)
        return replace(self, party=holder, state=InvitationState.PREPARED, said_yes=None)


def on_day(engagements: tuple[Engagement, ...], day: date) -> tuple[Engagement, ...]:
    """Return an activity's engagements if it took place on this day: those of posts with the holders of the day."""
    if all(engagement.succession is None for engagement in engagements):
        return engagements
    to_posts = [
        ToPost(at, one.role, int(one.invitee.key), one.succession.terms)
        for at, one in enumerate(engagements)
        if one.succession is not None
    ]
    invited = {(one.role, int(one.invitee.key)) for one in engagements if one.invitee.kind is PartyKind.PERSON}
    invited |= {(one.role, id) for one in engagements if one.succession for id in one.succession.withdrawn}
    passed = passed_on(to_posts, day, invited)
    return tuple(
        one.passed_to(one.succession.party(passed[at].person_id)) if at in passed and one.succession else one
        for at, one in enumerate(engagements)
    )


def roles_of(engagements: Iterable[Engagement]) -> dict[Party, Role]:
    """Return the engaged parties, each with its most important role. Declined and withdrawn invitations are ignored."""
    found: dict[Party, Role] = {}
    for engagement in engagements:
        if engagement.state in ENGAGED and (
            engagement.party not in found or _WEIGHT[engagement.role] < _WEIGHT[found[engagement.party]]
        ):
            found[engagement.party] = engagement.role
    return found


def turns_of(engagements: Iterable[Engagement]) -> dict[Party, tuple[Turn, ...]]:
    """Return the turns of the engaged parties who are needed only then, in order; turns that meet are one turn.

    A party who is needed for the whole activity in one of its roles is missing.
    """
    found: dict[Party, list[Turn]] = defaultdict(list)
    whole = set()
    for engagement in engagements:
        if engagement.state in ENGAGED:
            found[engagement.party] += engagement.turns
            if not engagement.turns:
                whole.add(engagement.party)
    return {party: merged(turns) for party, turns in found.items() if party not in whole}


def merged(turns: Iterable[Turn]) -> tuple[Turn, ...]:
    """Return the turns in order; those that overlap or touch are one turn."""
    found: list[Turn] = []
    for begins, ends in sorted(turns):
        if found and begins <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], ends))
        else:
            found.append((begins, ends))
    return tuple(found)


class AbsenceSource(StrEnum):
    """Who reported the absence."""

    COORDINATOR = "coordinator"
    SELF = "self"  # entered by the speaker on their own link
    CALENDAR = "calendar"  # read from an iCalendar address or file


@dataclass(frozen=True, slots=True)
class AbsenceSpan:
    """One occurrence: when a party (venue_id None) or a venue (party None) is unavailable. known_at: since when it is known."""

    starts_at: datetime
    ends_at: datetime
    party: Party | None = None
    venue_id: int | None = None
    reason: str = ""
    source: AbsenceSource = AbsenceSource.COORDINATOR
    id: int | None = None  # of the stored absence
    known_at: datetime | None = None

    def __post_init__(self) -> None:
        if (self.party is None) == (self.venue_id is None):
            raise ValueError("An absence is either a party's or a venue's.")

    def is_outweighed_by(self, yes: Yes, starts_at: datetime, ends_at: datetime) -> bool:
        """Return whether the party said yes to all of this time after the absence was known. Then the yes counts more."""
        asked_about_it = yes.starts_at <= starts_at and ends_at <= yes.ends_at
        return asked_about_it and self.known_at is not None and self.known_at < yes.said_at

    @property
    def of(self) -> Party | int | None:
        """Return the party, or the venue's id."""
        return self.party or self.venue_id
