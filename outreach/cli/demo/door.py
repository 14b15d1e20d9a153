"""A day at the door, as two devices recorded it: with clocks that are wrong, a code on both, people who walked in, and the
list that was signed, of which a few lines differ.
"""

import json
from datetime import datetime, timedelta
from random import Random
from typing import Any

import sqlalchemy as sa

from outreach.delivery.documents import signing_list
from outreach.delivery.documents.typeset import MAIN, press
from outreach.domain.states import TAKES_A_SEAT
from outreach.extensions import db
from outreach.models import Activity, Invitation, Person, User
from outreach.queries.door import paper as lists
from outreach.services.door import batch, codes, paper
from outreach.services.door.receive import receive

SARI, TABLET = "demo-hp-sari-000000001", "demo-tablet-pintu-0001"
AHEAD = {SARI: timedelta(minutes=7), TABLET: timedelta(minutes=-7)}
PPI = 110
FIRST_LINE, LINE = 64.0, 10.37  # millimetres on the first page
ON_A_PAGE = 20
# A page of the list with a scribble on the lines that are signed.
_SIGNED = """
#set page(foreground: {
  let signed = json("signed.json")
  for (at, number) in signed {
    let x = if calc.odd(number) { 158mm } else { 174mm }
    place(top + left, dx: x, dy: at * 1mm, curve(
      stroke: 0.9pt + rgb("#1d3f8f"),
      curve.move((0mm, 2mm)), curve.cubic((3mm, -3mm), (4mm, 5mm), (7mm, 0mm)),
      curve.cubic((9mm, -4mm), (10mm, 6mm), (18mm, -1mm)),
    ))
  }
})
#include "form.typ"
"""


def held(activity_id: int, known: Person, *, by: User, opens: datetime) -> None:
    """Record who came, by two devices, and read the list afterwards. known: somebody who is in the list and was not invited."""
    expected = _expected(activity_id)
    chance = Random(activity_id)
    came = [one for one in expected if chance.random() < 0.85]
    first, second = came[: len(came) // 2], came[len(came) // 2 :]
    told: dict[str, list[dict[str, Any]]] = {SARI: [], TABLET: []}
    for device, whose in ((SARI, first), (TABLET, second)):
        for number, invitation in enumerate(whose):
            at = opens + timedelta(seconds=50 * number)
            read = (
                {"how": "qr", "code": codes.code_of(db.session(), invitation)}
                if number % 3
                else {"how": "name", "invitation": invitation.id}
            )
            _add(told[device], device, at, **read)
    later = opens + timedelta(minutes=20)
    _add(told[TABLET], TABLET, later, how="qr", code=codes.code_of(db.session(), first[1]))  # on both devices
    _add(told[SARI], SARI, later, how="name", invitation=second[0].id, action="undo")
    _add(told[SARI], SARI, later, how="qr", code="https://example.com/promo")
    for person in (
        {"name": known.name, "region": known.region_code or "", "sex": "female", "age_group": "from_25"},
        {"name": "Nur Hasanah", "region": "", "sex": "female", "age_group": "from_45"},
    ):
        _add(told[TABLET], TABLET, later, how="walk_in", person=person)
    for device, name in ((SARI, "HP Sari"), (TABLET, "Tablet pintu 2")):
        now = opens + timedelta(minutes=30)
        sent = {"device": device, "clock_ms": _ms(now + AHEAD[device]), "name": name, "scans": told[device]}
        receive(activity_id, batch.read(sent), by=by, now=now)
    _sign(activity_id, by, opens + timedelta(hours=6))


def _expected(activity_id: int) -> list[Invitation]:
    wanted = sa.select(Invitation).where(
        Invitation.activity_id == activity_id,
        Invitation.person_id.is_not(None),
        Invitation.state.in_(sorted(TAKES_A_SEAT)),
    )
    return list(db.session.scalars(wanted.order_by(Invitation.id)).unique())


def _places(found: lists.Reconciliation, signed: set[int]) -> list[tuple[float, int]]:
    """Return where on the first page the signatures stand: millimetres from the top, and the line's number."""
    return [
        (FIRST_LINE + one.number * LINE, one.number)
        for one in found.invitees
        if one.row.invitation.id in signed and one.number <= ON_A_PAGE
    ]


def _add(told: list[dict[str, Any]], device: str, at: datetime, **said: Any) -> None:
    told.append({"number": len(told) + 1, "at_ms": _ms(at + AHEAD[device]), "action": "in"} | said)


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def _sign(activity_id: int, by: User, now: datetime) -> None:
    """Keep a picture of the signed list, and what was read there: one line more than was ticked, and one less."""
    found = lists.reconciliation(activity_id)
    signed = {one.row.invitation.id for one in found.invitees if one.row.present}
    ticked = next(one.row.invitation.id for one in found.invitees if one.row.present)
    missing = next(
        (one.row.invitation.id for one in found.invitees if not one.row.present and one.row.invitation.person), 0
    )
    signed = (signed - {ticked}) | ({missing} if missing else set())
    texts, emblem = lists.texts(db.session.get_one(Activity, activity_id))
    files = dict(signing_list.files_of(texts, emblem))
    with press() as on:
        files |= {
            "form.typ": files[MAIN],
            MAIN: _SIGNED.encode(),
            "signed.json": json.dumps(_places(found, signed)).encode(),
        }
        picture = on.pictures(files, ppi=PPI, at=now)[0]
    paper.keep(activity_id, picture, "daftar hadir.png", by=by, now=now)
    shown = [one.row.invitation.id for one in (*found.invitees, *found.on_stage)]
    paper.read(
        activity_id,
        signed | {one.row.invitation.id for one in found.on_stage if one.row.present},
        shown,
        by=by,
        now=now,
    )
