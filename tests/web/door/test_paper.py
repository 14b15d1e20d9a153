"""The page of the signed list: photos beside the lines, and the differences with a press to take them over."""

from io import BytesIO

import pytest

from outreach.domain.states import InvitationState
from outreach.extensions import db
from outreach.models import SignedList
from tests.web.reading import page, text_of
from tests.world import at, count, draft_activity, fresh, invitation_of, invite, publish, set_state, stop_clock, uploads


@pytest.fixture
def today(programme, hall, ani, budi, coordinator, monkeypatch):
    stop_clock(monkeypatch, at(4, 13))
    activity = draft_activity(programme, hall)
    invite(activity, ani, budi, by=coordinator)
    publish(activity, by=coordinator, tick=False)
    set_state(activity, InvitationState.COMING, ani, budi)
    activity.starts_at, activity.ends_at = at(4, 9), at(4, 12)
    activity.registration_at = activity.respond_by_at = at(4, 8)
    db.session.commit()
    return activity


def path(activity, more=""):
    return f"/activities/{activity.id}/attendance/signed{more}"


def test_a_photo_is_shown_beside_the_lines_and_cannot_run_anything(today, coordinator_client):
    given = {"file": (BytesIO(uploads.png()), "daftar.png")}
    answer = coordinator_client.post(path(today), data=given, follow_redirects=True)
    assert f'<img src="{path(today)}/1"' in answer.text
    shown = coordinator_client.get(path(today, "/1"))
    assert (shown.content_type, shown.headers["Content-Security-Policy"]) == (
        "image/png",
        "sandbox; default-src 'none'",
    )
    assert (shown.headers["X-Content-Type-Options"], shown.headers["Cache-Control"]) == ("nosniff", "private, no-store")
    coordinator_client.post(path(today, "/1/remove"))
    assert (count(SignedList), coordinator_client.get(path(today, "/1")).status_code) == (0, 404)


@pytest.mark.parametrize(
    ("given", "said"), [({}, "Please choose a file."), ({"file": (b"<html>", "x.jpg")}, "was not taken")]
)
def test_what_is_no_photo_is_refused_with_a_sentence(today, coordinator_client, given, said):
    data = {name: (BytesIO(body), called) for name, (body, called) in given.items()}
    answer = coordinator_client.post(path(today), data=data)
    assert (answer.status_code, said in answer.text, count(SignedList)) == (422, True, 0)


def test_who_signed_is_saved_and_differences_are_taken_over_one_by_one_or_together(
    today, ani, budi, coordinator_client
):
    anis, budis = invitation_of(today, ani).id, invitation_of(today, budi).id
    coordinator_client.post(f"/activities/{today.id}/attendance", data={"shown": [budis], "present": [budis]})
    coordinator_client.post(path(today, "/lines"), data={"shown": [anis, budis], "signed": [anis]})
    text = text_of(page(coordinator_client, path(today)))
    assert text.index("Signed, and not ticked Ani Wijaya") < text.index("Ticked, and not signed Budi Santoso")
    coordinator_client.post(path(today, "/take-over"), data={"all": "1"})
    assert fresh(invitation_of(today, ani)).attendance.present
    assert fresh(invitation_of(today, budi)).attendance.present
    coordinator_client.post(path(today, "/take-over"), data={"invitation": budis})
    assert not fresh(invitation_of(today, budi)).attendance.present
    assert "Differences" not in page(coordinator_client, path(today))


def test_a_viewer_reads_and_changes_nothing(today, ani, viewer_client):
    shown = page(viewer_client, path(today))
    assert ("Ani Wijaya" in shown, "Save who signed" in shown, 'type="file"' in shown) == (True, False, False)
    given = {"file": (BytesIO(uploads.png()), "daftar.png")}
    answers = [viewer_client.post(path(today), data=given), viewer_client.post(path(today, "/lines")),
               viewer_client.post(path(today, "/take-over")), viewer_client.post(path(today, "/1/remove"))]  # fmt: skip
    assert [answer.status_code for answer in answers] == [403] * 4


def test_an_activity_that_is_gone_has_no_list(coordinator_client):
    assert coordinator_client.get("/activities/999/attendance/signed").status_code == 404
