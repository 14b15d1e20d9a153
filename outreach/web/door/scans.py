"""Take what a device recorded at the door, as JSON: the form is in docs/decisions/door.md."""

import json
from typing import Any

from flask import Blueprint, request
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from outreach import clock
from outreach.delivery.words import formats
from outreach.domain.door.scans import FAILED, ScanOutcome
from outreach.domain.problems import Problem
from outreach.models import Activity
from outreach.queries.door import attendance as attendees
from outreach.queries.invitations import lists as invitees
from outreach.services.door import batch as batches
from outreach.services.door.receive import NumberFault, ScanAnswer, receive
from outreach.services.locking import ActivityMissing
from outreach.web.frame import bodies
from outreach.web.frame.access import coordinator_required
from outreach.web.frame.clean_request import clean
from outreach.web.frame.say import say

bp = Blueprint("scans", __name__)

_NUMBERS = {
    NumberFault.TAKEN: _l("Another scan has this number already."),
    NumberFault.TOO_HIGH: _l("This number is far above all numbers of this device."),
}
# Why a scan counts for nothing, for the device's screen.
SENTENCES = {
    ScanOutcome.FORGED: _l("This is no code of this office."),
    ScanOutcome.EXPIRED: _l("This code was valid until the end of the activity's last day."),
    ScanOutcome.OTHER_ACTIVITY: _l("This code is for another activity."),
    ScanOutcome.REPLACED: _l("This code was replaced: somebody else comes, or there is a newer code."),
    ScanOutcome.UNKNOWN: _l("Nobody is invited by this any more."),
    ScanOutcome.NOT_OPEN: _l("Attendance can be ticked only for an activity that is published or held."),
    ScanOutcome.NOT_YET: _l("Attendance can be ticked from the day of the activity on."),
    ScanOutcome.UNREADABLE: _l("This cannot be read. Check the name, and record it again."),
}


@bp.post("/activities/<int:activity_id>/door/scans")
@coordinator_required
def take(activity_id: int) -> Any:
    """Store a batch of scans; the same batch again is answered the same."""
    bodies.lower(batches.MOST_BYTES)
    try:
        batch = batches.read(_cleaned(json.loads(request.get_data())))
        found = receive(activity_id, batch, by=current_user, now=clock.now())
    except (ValueError, RecursionError):
        return {"error": say(batches.BatchUnreadable())}, 422
    except ActivityMissing as problem:
        return {"error": say(problem)}, 404
    except Problem as problem:
        return {"error": say(problem)}, 422
    activity = invitees.activity_of(activity_id)
    expected, present = attendees.totals(activity_id)
    return {
        "device": found.device, "next": found.next_number, "expected": expected, "present": present,
        "scans": [_said(activity, answer) for answer in found.answers],
    }  # fmt: skip


def _said(activity: Activity, answer: ScanAnswer) -> dict[str, Any]:
    scan = answer.scan
    if scan is None:
        said = {"outcome": answer.fault, "sentence": str(_NUMBERS[answer.fault]) if answer.fault else ""}
        return {"number": answer.number, **said, "counted": False, "invitation": None, "name": "", "earlier": None}
    earlier = answer.earlier
    return {
        "number": answer.number,
        "outcome": scan.outcome.value,
        "sentence": str(SENTENCES[scan.outcome]) if scan.outcome in FAILED else "",
        "counted": answer.counted,
        "invitation": scan.invitation_id,
        "name": scan.invitation.invitee.display_name if scan.invitation is not None else scan.name,
        "earlier": earlier and {
            "device": answer.earlier_device, "time": formats.clock(earlier.at, activity.zone, with_zone=False)
        },
    }  # fmt: skip


def _cleaned(value: Any) -> Any:
    """Return JSON values without control characters, as forms are cleaned."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [_cleaned(one) for one in value]
    if isinstance(value, dict):
        return {clean(key): _cleaned(one) for key, one in value.items()}
    return value
