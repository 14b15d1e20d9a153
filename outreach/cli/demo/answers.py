"""The answers of the demo's invitees: who, what, when and how. A fixed seed chooses them; the services record them.

Of all invitations 70 % are answered, 15 % by a representative, and nobody comes from three kelurahan.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from random import Random

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from outreach.cli.demo import content, names
from outreach.cli.demo.calendar import AWAKE, OFFICE_HOURS, days_off, moment_between
from outreach.cli.demo.programme import JAKARTA
from outreach.delivery import tokens
from outreach.domain.answers import Choice, Representative
from outreach.domain.kinds import AnswerSource, Role
from outreach.extensions import db
from outreach.models import AnswerEvidence, Invitation, Link, Organisation, Person, User
from outreach.services.answers import acting, evidence
from outreach.services.answers import answer as answering
from outreach.services.answers import record as recording
from outreach.services.answers.evidence import Evidence
from outreach.services.answers.nominees import Nominee
from outreach.services.holidays import holidays_of

ANSWERED, REPRESENTED, DECLINED = 0.70, 0.15, 0.10  # of all invitations
SEED = 1872
CHAT = "percakapan-contoh.jpg"


@dataclass(frozen=True)
class DemoReply:
    """The answer to one invitation, and its time."""

    invitation_id: int
    choice: Choice
    at: datetime


def first_cadre(activity_id: int) -> Person | None:
    """Return the cadre whose answer page is for trying out: the first with an address, so they do not answer by themselves."""
    return db.session.scalar(
        sa.select(Person)
        .join(Invitation, Invitation.person_id == Person.id)
        .where(Invitation.activity_id == activity_id, Invitation.role == Role.CADRE, Person.email != "")
        .order_by(Person.id)
        .limit(1)
    )


def replies(
    activity_ids: Collection[int], first: datetime, last: datetime, *, but: Person | None = None
) -> list[DemoReply]:
    """Choose the answers to the activities' invitations, spread from `first` to `last`; earliest first. but: never answers."""
    draw = Random(SEED)
    everyone = invitations_of(activity_ids)
    chosen: dict[int, Choice] = {}
    silent = [i for i in everyone if _region(i) in content.UNCOVERED and i.role is not Role.SPEAKER]
    for invitation in silent[::3]:
        chosen[invitation.id] = Choice.NOT_COMING
    for invitation in everyone:
        if (post := invitation.person.post if invitation.person else "") in content.SETTLED_POSTS:
            chosen[invitation.id] = content.SETTLED_POSTS[post]
    out = {i.id for i in silent} | chosen.keys() | {i.id for i in everyone if _post(i) in content.SILENT_POSTS}
    rest = [i for i in everyone if i.id not in out and (but is None or i.person_id != but.id)]
    draw.shuffle(rest)
    rest.sort(key=lambda i: i.organisation_id is not None)  # people first: only they can be represented
    represented = round(REPRESENTED * len(everyone)) - sum(c is Choice.REPRESENTED for c in chosen.values())
    for invitation in rest[:represented]:
        chosen[invitation.id] = Choice.REPRESENTED
    rest = rest[represented:]
    draw.shuffle(rest)
    open_answers = round(ANSWERED * len(everyone)) - len(chosen)
    declined = max(0, round(DECLINED * len(everyone)) - sum(c is Choice.NOT_COMING for c in chosen.values()))
    for number, invitation in enumerate(rest[:open_answers]):
        chosen[invitation.id] = Choice.NOT_COMING if number < declined else Choice.COMING
    told_staff = {i.id for i in everyone if _tells_staff(i)}
    days = first.astimezone(JAKARTA).date(), last.astimezone(JAKARTA).date()
    off = days_off(*days, holidays_of({day.year for day in days}))
    given = []
    for invitation_id, choice in sorted(chosen.items()):
        share = draw.random()
        at = moment_between(first, last, share, AWAKE, JAKARTA)
        if invitation_id in told_staff:
            at = moment_between(first, last, share, OFFICE_HOURS, JAKARTA, off=off) or at
        given.append(DemoReply(invitation_id, choice, at or first + share * (last - first)))
    return sorted(given, key=lambda reply: reply.at)


def give(reply: DemoReply, by: User) -> None:
    """Answer as the invitee would: by the link in the mail, or without an address by phone or WhatsApp to the coordinator."""
    invitation = db.session.get_one(
        Invitation, reply.invitation_id, options=[joinedload(Invitation.person), joinedload(Invitation.organisation)]
    )
    draw = Random(f"{SEED}-{invitation.id}")
    activity_id, invitee, quota = invitation.activity_id, invitation.invitee, invitation.quota or 1
    represented = reply.choice is Choice.REPRESENTED
    stand_in = None
    if represented:
        post = content.STAND_IN_POSTS.get(_post(invitation)) or draw.choice(content.VOLUNTEER_POSTS)
        stand_in = Representative(names.made_up(draw), post, names.phone(draw))
    if _tells_staff(invitation):
        source = AnswerSource.WHATSAPP if draw.random() < 0.7 else AnswerSource.PHONE
        shown_by = _chat() if reply.choice is Choice.NOT_COMING and source is AnswerSource.WHATSAPP else None
        recording.record_answer(invitation.id, reply.choice, source, stand_in, by=by, now=reply.at, shown_by=shown_by)
        return
    token = tokens.token(_link(invitee))
    if isinstance(invitee, Organisation) and reply.choice is Choice.COMING:
        answering.nominate(token, invitation.id, nominees(invitee, quota, draw), now=reply.at)
    else:
        answering.answer(token, activity_id, reply.choice, stand_in, now=reply.at)


def _chat() -> Evidence | None:
    """Return a made-up picture of a chat, as evidence of the first such answer; None once there is one."""
    if db.session.scalar(sa.select(AnswerEvidence.id).limit(1)) is not None:
        return None
    return evidence.check((files("outreach") / "data" / "demo" / CHAT).read_bytes(), CHAT)


def pass_on(activity_ids: Collection[int]) -> None:
    """Let one official's representative pass the invitation on, by their own page and at once; the next one confirms it."""
    represented, post = content.PASSED_ON
    theirs = [one for one in invitations_of(activity_ids) if _post(one) == represented and one.acting is not None]
    if not theirs:
        return
    invitation, draw = theirs[-1], Random(SEED)
    name = names.made_up(draw)
    other = Representative(name, post, names.phone(draw), f"{names.address_part(name)}.kejari@example.com")
    for choice in (Choice.REPRESENTED, Choice.COMING):
        assert invitation.acting is not None
        assert invitation.answered_at is not None
        token = tokens.acting_token(invitation.acting.nonce)
        acting.answer(token, invitation.activity_id, choice, other, now=invitation.answered_at)
        db.session.refresh(invitation)


def nominees(office: Organisation, quota: int, draw: Random) -> list[Nominee]:
    """Return the nominees of an organisation: mostly as many as its quota, and always the same people."""
    count = quota if draw.random() < 0.8 else max(1, quota - 1)
    key = office.email.partition("@")[0]
    always = Random(f"{SEED}-{key}")
    posts = always.sample(content.NOMINEE_POSTS[office.sector], len(content.NOMINEE_POSTS[office.sector]))
    found: dict[str, Nominee] = {}
    while len(found) < count:
        name = names.made_up(always)
        address = f"{names.address_part(name)}.{key}@example.com"
        found[name] = Nominee(name, posts[len(found) % len(posts)], names.phone(always), address)
    return list(found.values())


def not_invited(activity_id: int) -> Person:
    """Return a cadre who is not invited to this activity."""
    there = sa.select(Invitation.person_id).where(
        Invitation.activity_id == activity_id, Invitation.person_id.is_not(None)
    )
    wanted = sa.select(Person).join(Person.cadre_roles).where(Person.id.not_in(there)).order_by(Person.id)
    return db.session.scalars(wanted.limit(1)).one()


def invitations_of(activity_ids: Iterable[int]) -> list[Invitation]:
    """Return the invitations except those of nominees, with their invitees loaded, in the order of creation."""
    found = db.session.scalars(
        sa.select(Invitation)
        .where(Invitation.activity_id.in_(list(activity_ids)), Invitation.nominated_under_id.is_(None))
        .options(joinedload(Invitation.person), joinedload(Invitation.organisation))
        .order_by(Invitation.id)
    )
    return list(found)


def _link(invitee: Person | Organisation) -> Link:
    column = Link.person_id if isinstance(invitee, Person) else Link.organisation_id
    return db.session.scalars(sa.select(Link).where(column == invitee.id)).one()


def _region(invitation: Invitation) -> str | None:
    return invitation.invitee.region_code


def _tells_staff(invitation: Invitation) -> bool:
    """Return whether this invitee can only answer through a coordinator, who records it."""
    return invitation.person_id is not None and not invitation.invitee.email


def _post(invitation: Invitation) -> str:
    return invitation.person.post if invitation.person else ""
