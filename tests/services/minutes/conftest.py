"""An activity that was held, with who came, who was represented, who excused themselves and who stayed away."""

from dataclasses import replace

import pytest

from outreach.delivery import tokens
from outreach.domain.answers import Choice, Representative
from outreach.domain.kinds import AttendanceSource, LinkPurpose, Role
from outreach.extensions import db
from outreach.models import Activity, AgendaItem, Minutes
from outreach.services.answers import decline
from outreach.services.door import attendance
from outreach.services.minutes import approval, edit, reading
from outreach.services.reminders import tick as reminding
from tests.world import NOW, a_person, answer, at, draft_activity, fresh, invitation_of, invite, publish, send, token_of


@pytest.fixture
def held(default_rules, programme, hall, chief, ani, budi, administrator) -> Activity:
    """The chief speaks and is represented by Rini, Ani came, Budi excused himself, Citra was silent, Dodi came: no mail."""
    activity = draft_activity(programme, hall)
    activity.agenda = [AgendaItem(starts_at=at(18, 8), ends_at=at(18, 9), topic="Alur rujukan", speakers=[chief])]
    citra, dodi = a_person("Citra Lestari"), a_person("Dodi Pranata", email="")
    invite(activity, chief, role=Role.SPEAKER)
    invite(activity, ani, budi, citra, dodi)
    publish(activity)
    reminding.tick(NOW)
    stand_in = Representative("Rini Astuti", post="Kanit PPA", email="rini@example.com")
    answer(activity, chief, Choice.REPRESENTED, representative=stand_in)
    answer(activity, ani, Choice.COMING)
    answer(activity, budi, Choice.NOT_COMING)
    decline.explain(token_of(budi), activity.id, "Tugas luar kota", now=NOW)
    came = [invitation_of(activity, one).id for one in (chief, ani, dodi)]
    attendance.tick(activity.id, came, came, AttendanceSource.HAND, by=administrator, now=at(18, 9))
    reminding.tick(at(18, 13))
    send(at(18, 13))
    return activity


@pytest.fixture
def written(held, chief, coordinator) -> Minutes:
    """Its minutes, saved once; the chief led the meeting."""
    text = replace(reading.prefilled(db.session, held, coordinator), further="Rapat berikutnya bulan depan.")
    item = replace(
        text.items[0], discussion="Rujukan lambat.\n\n- puskesmas\n- polisi", decisions="1. Satu nomor telepon"
    )
    return edit.save(held.id, replace(text, items=(item,)), chief.id, 0, by=coordinator, now=at(18, 14))


@pytest.fixture
def approved(written, coordinator) -> Minutes:
    approval.ask(written.activity_id, written.version, by=coordinator, now=at(18, 15))
    send(at(18, 15))
    token = tokens.tokens_by_nonce(LinkPurpose.MINUTES)(fresh(written).nonce)
    return approval.reply(token, True, "", now=at(18, 16))
