"""Make letters from the plan: one for all chosen invitations, or one for each invitee. compose.py makes the konsep."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach import codec
from outreach.delivery.words import addressing
from outreach.domain import documents
from outreach.domain.letters import values as letters
from outreach.domain.letters.values import (
    STANDS,
    EarlierLetter,
    LetterKind,
    LetterSettings,
    LetterValues,
)
from outreach.domain.problems import Problem
from outreach.extensions import current_settings
from outreach.models import Invitation, Letter, LetterVersion, Office, User, the_office
from outreach.services import audit
from outreach.services.letters import facts, settings
from outreach.services.letters.facts import LetterFacts
from outreach.services.letters.versions import LetterMissing, last_values
from outreach.transactions import writing

MOST_AT_ONCE = 2000  # invitations; as many letters can be made into one file
FOLLOWS_ANOTHER = frozenset({LetterKind.CORRECTION, LetterKind.CANCELLATION})


class TooManyOnLetters(Problem):
    message = (
        "At most %(most)s invitees can get letters at once. Please narrow the list down, such as by kelurahan or role."
    )
    field = "invitations"


class NothingToCorrect(Problem):
    message = "Only a letter that was signed can be corrected or cancelled by another letter. Change the draft itself."


def make(
    kind: LetterKind, invitation_ids: Collection[int] | sa.Select[int], *, by: User | None, now: datetime
) -> Letter:
    """Make the draft of one letter for all these invitations; raise NobodyOnTheLetter or TooManyOnLetters."""
    with writing() as session:
        return add(session, kind, _chosen(session, invitation_ids), by=by, now=now)


def make_each(
    kind: LetterKind, invitation_ids: Collection[int] | sa.Select[int], *, by: User | None, now: datetime
) -> list[Letter]:
    """Make a draft for each invitee, with all of the chosen activities to which they are invited. All or none."""
    with writing() as session:
        written = settings.current(session).values
        own: dict[tuple[int | None, int | None], list[Invitation]] = {}
        for one in _chosen(session, invitation_ids):
            own.setdefault((one.person_id, one.organisation_id), []).append(one)
        return [add(session, kind, its, written=written, by=by, now=now) for its in own.values()]


def follow(letter_id: int, kind: LetterKind, *, reason: str = "", by: User | None, now: datetime) -> Letter:
    """Make the draft of the letter that corrects or cancels a signed one, for the same invitations.

    Raise LetterMissing, NothingToCorrect, NobodyOnTheLetter.
    """
    with writing() as session:
        earlier = session.get(Letter, letter_id)
        if earlier is None:
            raise LetterMissing
        return add_following(session, earlier, kind, reason=reason, by=by, now=now)


def add_following(
    session: Session, earlier: Letter, kind: LetterKind, *, reason: str = "", by: User | None, now: datetime
) -> Letter:
    """The same as `follow` in the caller's transaction, for a move or a cancellation."""
    if kind not in FOLLOWS_ANOTHER or earlier.state not in STANDS:
        raise NothingToCorrect
    invitations = facts.invitations_of(session, [one.id for one in earlier.invitations])
    return add(session, kind, invitations, earlier=earlier, reason=reason, by=by, now=now)


def add_for_withdrawn(session: Session, earlier: Letter, *, by: User | None, now: datetime) -> Letter:
    """Make the draft that cancels a signed letter whose addressees are all withdrawn, in the caller's transaction."""
    invitations = facts.invitations_of(session, [one.id for one in earlier.invitations], withdrawn=True)
    written = settings.current(session).values
    own = replace(written, blocks={**written.blocks, LetterKind.CANCELLATION: letters.WITHDRAWN})
    return add(session, LetterKind.CANCELLATION, invitations, earlier=earlier, written=own, by=by, now=now)


def add(
    session: Session, kind: LetterKind, invitations: Sequence[Invitation], *, by: User | None, now: datetime,
    earlier: Letter | None = None, reason: str = "", written: LetterSettings | None = None,
) -> Letter:  # fmt: skip
    """Add a draft with its first version to the caller's transaction. invitations: from facts.invitations_of."""
    written = written or settings.current(session).values
    code = documents.new_code()
    values = _values(session, kind, invitations, code, written, earlier, reason)
    letter = Letter(
        code=code, kind=kind, subject=values.subject, corrects=earlier, created_at=now,
        created_by_id=by.id if by else None, invitations=list(invitations),
        versions=[LetterVersion(number=1, values=codec.to_json(values), made_at=now, made_by_id=by.id if by else None)],
    )  # fmt: skip
    session.add(letter)
    audit.record(session, by, "letter.made", letter, now=now, letter=kind.value, invitations=len(invitations))
    return letter


def _chosen(session: Session, invitation_ids: Collection[int] | sa.Select[int]) -> list[Invitation]:
    """Return the invitations, unless there are too many to be read at once."""
    if isinstance(invitation_ids, sa.Select):
        counted = sa.select(sa.func.count()).select_from(invitation_ids.limit(MOST_AT_ONCE + 1).subquery())
        number = session.scalar(counted) or 0
    else:
        number = len(invitation_ids)
    if number > MOST_AT_ONCE:
        raise TooManyOnLetters(most=MOST_AT_ONCE)
    return facts.invitations_of(session, invitation_ids)


def _values(
    session: Session, kind: LetterKind, invitations: Sequence[Invitation], code: str, written: LetterSettings,
    earlier: Letter | None, reason: str,
) -> LetterValues:  # fmt: skip
    said = facts.facts_of(invitations)
    unit = session.scalar(the_office(Office.short_name)) or ""
    values = values_of(said, kind, code, written, unit=unit)
    if earlier is None:
        return values
    before = last_values(earlier)
    first = EarlierLetter(earlier.number, earlier.dated_on, earlier.subject)
    return following(values, said, written, before, first, unit=unit, reason=reason)


def values_of(
    said: LetterFacts, kind: LetterKind, code: str, written: LetterSettings, *, unit: str, **about: Any
) -> LetterValues:
    """Return what a letter of these facts says, in the office's words. about: as in domain/letters/values.py's words_for."""
    words = letters.words_for(
        said.activities, tells_end=written.tells_end, programme=said.programme, unit=unit, **about
    )
    blocks = written.blocks_of(kind)
    values = LetterValues(
        kind=kind,
        subject=documents.filled(blocks.subject, words),
        addressees=said.addressees,
        opening=documents.filled(addressing.to(blocks.opening, child=said.to_children), words),
        facts=letters.facts_of(said.activities, tells_end=written.tells_end),
        closing=documents.filled(addressing.to(blocks.closing, child=said.to_children), words),
        code=code,
        check_url=f"{current_settings().base_url.rstrip('/')}/l/{documents.shown_code(code)}",
        place=written.place,
        nature=written.nature,
        destination=written.destination,
        signatory=written.signatory,
        copies=written.copies,
        agenda=said.agenda,
        letterhead=written.letterhead,
    )
    return replace(values, attachments=letters.attachments_of(values))


def following(
    values: LetterValues, said: LetterFacts, written: LetterSettings, before: LetterValues, earlier: EarlierLetter, *,
    unit: str, reason: str,
) -> LetterValues:  # fmt: skip
    """Return the letter that corrects or cancels an earlier one: to the same addressees, with what differs.

    before: what the earlier one said.
    """
    values = values_of(said, values.kind, values.code, written, unit=unit, earlier=earlier, reason=reason)
    known = letters.changed_facts(before.facts, values.facts) if values.kind is LetterKind.CORRECTION else before.facts
    values = replace(
        values,
        addressees=before.addressees,
        facts=known + ((("alasan", reason),) if reason else ()),
        copies=before.copies,
        agenda=() if values.kind is LetterKind.CANCELLATION else values.agenda,
        earlier=earlier,
    )
    return replace(values, attachments=letters.attachments_of(values))
