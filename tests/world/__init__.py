# ruff: noqa: F401
"""The world of the tests: an office with its people and activities, what they do, and what is then stored.

Import from here: `from tests.world import NOW, at, invite, publish`. Start with records.py (what a test begins with), then
actions.py (what people do). The fixtures of tests/conftest.py wrap the usual records.
"""

from tests.world.actions import (
    answer,
    at_once,
    give_link,
    invite,
    invite_and_publish,
    invite_many,
    invite_organisation,
    mark_as_invited,
    move,
    publish,
    set_severities,
    set_severity,
    set_state,
    somebody_writes,
)
from tests.world.clocks import StandingClock, stop_clock
from tests.world.days import JAKARTA, NOW, at, day_asked_for, minutes, today, working_day
from tests.world.mails import attempts, drain, mails, outbox_now, run, send, send_through
from tests.world.pages import log_in, until
from tests.world.records import (
    AT_ANY_HOUR,
    PASSWORD,
    REGIONS,
    a_cadre,
    a_hall,
    a_person,
    a_programme,
    account,
    an_absence,
    an_invitation,
    an_office,
    an_organisation,
    draft_activity,
    store_regions,
)
from tests.world.stored import all_rows, count, fresh, invitation_of, rows_of, stored_absences, token_of
