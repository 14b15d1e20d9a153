"""What the door's log holds about a person: export it, and take their name and code out of it. Called by privacy/person.py.

The scans stay, and are counted. A list that was signed on paper stays as it is: it bears the signatures of others.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.models import Activity, Device, Invitation, Person, Scan, SignedLine, SignedList, WalkIn


def held(session: Session, person_id: int) -> dict[str, Any]:
    """Return the scans of a person's invitations as JSON values, and where they signed on paper."""
    scans = session.execute(
        sa.select(Activity.title, Scan.at, Scan.how, Scan.outcome, Device.number)
        .join(Invitation, Invitation.id == Scan.invitation_id)
        .join(Activity, Activity.id == Scan.activity_id)
        .outerjoin(Device, Device.id == Scan.device_id)
        .where(Invitation.person_id == person_id)
        .order_by(Scan.id)
    )
    signed = session.execute(
        sa.select(Activity.title, SignedLine.signed)
        .join(Invitation, Invitation.id == SignedLine.invitation_id)
        .join(Activity, Activity.id == Invitation.activity_id)
        .where(Invitation.person_id == person_id, sa.exists().where(SignedList.activity_id == Activity.id))
        .order_by(Activity.id)
    )
    return {
        "scans": [
            {"activity": title, "at": at.isoformat(), "how": how.value, "outcome": outcome.value, "device": device}
            for title, at, how, outcome, device in scans
        ],
        "signed_lists": [{"activity": title, "signed": yes} for title, yes in signed],
    }


def forget(session: Session, person: Person) -> None:
    """Take the person's name and the fingerprint of their code out of the log, in the caller's transaction."""
    own = sa.select(Invitation.id).where(Invitation.person_id == person.id)
    session.execute(_without(Scan.invitation_id.in_(own), code="", digest=""))
    if person.name:
        session.execute(_without(sa.func.lower(Scan.name).contains(person.name.lower(), autoescape=True), name=""))
    session.execute(sa.delete(WalkIn).where(WalkIn.person_id == person.id))


def _without(condition: sa.ColumnElement[bool], **values: str) -> Any:
    return sa.update(Scan).where(condition).values(values).execution_options(synchronize_session=False)
