"""The office's ladders: read and change them. A ladder without rungs is switched off; ladders that run stay as they are."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.ladder.rungs import LadderName, RungRule, check, with_offered
from outreach.models import LadderRung, User
from outreach.services import audit, office_defaults
from outreach.transactions import writing


def ladders(session: Session) -> dict[LadderName, list[RungRule]]:
    """Return the office's ladders; those that are switched off have no rungs."""
    found: dict[LadderName, list[RungRule]] = {name: [] for name in LadderName}
    for row in session.scalars(sa.select(LadderRung).order_by(LadderRung.ladder, LadderRung.position)):
        found[row.ladder].append(RungRule(row.kind, row.timing, row.days, row.at))
    return found


def save(name: LadderName, rules: Sequence[RungRule], *, by: User | None, now: datetime) -> None:
    """Replace an office's ladder. Raise TooManyRungs, RungDaysOutOfRange or NobodyToPropose."""
    check(name, rules)
    with writing() as session:
        office_defaults.lock(session)
        _store(session, name, rules, by, now)


def add_offered(name: LadderName, *, by: User | None, now: datetime) -> None:
    """Add the rungs to an office's ladder that it is offered: proposed ones of kinds that came later."""
    with writing() as session:
        office_defaults.lock(session)
        own = ladders(session)[name]
        wanted = with_offered(name, own)
        if wanted != own:
            _store(session, name, wanted, by, now)


def _store(session: Session, name: LadderName, rules: Sequence[RungRule], by: User | None, now: datetime) -> None:
    session.execute(sa.delete(LadderRung).where(LadderRung.ladder == name))
    session.add_all(
        LadderRung(ladder=name, position=n, kind=rule.kind, timing=rule.timing, days=rule.days, at=rule.at)
        for n, rule in enumerate(rules)
    )
    about = audit.entry_of_many(by, "ladder.changed", LadderRung, name.value, now=now, rungs=len(rules))
    session.add(about)
