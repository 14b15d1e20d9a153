"""People named by an office's link above its limit: staff see them, and save the list to invite them."""

import pytest
import sqlalchemy as sa

from outreach.extensions import db
from outreach.models import Invitation, Reminder
from outreach.services.answers import answer as answering
from outreach.services.answers.nominees import Nominee
from tests.web.reading import filled_in, text_of
from tests.world import NOW, draft_activity, invite_organisation, publish, token_of

pytestmark = pytest.mark.usefixtures("clock_stands", "default_rules")


def test_a_coordinator_sees_who_waits_and_saves_the_list_to_invite_them(coordinator_client, programme, hall, police):
    activity = draft_activity(programme, hall, 18)
    invite_organisation(activity, police, seats=1)
    publish(activity)
    (under,) = db.session.scalars(sa.select(Invitation.id).where(Invitation.organisation_id == police.id))
    for name in ("Rina", "Dedi", "Sari"):
        answering.nominate(token_of(police), under, [Nominee(name, email=f"{name}@example.com")], now=NOW)
    page = text_of(coordinator_client.get(f"/invitations/{under}?lang=en").text)
    assert "Not invited yet: very many new addresses" in page
    assert "Sari" in page
    form = filled_in(coordinator_client.get(f"/invitations/{under}/nominees").text)
    assert (
        coordinator_client.post(f"/invitations/{under}/nominees", data={**form, "source": "phone"}).status_code == 302
    )
    assert "Not invited yet" not in coordinator_client.get(f"/invitations/{under}?lang=en").text
    newest = db.session.scalars(
        sa.select(Reminder).where(Reminder.kind == "invitation").order_by(Reminder.id.desc())
    ).first()
    assert (newest.invitation.person.name, newest.state) == ("Sari", "scheduled")
