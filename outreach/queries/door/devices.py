"""The devices used at doors, the last used first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from outreach.extensions import db
from outreach.models import Device, Scan
from outreach.queries.paging import Page, paged


@dataclass(frozen=True)
class DeviceRow:
    """scans: how many it has sent."""

    device: Device
    scans: int


def rows(number: int = 1) -> tuple[Page, list[DeviceRow]]:
    """Return a page of devices. A fixed number of statements."""
    page = paged(_select(), number)
    return page, _rows(page.items)


def all_rows() -> list[DeviceRow]:
    return _rows(db.session.scalars(_select()).unique().all())


def _select() -> sa.Select[Any]:
    return sa.select(Device).options(joinedload(Device.user)).order_by(Device.seen_at.desc(), Device.number)


def _rows(devices: Sequence[Device]) -> list[DeviceRow]:
    ids = [device.id for device in devices]
    sent = (
        sa.select(Scan.device_id, sa.func.count().label("sent")).where(Scan.device_id.in_(ids)).group_by(Scan.device_id)
    )
    counted = {row.device_id: row.sent for row in db.session.execute(sent)}
    return [DeviceRow(device, counted.get(device.id, 0)) for device in devices]
