"""A person's certificates, also those of what they did in somebody's place: export and erase them. Called by privacy/person.py.

A number is given once and for all, so a certificate stays on record; only the name goes out of it.
"""

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from outreach import codec
from outreach.models import AuditEntry, Certificate, Invitation
from outreach.models.people import ERASED
from outreach.services.certificates.make import values_of


def held(session: Session, person_id: int, acting_ids: Collection[int]) -> dict[str, list[dict[str, Any]]]:
    """Return the person's certificates, as JSON values. acting_ids: of where they acted for somebody."""
    found = session.scalars(_own(person_id, acting_ids).options(joinedload(Certificate.activity)))
    return {
        "certificates": [
            {
                "number": one.number,
                "name": one.name,
                "kind": one.kind.value,
                "activity": one.activity.title,
                "dated_on": one.dated_on.isoformat(),
                "code": one.code,
                "state": one.state.value,
                "revoked_because": one.ended_because,
            }
            for one in found
        ]
    }


def forget(session: Session, person_id: int, acting_ids: Collection[int]) -> None:
    """Take the name out of the certificates, and why they were revoked, in the caller's transaction."""
    for one in session.scalars(_own(person_id, acting_ids)).all():
        one.name, one.ended_because = ERASED, ""
        one.values = codec.to_json(replace(values_of(one), name=ERASED))
        session.execute(
            sa.update(AuditEntry)
            .where(AuditEntry.subject_type == Certificate.__tablename__, AuditEntry.subject_id == one.id)
            .values(detail={})
            .execution_options(synchronize_session=False)
        )


def _own(person_id: int, acting_ids: Collection[int]) -> sa.Select[Any]:
    invited = sa.select(Invitation.id).where(Invitation.person_id == person_id)
    theirs = sa.and_(Certificate.invitation_id.in_(invited), Certificate.acting_id.is_(None))
    return sa.select(Certificate).where(sa.or_(theirs, Certificate.acting_id.in_(acting_ids))).order_by(Certificate.id)
