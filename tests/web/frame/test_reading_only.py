"""Pages ask viewers for nothing: no clashes to solve, nobody to call, no mails to read."""

import pytest

from outreach.extensions import db
from tests.support.copied import copied
from tests.web.reading import text_of
from tests.world import at, draft_activity, invite, publish

pytestmark = pytest.mark.usefixtures("clock_stands")


@copied
def addresses(activity, programme, hall, ani, budi, coordinator) -> list[str]:
    """Return the pages about an activity in a clash, with an invitee that mail does not reach."""
    budi.email = ""
    db.session.commit()
    invite(activity, ani, budi, by=coordinator)
    publish(activity, by=coordinator)
    draft_activity(programme, hall, 18, title="Pelatihan", starts_at=at(18, 10), ends_at=at(18, 13), holds_venue=False)
    return [
        "/", f"/activities/{activity.id}", f"/activities/{activity.id}/invitees", f"/programmes/{programme.id}",
        f"/people/{budi.id}", f"/absences/person/{ani.id}", f"/absences/venue/{hall.id}", "/activities", "/messages",
        "/calendar?view=week&on=2027-01-18", "/people", "/programmes",
    ]  # fmt: skip


ASKING = (
    "clashes", "things clash", "to look at", "must be solved", "All clashes", "People to call", "No mail reaches", "Needs you",
    "Next:", "Call them", "Send again", "Remind these", "Take back",
)  # fmt: skip


def said(client, addresses) -> dict[str, list[str]]:
    """Return what each page asks for."""
    pages = {address: client.get(address, query_string=None) for address in addresses}
    assert {page.status_code for page in pages.values()} == {200}
    return {
        address: found
        for address, page in pages.items()
        if (found := [words for words in ASKING if words in text_of(page.text)])
    }


def test_these_pages_ask_a_coordinator_for_something(coordinator_client, addresses):
    asked = said(coordinator_client, addresses)
    assert {"/", *addresses[1:4], "/calendar?view=week&on=2027-01-18"} <= asked.keys()


def test_these_pages_ask_a_viewer_for_nothing(viewer_client, addresses):
    assert said(viewer_client, addresses) == {}


@pytest.mark.parametrize(("client", "has_them"), [("viewer_client", False), ("coordinator_client", True)])
def test_the_menu_of_a_viewer_has_no_lists_of_work(request, client, has_them):
    menu = request.getfixturevalue(client).get("/programmes").text
    assert [f'href="{path}"' in menu for path in ("/to-call", "/findings", "/bell")] == [has_them] * 3
