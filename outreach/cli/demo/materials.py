"""Materials of the demo, which attendees do not see yet: the psychologist has sent slides and a biography, and proposes another
topic; whoever comes in another speaker's place has sent slides by their own page.
"""

from collections.abc import Collection
from contextlib import suppress
from datetime import datetime
from importlib.resources import files

import sqlalchemy as sa

from outreach.cli.demo.programme import Cast
from outreach.delivery import tokens
from outreach.domain.kinds import Role
from outreach.domain.problems import Problem
from outreach.domain.states import InvitationState
from outreach.extensions import db
from outreach.models import Activity, Invitation, Person
from outreach.services.materials import send as sending
from outreach.services.materials.send import GivenFile

SPEAKER = "psikolog"
MOST_MB = 40
SLIDES = "paparan-contoh.pdf"
SLIDES_OF_ACTING = "paparan-yang-mewakili.pdf"
BIOGRAPHY = (
    "Psikolog di UPTD PPA Kota Metro sejak 2017.\n"
    "Mendampingi anak dan keluarga, dan melatih kader PATBM serta guru bimbingan konseling."
)
TOPIC = "Mengenali tanda kekerasan pada anak, dan ke mana melapor"


def send_as_acting(activity_ids: Collection[int], *, now: datetime) -> None:
    """Let somebody who comes in a speaker's place send slides for the first such activity ahead."""
    wanted = (
        sa.select(Invitation)
        .join(Activity, Activity.id == Invitation.activity_id)
        .where(
            Invitation.activity_id.in_(activity_ids),
            Invitation.role == Role.SPEAKER,
            Invitation.state == InvitationState.REPRESENTED,
        )
        .order_by(Activity.starts_at, Invitation.id)
    )
    invitation = db.session.scalars(wanted.limit(1)).first()
    if invitation is None or invitation.acting is None:
        return
    slides = GivenFile(_slides(), SLIDES_OF_ACTING)
    with suppress(Problem):  # a user of the demo may have changed it meanwhile
        token = tokens.acting_token(invitation.acting.nonce)
        sending.send(token, invitation.activity_id, slides, most_mb=MOST_MB, now=now)


def _slides() -> bytes:
    return (files("outreach") / "data" / "demo" / SLIDES).read_bytes()


def send_slides(cast: Cast, activity_ids: Collection[int], *, now: datetime) -> None:
    """Let the psychologist send what is wanted for their first activity ahead to which they are coming."""
    person = db.session.get_one(Person, cast.people[SPEAKER])
    activity_id = db.session.scalar(
        sa.select(Invitation.activity_id)
        .join(Activity, Activity.id == Invitation.activity_id)
        .where(
            Invitation.activity_id.in_(activity_ids),
            Invitation.person_id == person.id,
            Invitation.role == Role.SPEAKER,
            Invitation.state == InvitationState.COMING,
        )
        .order_by(Activity.starts_at)
        .limit(1)
    )
    if activity_id is None:
        return
    token = tokens.token(tokens.link_for(db.session(), person))
    slides = GivenFile(_slides(), SLIDES)
    with suppress(Problem):  # a user of the demo may have moved or cancelled the activity meanwhile
        sending.send(token, activity_id, slides, most_mb=MOST_MB, now=now)
        sending.introduce(token, activity_id, BIOGRAPHY, now=now)
        sending.propose(token, activity_id, TOPIC, now=now)
