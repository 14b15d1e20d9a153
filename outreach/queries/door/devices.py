"""The devices used at doors, the last used first."""

from dataclasses import dataclass

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
    wanted = sa.select(Device).options(joinedload(Device.user)).order_by(Device.seen_at.desc(), Device.number)
    page = paged(wanted, number)
    ids = [device.id for device in page.items]
    sent = (
        sa.select(Scan.device_id, sa.func.count().label("sent")).where(Scan.device_id.in_(ids)).group_by(Scan.device_id)
    )
    counted = {row.device_id: row.sent for row in db.session.execute(sent)}
    return page, [DeviceRow(device, counted.get(device.id, 0)) for device in page.items]
