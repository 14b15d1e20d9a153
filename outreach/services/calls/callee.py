"""The person or the organisation that is called, as statements and addresses name them."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from outreach.models import Call, CallClaim, Organisation, Person
from outreach.services.locking import InvitationMissing


@dataclass(frozen=True)
class CalleeKey:
    """Whom a call is to. kind: "person" or "organisation"."""

    kind: str
    id: int

    @property
    def values(self) -> dict[str, int]:
        """Return the column of Call and CallClaim that names them, with its value."""
        return {f"{self.kind}_id": self.id}

    def column(self, table: type[Call] | type[CallClaim]) -> Any:
        return table.person_id if self.kind == "person" else table.organisation_id

    def read(self, session: Session) -> Person | Organisation:
        """Return their record; raise InvitationMissing if there is none."""
        found: Person | Organisation | None
        found = session.get(Person, self.id) if self.kind == "person" else session.get(Organisation, self.id)
        if found is None or (isinstance(found, Person) and found.erased_at is not None):
            raise InvitationMissing
        return found
