"""Devices at the door of an activity: what they send."""

from datetime import UTC, datetime, timedelta

from outreach.models import Activity, User
from outreach.services.door import batch
from outreach.services.door.receive import ReceivedBatch, receive
from tests.world.days import at

ONE, TWO, THREE = "device-one-0123456789a", "device-two-0123456789a", "device-three-012345678"
DAY = at(18, 8)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def ms(moment: datetime) -> int:
    return round((moment - EPOCH) / timedelta(milliseconds=1))


def scan(number: int, made: datetime, **said: object) -> dict[str, object]:
    said = {"how": "name", "action": "in"} | said
    return {"number": number, "at_ms": ms(made), **said}


def send(
    activity: Activity, by: User, *scans: dict[str, object], device: str = ONE, now: datetime = DAY,
    clock: timedelta = timedelta(), **more: object,
) -> ReceivedBatch:  # fmt: skip
    """Send a batch. clock: by how much the device's clock is ahead; the scans have its times already."""
    sent = batch.read({"device": device, "clock_ms": ms(now + clock), "scans": list(scans), **more})
    return receive(activity.id, sent, by=by, now=now)
