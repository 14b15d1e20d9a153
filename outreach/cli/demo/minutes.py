"""The demo's minutes: of last year's last day, written, approved by the chair's link, with tasks of which one is overdue and
one done.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime, timedelta

import sqlalchemy as sa

from outreach.cli.demo.programme import Cast
from outreach.delivery import tokens
from outreach.domain.kinds import LinkPurpose
from outreach.domain.minutes.content import MinutesText
from outreach.domain.problems import Problem
from outreach.domain.states import FollowUpState
from outreach.extensions import db
from outreach.models import Activity, Minutes
from outreach.services.minutes import approval, edit, follow_ups, reading
from outreach.services.minutes.follow_ups import FollowUpValues

SAID = (
    "Rapat dibuka. Tujuannya menyamakan langkah rujukan antarinstansi.",
    "Hambatan yang disampaikan:\n- nomor piket belum diketahui semua puskesmas\n- pendamping tidak selalu ada pada malam hari",
)
DECIDED = "1. Satu nomor piket dipakai semua instansi.\n2. Jadwal pendamping disusun setiap bulan."
FURTHER = "Rapat berikutnya diadakan di tempat yang sama."
TASKS = (
    # what, its owner's key in the cast, days from today, whether it is done
    ("Menyebarkan nomor piket bersama ke semua puskesmas", "dinkes", -5, False),
    ("Menyusun jadwal pendamping malam", "polres", 9, False),
    ("Mengirim daftar hadir dan notula ke arsip", "gow", -20, True),
)


def write(cast: Cast, activity_id: int, today: date, send: Callable[[datetime], None]) -> None:
    """Write the minutes of a held activity, let the chair agree, and note tasks."""
    activity = db.session.get_one(Activity, activity_id)
    over, by = activity.ends_at, cast.coordinator
    text = reading.prefilled(db.session, activity, by)
    chair_id = next((one.id for one in reading.chairs(db.session, activity_id)), None)
    with suppress(Problem):  # a user of the demo may have changed the activity meanwhile
        made = edit.save(activity_id, _filled(text), chair_id, 0, by=by, now=over + timedelta(hours=3))
        for what, owner, days, _done in TASKS:
            values = FollowUpValues(what, None, cast.offices[owner], today + timedelta(days=days))
            follow_ups.add(activity_id, values, by=by, now=over + timedelta(hours=3))
        approval.ask(activity_id, _version(made.activity_id), by=by, now=over + timedelta(hours=4))
        send(over + timedelta(hours=4))
        nonce = db.session.scalars(sa.select(Minutes.nonce).where(Minutes.activity_id == activity_id)).one()
        token = tokens.tokens_by_nonce(LinkPurpose.MINUTES)(nonce)
        approval.reply(token, True, "", now=over + timedelta(hours=5))
        send(over + timedelta(hours=5))
        for task in db.session.scalars(sa.select(Minutes).where(Minutes.activity_id == activity_id)).one().follow_ups:
            if any(what == task.what and done for what, _owner, _days, done in TASKS):
                follow_ups.settle(task.id, FollowUpState.DONE, task.version, by=by, now=over + timedelta(hours=6))


def _filled(text: MinutesText) -> MinutesText:
    items = [replace(item, discussion=said) for item, said in zip(text.items, SAID, strict=False)]
    if len(items) > 1:
        items[1] = replace(items[1], decisions=DECIDED)
    return replace(text, items=(*items, *text.items[len(items) :]), further=FURTHER)


def _version(activity_id: int) -> int:
    return db.session.scalars(sa.select(Minutes.version).where(Minutes.activity_id == activity_id)).one()
