"""A photo is decoded in a process of its own and written again: small, upright, and without anything but the picture."""

import pytest

from outreach.delivery.pictures.scale import scale
from outreach.domain.photos import PhotoBroken, PhotoTooLarge
from tests.world.pictures import PLACE, bomb, opened, photo


def test_a_photo_is_made_smaller_and_loses_what_it_tells():
    sent = photo(width=3000, height=1500)
    assert PLACE in sent
    large, small = scale(sent, "a.jpg", (2048, 480))
    assert (large.width, large.height, small.width, small.height) == (2048, 1024, 480, 240)
    for made in (large, small):
        picture = opened(made.data)
        assert (picture.format, picture.size) == ("JPEG", (made.width, made.height))
        assert dict(picture.getexif()) == {}
        assert "comment" not in picture.info
        assert "icc_profile" not in picture.info
        assert PLACE not in made.data
        assert b"Exif" not in made.data


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "MPO"])
def test_other_kinds_become_jpeg_and_a_small_photo_is_not_made_larger(kind):
    [made] = scale(photo(kind), "a", (2048,))
    assert (made.width, made.height) == (64, 48)
    assert PLACE not in made.data


def test_a_photo_taken_upright_stays_upright():
    [made] = scale(photo(orientation=6), "a.jpg", (2048,))  # the phone was turned: the left of the file is the top
    assert (made.width, made.height) == (48, 64)
    red, _green, _blue = opened(made.data).getpixel((46, 2))
    assert red > 200


@pytest.mark.parametrize(
    "broken", [photo()[:400], photo("PNG")[:60], b"\xff\xd8\xff" + b"<script>alert(1)</script>" * 9]
)
def test_a_broken_photo_is_refused_with_its_name(broken):
    with pytest.raises(PhotoBroken) as raised:
        scale(broken, "rusak.jpg", (2048, 480))
    assert raised.value.values == {"filename": "rusak.jpg"}


def test_a_picture_that_unpacks_to_too_many_pixels_is_refused():
    with pytest.raises(PhotoTooLarge):
        scale(bomb(), "bom.png", (2048, 480))
