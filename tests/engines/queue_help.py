"""Shared by tests of engines: mails that are due, and their states."""

from collections import Counter

import sqlalchemy as sa

from outreach.extensions import db
from outreach.models import Message


def states() -> dict[str, int]:
    db.session.rollback()
    found = dict(Counter(state.value for state in db.session.scalars(sa.select(Message.state))))
    db.session.rollback()
    return found
