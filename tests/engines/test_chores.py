"""One chore has several parts. A part that fails stops none of the others."""

from dataclasses import dataclass
from datetime import datetime

import pytest

from outreach.engines import chores
from outreach.extensions import db
from outreach.models import PasswordReset
from outreach.services.sign_in import reset
from tests.world import NOW, StandingClock


@dataclass
class Broken:
    def tick(self, now: datetime) -> int:
        raise RuntimeError("broken")


@pytest.mark.parametrize("part", ["ladders", "reminding", "poll_asking"])
def test_a_new_password_is_mailed_although_something_before_it_fails(app, coordinator, monkeypatch, part: str):
    reset.ask(coordinator.email, now=NOW)
    monkeypatch.setattr(chores, part, Broken())
    with pytest.raises(RuntimeError, match="broken"):
        chores.EXPAND.do(StandingClock(NOW), lambda: False)
    assert db.session.query(PasswordReset).one().ends_at is not None
