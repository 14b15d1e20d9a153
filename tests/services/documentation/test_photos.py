"""Staff add, describe, order and delete photos; what is no photo is named, and nothing of it is kept."""

from dataclasses import replace

import pytest

from outreach.domain.photos import CaptionTooLong, NoPhotoChosen, PhotoMissing
from outreach.extensions import current_settings
from outreach.models import ActivityPhoto, AuditEntry, StoredFile
from outreach.queries import documentation as pages
from outreach.services.activities import delete
from outreach.services.documentation import photos
from outreach.services.documentation.photos import UploadedPhoto
from tests.support.copied import copied
from tests.world import NOW, count, draft_activity, rows_of
from tests.world.pictures import photo


@copied
def three(activity, coordinator):
    """The ids of three photos, in their order."""
    sent = [UploadedPhoto(photo(colour=colour), f"{colour}.jpg") for colour in ("teal", "gold", "navy")]
    assert photos.add(activity.id, sent, by=coordinator, now=NOW) == (3, ())
    return [one.id for one in rows_of(ActivityPhoto)]


def order(activity):
    return [one.id for one in pages.of_activity(activity).photos]


def test_photos_are_kept_without_their_names(any_app, activity, coordinator):
    done = photos.add(activity.id, [UploadedPhoto(photo(), "Siti, 9 tahun.jpg")], by=coordinator, now=NOW)
    assert done.number == 1
    assert [(one.name, one.media_type) for one in rows_of(StoredFile)] == [("foto.jpg", "image/jpeg")] * 2
    assert "Siti" not in repr(rows_of(AuditEntry)[-1].detail)


@pytest.mark.parametrize(
    ("data", "name", "why"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "logo.svg", "NotAPhoto"),
        (b"<!doctype html><script>alert(1)</script>", "foto.jpg", "NotAPhoto"),
        (b"GIF89a" + b"\0" * 50, "foto.jpg", "NotAPhoto"),
        (b"", "kosong.jpg", "NotAPhoto"),
        (b"\0\0\0\x18ftypheic" + b"\0" * 50, "IMG_1.HEIC", "PhotoIsHeic"),
        (b"\xff\xd8\xff" + b"\0" * (20 * 1024 * 1024), "besar.jpg", "PhotoTooLarge"),
        (b"\xff\xd8\xff\xe0 no picture", "../../etc/passwd.jpg", "PhotoBroken"),
    ],
)
def test_what_is_no_photo_is_named_and_not_kept_and_the_others_are(activity, coordinator, data, name, why):
    sent = [UploadedPhoto(data, name), UploadedPhoto(photo(), "baik.jpg")]
    done = photos.add(activity.id, sent, by=coordinator, now=NOW)
    assert (done.number, [type(one).__name__ for one in done.refused]) == (1, [why])
    assert done.refused[0].values["filename"] == name.rpartition("/")[2]
    assert (count(ActivityPhoto), count(StoredFile)) == (1, 2)


def test_without_a_file_a_sentence_says_so(activity, coordinator):
    with pytest.raises(NoPhotoChosen):
        photos.add(activity.id, [], by=coordinator, now=NOW)


def test_an_activity_has_no_more_photos_than_its_page_can_show(activity, coordinator, three, monkeypatch):
    fewer = replace(current_settings(), photos_most=4)
    monkeypatch.setattr(photos, "current_settings", lambda: fewer)
    sent = [UploadedPhoto(photo(), "empat.jpg"), UploadedPhoto(photo(), "lima.jpg")]
    done = photos.add(activity.id, sent, by=coordinator, now=NOW)
    assert (done.number, [one.values["filename"] for one in done.refused]) == (1, ["lima.jpg"])


def test_photos_change_places_and_stop_at_the_ends(any_app, activity, coordinator, three):
    one, two, last = three
    photos.move(activity.id, last, -1, by=coordinator, now=NOW)
    assert order(activity) == [one, last, two]
    photos.move(activity.id, last, -5, by=coordinator, now=NOW)
    photos.move(activity.id, two, 1, by=coordinator, now=NOW)
    assert order(activity) == [last, one, two]


def test_a_deleted_photo_leaves_no_file(any_app, activity, coordinator, three):
    photos.remove(activity.id, three[1], by=coordinator, now=NOW)
    assert order(activity) == [three[0], three[2]]
    assert [one.position for one in rows_of(ActivityPhoto)] == [0, 1]
    assert count(StoredFile) == 4
    with pytest.raises(PhotoMissing):
        photos.remove(activity.id, three[1], by=coordinator, now=NOW)


def test_a_deleted_draft_leaves_no_photo(any_app, activity, coordinator, three):
    delete.delete_draft(activity.id, by=coordinator, now=NOW)
    assert (count(ActivityPhoto), count(StoredFile)) == (0, 0)


def test_captions_are_one_line_of_at_most_200_characters(activity, coordinator, three):
    assert photos.describe(activity.id, {three[0]: " Sesi\n pertama ", three[1]: ""}, by=coordinator, now=NOW) == 1
    assert [one.caption for one in rows_of(ActivityPhoto)] == ["Sesi pertama", "", ""]
    with pytest.raises(CaptionTooLong):
        photos.describe(activity.id, {three[0]: "a" * 201}, by=coordinator, now=NOW)


def test_photos_of_another_activity_are_out_of_reach(activity, programme, hall, coordinator, three):
    other = draft_activity(programme, None, title="Lain")
    for change in (
        lambda: photos.remove(other.id, three[0], by=coordinator, now=NOW),
        lambda: photos.move(other.id, three[0], 1, by=coordinator, now=NOW),
        lambda: pages.picture(other.id, three[0], large=True),
    ):
        with pytest.raises(PhotoMissing):
            change()
    assert photos.describe(other.id, {three[0]: "x"}, by=coordinator, now=NOW) == 0
