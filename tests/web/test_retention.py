"""The office's page of periods: who may open it, and that nothing shorter is saved before what it erases was shown."""

from outreach.domain.privacy.retention import BOUNDS, CHANGEABLE, Purpose
from outreach.models import ErasedCount, RetentionPeriod
from tests.world import NOW, an_invitation, rows_of


def typed(**values):
    return {purpose.value: str(BOUNDS[purpose].default) for purpose in CHANGEABLE} | values


def test_an_administrator_sees_what_a_shorter_period_erases_before_it_is_saved(administrator_client, activity, ani):
    activity.starts_at, activity.ends_at = NOW.replace(year=2025), NOW.replace(year=2025, month=2)
    an_invitation(activity, ani, answer_note="Sakit")
    assert "Nothing yet." in administrator_client.get("/retention/").get_data(as_text=True)
    asked = administrator_client.post("/retention/", data=typed(answers="90"))
    assert "Shorter periods erase more" in asked.get_data(as_text=True)
    assert "1 entry" in asked.get_data(as_text=True)
    assert rows_of(RetentionPeriod) == []
    saved = administrator_client.post("/retention/", data=typed(answers="90", sure="1"))
    assert saved.status_code == 302
    assert [(row.purpose, row.days) for row in rows_of(RetentionPeriod)] == [(Purpose.ANSWERS, 90)]
    longer = administrator_client.post("/retention/", data=typed(answers="800"))
    assert longer.status_code == 302
    refused = administrator_client.post("/retention/", data=typed(answers="89"))
    assert (refused.status_code, "from 90 to 3650" in refused.get_data(as_text=True)) == (422, True)
    assert rows_of(ErasedCount) == []


def test_only_administrators_see_the_periods(coordinator_client):
    assert coordinator_client.get("/retention/").status_code == 403
