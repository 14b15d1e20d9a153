"""Photos on the page of staff, on the page of those who were there, and at the address for everybody."""

import io
import re
import zipfile
from base64 import b64encode
from hashlib import sha256

import pytest

from outreach.domain.photos import PhotoAudience
from outreach.models import ActivityPhoto, AuditEntry, Documentation
from outreach.services.documentation import photos, press
from outreach.services.documentation.photos import UploadedPhoto
from outreach.services.documentation.press import PressValues
from tests.support.apps import with_settings
from tests.support.copied import copied
from tests.web.reading import text_of
from tests.world import NOW, at, count, invite, rows_of, token_of
from tests.world.feedback import DAY_AFTER, people, were_there
from tests.world.pictures import PLACE, opened, photo

pytestmark = pytest.mark.usefixtures("clock_stands")


@copied
def url(activity):
    return f"/activities/{activity.id}/documentation"


@pytest.fixture
def shown(activity, coordinator):
    """A photo with a caption and a press text, for an audience."""

    def show(audience):
        photos.add(activity.id, [UploadedPhoto(photo(), "a.jpg")], by=coordinator, now=NOW)
        [one] = rows_of(ActivityPhoto)
        photos.describe(activity.id, {one.id: "Sesi <pertama>"}, by=coordinator, now=NOW)
        return press.save(
            activity.id, PressValues("Kader belajar", "Satu.\n\nDua.", audience), 0, by=coordinator, now=NOW
        )

    return show


def upload(client, url, *sent):
    data = {"photos": [(io.BytesIO(data), name) for data, name in sent]}
    return client.post(f"{url}/photos?lang=en", data=data, follow_redirects=True)


def test_several_photos_are_uploaded_at_once_and_the_others_are_named(coordinator_client, url):
    page = text_of(
        upload(coordinator_client, url, (photo(), "a.jpg"), (photo("PNG"), "b.png"), (b"<svg>", "c.svg")).text
    )
    assert "2 photos added." in page
    assert "“c.svg” was not taken: it is no photo." in page
    assert count(ActivityPhoto) == 2


def test_a_photo_goes_out_as_a_picture_that_tells_nothing(coordinator_client, url):
    page = upload(coordinator_client, url, (photo(), "a.jpg")).text
    addresses = re.findall(rf'"({url}/\d+[^"]*\.jpg)"', page)
    assert len(addresses) == 2
    for address in addresses:
        sent = coordinator_client.get(address)
        assert (sent.mimetype, opened(sent.data).format) == ("image/jpeg", "JPEG")
        assert PLACE not in sent.data
        assert sent.headers["X-Content-Type-Options"] == "nosniff"
        assert sent.headers["Cache-Control"] == "private, no-store"  # nothing stays after signing out
        assert sent.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"


def test_the_page_warns_before_captions_are_written(coordinator_client, url):
    assert "In captions: no name of a child" in text_of(coordinator_client.get(f"{url}?lang=en").text)


def test_captions_are_saved_with_each_button(coordinator_client, url):
    upload(coordinator_client, url, (photo(), "a.jpg"), (photo(), "b.jpg"))
    first, second = (one.id for one in rows_of(ActivityPhoto))
    coordinator_client.post(f"{url}/captions", data={f"caption-{first}": "Satu", "earlier": str(second)})
    assert [(one.id, one.caption, one.position) for one in rows_of(ActivityPhoto)] == [
        (first, "Satu", 1),
        (second, "", 0),
    ]
    coordinator_client.post(f"{url}/captions", data={f"caption-{second}": "Dua", "remove": str(first)})
    assert [(one.id, one.caption, one.position) for one in rows_of(ActivityPhoto)] == [(second, "Dua", 0)]


def test_a_viewer_sees_and_changes_nothing(viewer_client, url, shown):
    shown(PhotoAudience.STAFF)
    [one] = rows_of(ActivityPhoto)
    page = viewer_client.get(f"{url}?lang=en").text
    assert "Sesi &lt;pertama&gt;" in page
    assert "Upload" not in page
    assert viewer_client.get(f"{url}/{one.id}.jpg").status_code == 200
    assert upload(viewer_client, url, (photo(), "a.jpg")).status_code == 403
    assert viewer_client.post(f"{url}/captions", data={"remove": str(one.id)}).status_code == 403
    assert viewer_client.post(f"{url}/press", data={"press_title": "x"}).status_code == 403
    assert count(ActivityPhoto) == 1


def test_the_press_text_is_saved_and_a_stale_form_keeps_what_was_typed(coordinator_client, url):
    data = {"press_title": "Judul", "press_text": "Teks", "audience": "public", "version": "0"}
    assert coordinator_client.post(f"{url}/press", data=data).status_code == 302
    page = coordinator_client.get(url).text
    [row] = rows_of(Documentation)
    assert f"/p/{row.public_key}" in page
    stale = coordinator_client.post(f"{url}/press?lang=en", data={**data, "press_title": "Lain"})
    assert stale.status_code == 422
    assert 'value="Lain"' in stale.text
    assert "Somebody else saved this meanwhile." in text_of(stale.text)


def test_the_archive_has_the_photos_the_captions_and_the_press_text(coordinator_client, url, shown):
    shown(PhotoAudience.STAFF)
    sent = coordinator_client.get(f"{url}/photos.zip?lang=en")
    with zipfile.ZipFile(io.BytesIO(sent.data)) as archive:
        assert archive.namelist() == ["01.jpg", "captions.txt", "press-text.txt"]
        assert archive.read("captions.txt").decode() == "01.jpg: Sesi <pertama>\n"
        assert opened(archive.read("01.jpg")).size == (64, 48)
    assert rows_of(AuditEntry)[-1].action == "list.downloaded"


def test_everybody_with_the_address_sees_what_is_public_and_only_then(phone, shown, activity):
    row = shown(PhotoAudience.PUBLIC)
    page = phone.get(f"/p/{row.public_key}")
    assert page.status_code == 200
    assert "Sesi &lt;pertama&gt;" in page.text
    assert "img-src 'self' data:" in page.headers["Content-Security-Policy"]
    assert page.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert len(page.data) < 14_000
    for style in re.findall(r"<style>(.*?)</style>", page.text):
        digest = b64encode(sha256(style.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in page.headers["Content-Security-Policy"]
    addresses = re.findall(r'(?:src|href)="(/p/[^"]+\.jpg)"', page.text)
    assert [phone.get(address).mimetype for address in addresses] == ["image/jpeg"] * 2
    press.save(activity.id, PressValues("Kader belajar"), row.version, by=None, now=NOW)
    assert [phone.get(address).status_code for address in (f"/p/{row.public_key}", *addresses)] == [404] * 3


def test_who_was_there_sees_photos_shown_to_them_and_nobody_else_does(phone, activity, office, shown, clock_stands):
    came, absent = people(2)
    were_there(activity, came)
    invite(activity, absent)
    clock_stands.now = DAY_AFTER
    row = shown(PhotoAudience.PRESENT)
    address = f"/j/{token_of(came)}/photos/{activity.id}"
    assert f'href="{address}"' in phone.get(f"/j/{token_of(came)}").text
    page = phone.get(address)
    [small, large] = sorted(set(re.findall(rf'"({address}/[^"]+)"', page.text)), reverse=True)
    assert [phone.get(one).mimetype for one in (small, large)] == ["image/jpeg"] * 2
    assert phone.get(small).headers["Cache-Control"] == "private, max-age=3600"
    assert "no-referrer" in phone.get(large).headers["Referrer-Policy"]
    assert f"/photos/{activity.id}" not in phone.get(f"/j/{token_of(absent)}").text
    assert phone.get(f"/j/{token_of(absent)}/photos/{activity.id}").status_code == 404
    assert phone.get(large.replace(token_of(came), token_of(absent))).status_code == 404
    assert phone.get(f"/p/{row.public_key}").status_code == 404


def test_photos_for_staff_only_are_on_no_other_page(phone, activity, office, shown, clock_stands):
    [came] = people(1)
    were_there(activity, came)
    clock_stands.now = at(19)
    shown(PhotoAudience.STAFF)
    assert phone.get(f"/j/{token_of(came)}/photos/{activity.id}").status_code == 404
    assert f"/photos/{activity.id}" not in phone.get(f"/j/{token_of(came)}").text


def test_more_than_what_may_be_sent_at_once_is_refused_with_a_sentence(coordinator_client, url, current_app_):
    with_settings(current_app_, photos_limit_mb=1, upload_limit_mb=1)
    current_app_.config["MAX_CONTENT_LENGTH"] = 1024 * 1024
    refused = upload(coordinator_client, url, (b"\xff\xd8\xff" + b"\0" * 1024 * 1024, "a.jpg"))
    assert refused.status_code == 413
    assert count(ActivityPhoto) == 0
