"""What a person sees of their data by their own link: in words and counts. Phone and address only in part, nothing of others.

The link may have been forwarded or printed. So what it shows is what the invitation's page shows anyway, and whether there is
more; the whole copy is mailed to the known address.
"""

from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from outreach.domain.kinds import CadreKind
from outreach.domain.states import ActivityState, InvitationState
from outreach.extensions import db
from outreach.models import (
    Activity,
    ArchivedMessage,
    Cadre,
    Call,
    Consent,
    DataRequest,
    Invitation,
    Material,
    Message,
    Person,
)

MOST_SHOWN = 15


class OwnInvitation(NamedTuple):
    title: str
    starts_at: datetime
    zone: ZoneInfo
    state: InvitationState


class OwnData(NamedTuple):
    """What the page shows. mails, calls, files, consents: how many there are."""

    name: str
    post: str
    office: str
    kelurahan: str
    kinds: tuple[CadreKind, ...]
    email: str
    phone: str
    invitations: tuple[OwnInvitation, ...]
    invited: int
    mails: int
    calls: int
    files: int
    consents: int
    requests: tuple[DataRequest, ...]


def read(person_id: int) -> OwnData:
    """Return what is held about a person, for their own page."""
    person = db.session.scalars(
        sa.select(Person)
        .where(Person.id == person_id)
        .options(joinedload(Person.organisation), joinedload(Person.region), selectinload(Person.cadre_roles))
    ).one()
    told = sa.and_(Invitation.person_id == person_id, Activity.state != ActivityState.DRAFT)
    invitations = db.session.execute(
        sa.select(
            sa.func.coalesce(sa.func.nullif(Activity.public_title, ""), Activity.title),
            Activity.starts_at,
            Activity.zone,
            Invitation.state,
        )
        .join(Invitation, Invitation.activity_id == Activity.id)
        .where(told)
        .order_by(Activity.starts_at.desc())
        .limit(MOST_SHOWN)
    )
    counts = db.session.execute(
        sa.select(
            sa.select(sa.func.count(Invitation.id)).join(Activity).where(told).scalar_subquery(),
            _number(Message) + _number(ArchivedMessage),
            *(_number(model) for model in (Call, Material, Consent)),
        ).params(person=person_id)
    ).one()
    asked = db.session.scalars(
        sa.select(DataRequest).where(DataRequest.person_id == person_id).order_by(DataRequest.id.desc()).limit(5)
    )
    active = tuple(sorted(role.kind for role in person.cadre_roles if isinstance(role, Cadre) and role.active))
    return OwnData(
        person.full_name, person.post, person.organisation.name if person.organisation else "",
        person.region.name if person.region else "", active, person.email, person.phone,
        tuple(OwnInvitation(*row) for row in invitations), counts[0], counts[1], counts[2], counts[3], counts[4],
        tuple(asked),
    )  # fmt: skip


def _number(
    model: type[Message] | type[ArchivedMessage] | type[Call] | type[Material] | type[Consent],
) -> sa.ColumnElement[int]:
    owner: sa.ColumnElement[int | None] = model.person_id.expression
    return sa.select(sa.func.count()).select_from(model).where(owner == sa.bindparam("person")).scalar_subquery()
