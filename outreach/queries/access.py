"""What an account with an area may change, and what of a chosen list it sees. The conditions are in models/access.py."""

from collections.abc import Collection

from outreach import reach
from outreach.domain.access import covers
from outreach.extensions import db
from outreach.models.access import CHANGED, GUARDED, covered


def may_change(table: str, record_id: int) -> bool:
    """Return whether this request's account may change the row. Runs one statement, none for accounts of the whole office."""
    kept_to = reach.of_request()
    if kept_to is None or kept_to.changes is None:
        return True
    condition = CHANGED.get(table) or GUARDED[table]
    with reach.unfiltered():
        return bool(covered(db.session(), table, [record_id], condition, kept_to.changes, kept_to.user_id))


def sees(table: str, ids: Collection[int]) -> bool:
    """Return whether this request's account sees all of these rows. Runs one statement, or none."""
    kept_to = reach.of_request()
    if kept_to is None or kept_to.sees is None:
        return True
    with reach.unfiltered():
        found = covered(db.session(), table, ids, GUARDED[table], kept_to.sees, kept_to.user_id)
    return found >= set(ids)


def shows(region_code: str) -> bool:
    """Return whether a region is to be chosen from: it lies in the account's area, or holds some of it."""
    kept_to = reach.of_request()
    if kept_to is None or kept_to.sees is None:
        return True
    return covers(kept_to.sees, region_code) or any(code.startswith(f"{region_code}.") for code in kept_to.sees)
