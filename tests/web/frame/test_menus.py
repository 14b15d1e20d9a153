"""What an account is offered, it may open: menus, lists and pages of an account with an area lead to no page of the office."""

import re
from html import unescape

import pytest
from flask import Flask
from werkzeug.exceptions import HTTPException

from outreach.domain.kinds import Role, StaffRole
from outreach.extensions import db
from outreach.models import Region
from outreach.web.frame import areas
from outreach.web.frame.request import PUBLIC
from tests.support.copied import copied
from tests.world import (
    a_person,
    account,
    an_organisation,
    draft_activity,
    invitation_of,
    invite,
    invite_organisation,
    log_in,
    publish,
)

pytestmark = pytest.mark.usefixtures("browsers")

IMOPURO = "18.72.01.1003"
LISTS = (
    "/", "/programmes", "/activities", "/people", "/people/groups", "/people/posts", "/organisations", "/venues", "/messages",
    "/letters", "/certificates", "/reports", "/reports/coverage", "/reports/cases", "/follow-ups", "/to-call", "/calendar",
    "/findings", "/free-times", "/polls", "/bell", "/feeds", "/walk-ins", "/search?q=rapat",
)  # fmt: skip


@copied
def pages(office, regions, hall, programme) -> tuple[str, ...]:
    """The lists, and pages about an activity of Imopuro, its people, and one of a programme there."""
    activity = draft_activity(None, hall, 19, title="Rapat Imopuro", region_code=IMOPURO)
    of_programme = draft_activity(programme, None, 20, title="Rapat rangkaian", region_code=IMOPURO)
    person, school = a_person("Sari", region_code=IMOPURO), an_organisation("SMPN 3 Metro", region_code=IMOPURO)
    invite(activity, person, role=Role.SPEAKER)
    invite_organisation(activity, school)
    publish(activity)
    one = f"/activities/{activity.id}"
    return (
        *LISTS, one, f"{one}/invitees", f"{one}/attendance", f"{one}/invite/cadres", f"{one}/feedback",
        f"/activities/{of_programme.id}", f"/programmes/{programme.id}", f"/people/{person.id}",
        f"/people/{person.id}/history", f"/organisations/{school.id}",
        f"/invitations/{invitation_of(activity, person).id}",
    )  # fmt: skip


@pytest.mark.parametrize("role", [StaffRole.COORDINATOR, StaffRole.VIEWER])
def test_an_account_with_an_area_is_offered_no_page_that_is_closed_to_it(app: Flask, pages, role):
    user = account(role, "Siti")
    user.area_only, user.areas = True, [db.session.get_one(Region, IMOPURO)]
    db.session.commit()
    client, offered, closed = log_in(app, user), set(), set()
    for page in pages:
        answer = client.get(page)
        if answer.status_code == 403 and role is StaffRole.VIEWER:
            continue  # a list of work, or a form
        assert answer.status_code == 200, (page, answer.status_code)
        for attribute, address in re.findall(r'(href|action|hx-get|hx-post|formaction)="(/[^"#]*)', answer.text):
            path = unescape(address).partition("?")[0]
            if path.startswith(("/static/", "/lihat/")):
                continue
            endpoint = _endpoint(app, path, "POST" if attribute in ("action", "hx-post", "formaction") else "GET")
            offered.add(path)
            if endpoint and endpoint.partition(".")[0] not in PUBLIC and areas.is_offices(endpoint):
                closed.add((page, endpoint))
    assert closed == set()
    refused = {path for path in offered if _endpoint(app, path, "GET") and client.get(path).status_code == 403}
    assert refused == set()


def _endpoint(app: Flask, path: str, method: str) -> str:
    routes = app.url_map.bind("localhost")
    for wanted in (method, "GET", "POST"):
        try:
            return str(routes.match(path, method=wanted)[0])
        except HTTPException:
            continue
    return ""
