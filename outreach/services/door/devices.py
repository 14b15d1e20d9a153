"""What staff call a device that is used at doors."""

from datetime import datetime

from outreach.domain.directory.names import tidy
from outreach.domain.problems import Problem
from outreach.models import Device, User
from outreach.services import audit
from outreach.services.door.batch import LONGEST_DEVICE
from outreach.transactions import writing


class DeviceMissing(Problem):
    message = "There is no such device."


class DeviceNameTooLong(Problem):
    message = "This name is longer than %(longest)d characters. Please shorten it."
    field = "name"


def rename(device_id: int, name: str, *, by: User, now: datetime) -> Device:
    """Call a device so; "" for its number alone. Raise DeviceMissing or DeviceNameTooLong."""
    name = tidy(name)
    if len(name) > LONGEST_DEVICE:
        raise DeviceNameTooLong(longest=LONGEST_DEVICE)
    with writing() as session:
        device = session.get(Device, device_id, with_for_update=True)
        if device is None:
            raise DeviceMissing
        if device.name != name:
            before, device.name = device.name, name
            audit.record(
                session, by, "device.changed", device, now=now, number=device.number, name_given=[before, name]
            )
    return device
