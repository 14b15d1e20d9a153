"""The demo's letters: how they are written, a konsep to all offices of the first day, a draft that asks a speaker, and a
letter that came back signed by the demo's own authority.
"""

from dataclasses import replace
from datetime import datetime
from importlib.resources import files

import sqlalchemy as sa

from outreach.cli.demo.letters import authority
from outreach.cli.demo.programme import JAKARTA, Cast, DemoPlan
from outreach.domain.documents import Signatory
from outreach.domain.kinds import Role
from outreach.domain.letters.values import LetterKind, LetterSettings
from outreach.extensions import db
from outreach.models import Invitation, Letter
from outreach.services.letters import compose, document, edit_settings, make, returned, roots
from outreach.services.letters.versions import last_values

SIGNATORY = Signatory(
    "Kepala DP3AP2KB Kota Metro",
    "Nama Penanda Tangan, S.E., M.M.",
    "Pembina Utama Muda",
    "NIP",
    "19700101 199501 1 001",
)
EMBLEM = "lambang-contoh.png"
COPIES = ("Wali Kota Metro (sebagai laporan)", "Arsip")
NUMBER = "400.2/{day:%d%m}/DP3AP2KB/{day:%Y}"
SIGNED_NUMBER = "400.2/{day:%d%m}-A/DP3AP2KB/{day:%Y}"


def write_letters(cast: Cast, plan: DemoPlan, *, now: datetime) -> None:
    """Set the office's signatory, and make the letters. One is signed, by the demo's own authority."""
    settings = LetterSettings(signatory=SIGNATORY, copies=COPIES, nature="Penting")
    edit_settings.save(settings, 0, _emblem(), by=cast.coordinator, now=now)
    letter = make.make(LetterKind.INVITATION, _invited(plan.days[0]), by=cast.coordinator, now=now)
    day = now.astimezone(JAKARTA).date()
    text = replace(compose.text_of(last_values(letter)), number=NUMBER.format(day=day), dated_on=day)
    compose.compose(letter.id, text, letter.version, by=cast.coordinator, now=now)
    make.make(LetterKind.SPEAKER_REQUEST, _invited(plan.days[1], Role.SPEAKER)[:1], by=cast.coordinator, now=now)
    _sign_one(cast, plan, now)


def _emblem() -> edit_settings.Emblem:
    """Return a made-up emblem: no city's real one."""
    return edit_settings.emblem_of((files("outreach") / "data" / "demo" / EMBLEM).read_bytes(), EMBLEM)


def _sign_one(cast: Cast, plan: DemoPlan, now: datetime) -> None:
    """Send a letter through the hands of the office: composed, signed, come back, accepted. The office trusts the signer."""
    day = now.astimezone(JAKARTA).date()
    asked = _invited(plan.days[0], Role.SPEAKER, but=SIGNATORY.post)[:1]
    made = make.make(LetterKind.SPEAKER_REQUEST, asked, by=cast.coordinator, now=now)
    text = replace(compose.text_of(last_values(made)), number=SIGNED_NUMBER.format(day=day), dated_on=day)
    compose.compose(made.id, text, made.version, by=cast.coordinator, now=now)
    letter, on_paper = document.pdf_to_sign(made.id, made.version, by=cast.coordinator, now=now)
    signs = authority.found(SIGNATORY.name, "Kantor Demo", now=now)
    roots.add(signs.root, by=cast.coordinator, now=now)
    back = returned.receive(
        letter.id, signs.signed(on_paper, at=now), "surat-bertanda-tangan.pdf", by=cast.coordinator, now=now
    )
    letter = db.session.get_one(Letter, made.id, populate_existing=True)
    returned.accept(letter.id, back.id, text.number, day, letter.version, by=cast.coordinator, now=now)


def _invited(activity_id: int, role: Role | None = None, *, but: str = "") -> list[int]:
    """Return the organisations' invitations to the activity, or the people's in a role. but: the post of who is left out."""
    whose = Invitation.organisation_id.is_not(None) if role is None else Invitation.role == role
    wanted = sa.select(Invitation).where(Invitation.activity_id == activity_id, whose).order_by(Invitation.id)
    return [one.id for one in db.session.scalars(wanted) if not but or one.invitee.display_name != but]
