"""Minutes as PDF: the files that the template reads.

templates/minutes/minutes.typ is the template. It gets the minutes as data, never as source.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

from outreach import codec
from outreach.delivery.documents import parts
from outreach.delivery.documents.typeset import MAIN
from outreach.domain.documents import Letterhead, day_of
from outreach.domain.minutes.content import MinutesValues, blocks
from outreach.domain.zones import zone_name
from outreach.settings import TEMPLATES

FORM = TEMPLATES / "minutes" / "minutes.typ"
Approval = tuple[str, datetime]  # who agreed, and when, in the activity's zone


@cache
def shipped_form() -> bytes:
    """Return the template."""
    return FORM.read_bytes()


def files_of(
    values: MinutesValues, letterhead: Letterhead, *, office: str, draft: bool, emblem: bytes = b"",
    approval: Approval | None = None,
) -> Mapping[str, bytes]:  # fmt: skip
    """Return the template and what it reads. draft: it is marked KONSEP. emblem: a PNG or JPEG picture."""
    data = {
        **words_of(values, approval),
        "letterhead": codec.to_json(letterhead),
        "office": office,
        "draft": draft,
        "emblem": bool(emblem),
    }
    files = {MAIN: shipped_form(), "minutes.json": parts.data(data)}
    return files | ({"emblem.svg": parts.in_svg(emblem)} if emblem else {})


def words_of(values: MinutesValues, approval: Approval | None) -> dict[str, Any]:
    """Return what minutes say, by the names that templates use; texts as paragraphs and lists."""
    text, there = values.text, values.participants
    return {
        "title": text.title,
        "facts": [
            [label, said]
            for label, said in (
                ("Hari/tanggal", values.day),
                ("Waktu", values.hours),
                ("Tempat", text.place),
                ("Pemimpin rapat", ", ".join(part for part in (text.chair, text.chair_post) if part)),
                ("Notulis", text.taker),
                ("Peserta", f"{there.came} hadir, {len(there.represented)} di antaranya diwakili"
                    if there.represented else f"{there.came} hadir"),
            )
            if said
        ],
        "items": [
            {
                "topic": item.topic,
                "time": item.time,
                "speakers": item.speakers,
                "discussion": _blocks(item.discussion),
                "decisions": _blocks(item.decisions),
            }
            for item in text.items
        ],
        "further": _blocks(text.further),
        "tasks": [[task.what, task.owner, task.due] for task in values.tasks],
        "groups": [
            {"heading": heading, "rows": [_row(one) for one in rows]}
            for heading, rows in (
                ("Hadir", there.present),
                ("Hadir diwakili", there.represented),
                ("Berhalangan hadir", there.excused),
                ("Tidak hadir tanpa kabar", there.absent),
            )
            if rows
        ],
        "chair": text.chair,
        "chair_post": text.chair_post,
        "taker": text.taker,
        "approved": f"Disetujui oleh {approval[0]} pada {day_of(approval[1].date(), weekday=False)} pukul "
        f"{approval[1]:%H.%M} {zone_name_of(approval[1])}" if approval else "",
    }  # fmt: skip


def zone_name_of(moment: datetime) -> str:
    """Return "WIB" for a moment in an Indonesian zone."""
    zone: Any = moment.tzinfo
    return zone_name(zone) if zone is not None else ""


def _blocks(text: str) -> list[list[Any]]:
    return [[block.kind, list(block.lines)] for block in blocks(text)]


def _row(one: Any) -> list[str]:
    name = f"{one.name} (diwakili {one.by})" if one.by else one.name
    return [name, ", ".join(part for part in (one.post, one.organisation) if part), one.reason]
