"""Date polls for tests: three mornings proposed, a police office and two people invited."""

import sqlalchemy as sa

from outreach.domain.kinds import ActivityKind, PollChoice, Role
from outreach.domain.polls import Proposed
from outreach.extensions import db
from outreach.models import DatePoll, PollInvitee
from outreach.services.polls import ask as poll_asking
from outreach.services.polls import edit as polls
from outreach.services.polls.answer import Dates
from outreach.services.polls.edit import PollValues
from tests.world import JAKARTA, NOW, at

YES, MAYBE, NO = PollChoice.YES, PollChoice.IF_NEED_BE, PollChoice.NO


def values(**changed: object) -> PollValues:
    """A coordination meeting on the morning of 18, 19 or 20 January; answers until Thursday the 7th at four."""
    return PollValues(**{
        "title": "Rapat koordinasi pencegahan kekerasan",
        "public_title": "Rapat koordinasi lintas sektor",
        "kind": ActivityKind.COORDINATION,
        "zone": JAKARTA,
        "closes_at": at(7, 16),
        "slots": [Proposed(at(day, 8), at(day, 12)) for day in (18, 19, 20)],
        **changed,
    })  # fmt: skip


def a_poll(*people, organisations=(), needed=(), opened: bool = True, now=NOW, **changed: object) -> DatePoll:
    poll = polls.create(values(**changed), by=None, now=now)
    for person in people:
        poll_asking.add_people(poll.id, [person.id], Role.SPEAKER, needed=person in needed, by=None, now=now)
    for organisation in organisations:
        poll_asking.add_organisations(poll.id, {organisation.id: 2}, needed=organisation in needed, by=None, now=now)
    if opened:
        poll_asking.open_poll(poll.id, by=None, now=now)
    return poll


def asked(poll: DatePoll, invitee) -> PollInvitee:
    db.session.rollback()
    column = PollInvitee.person_id if invitee.__tablename__ == "person" else PollInvitee.organisation_id
    wanted = sa.select(PollInvitee).where(PollInvitee.poll_id == poll.id, column == invitee.id)
    return db.session.scalars(wanted).one()


def dates(poll: DatePoll, *choices: PollChoice, who: str = "", note: str = "") -> Dates:
    """The assessments of the slots, in their order."""
    db.session.rollback()
    found = db.session.get_one(DatePoll, poll.id)
    return Dates({slot.id: choice for slot, choice in zip(found.slots, choices, strict=True)}, who, note)
