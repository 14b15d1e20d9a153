"""Who gets mails about the office's security and about personal data."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.models import User
from outreach.models.staff import IS_ADMINISTRATOR
from outreach.services import office_defaults


def administrators(session: Session, *, now: datetime) -> Sequence[User]:
    """Return the administrators who may sign in: open accounts whose access has not ended."""
    today = now.astimezone(office_defaults.zone(session)).date()
    goes_on = sa.or_(User.access_until.is_(None), User.access_until >= today)
    wanted = sa.select(User).where(User.active, goes_on, IS_ADMINISTRATOR).order_by(User.id)
    return session.scalars(wanted).unique().all()
