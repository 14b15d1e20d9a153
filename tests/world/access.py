"""What the rule of access knows of a stored record (domain/access.py), read without any limit."""

from typing import Any

import sqlalchemy as sa

from outreach.domain.access import ActivityFacts, Facts, InvitationFacts, PartyFacts
from outreach.extensions import db
from outreach.models import Activity, Invitation, Person


def facts_of(model: Any) -> dict[int, Facts]:
    """Return the facts of each activity, person, organisation or invitation by its id."""
    return {row.id: _of(row) for row in db.session.scalars(sa.select(model)).unique()}


def _of(row: Any) -> Any:
    if isinstance(row, Activity):
        return ActivityFacts(row.region_code, row.programme_id is not None)
    if isinstance(row, Invitation):
        return InvitationFacts(_of(row.activity), _of(row.invitee), row.state)
    asking = Invitation.person_id if isinstance(row, Person) else Invitation.organisation_id
    asked = db.session.scalars(sa.select(Invitation).where(asking == row.id, Invitation.state != "withdrawn")).unique()
    asked_to = [_of(invitation.activity) for invitation in asked]
    if isinstance(row, Person):
        own = row.region_code or (row.organisation.region_code if row.organisation else None)
        codes = [own, *(role.region_code for role in row.cadre_roles)]
        return PartyFacts([code for code in codes if code], asked_to)
    members = db.session.scalars(sa.select(Person).where(Person.organisation_id == row.id)).unique()
    return PartyFacts([row.region_code] if row.region_code else [], asked_to, [_of(person) for person in members])
