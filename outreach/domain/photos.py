"""Photos of an activity: which are taken, how large they are kept, and who may see them. Pure functions."""

from collections.abc import Sequence
from enum import StrEnum

from outreach.domain.problems import Problem

THUMBNAIL = 480  # pixels
MOST_IN_A_CAPTION = 200
MOST_IN_A_TITLE = 200
MOST_OF_A_PRESS_TEXT = 10_000
_JPEG, _PNG = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"
_HEIC = frozenset({b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"avif"})  # brands of ISO/IEC 23008-12, annex B


class PhotoAudience(StrEnum):
    """Who sees the photos and the press text."""

    STAFF = "staff"
    PRESENT = "present"  # also those who were there, on their own page
    PUBLIC = "public"  # everybody who has the address


class NoPhotoChosen(Problem):
    message = "Please choose at least one photo first."
    field = "photos"


class NotAPhoto(Problem):
    message = "“%(filename)s” was not taken: it is no photo. Please choose JPG, PNG or WebP."


class PhotoIsHeic(Problem):
    message = (
        "“%(filename)s” was not taken: it is an Apple photo (HEIC). On the phone, choose Settings, Camera, Formats, “Most "
        "Compatible”; or send the photo to yourself by mail, which turns it into JPG."
    )


class PhotoBroken(Problem):
    message = "“%(filename)s” was not taken: it is damaged, and cannot be shown."


class PhotoTooLarge(Problem):
    message = "“%(filename)s” was not taken: it is too large to be opened. Please send a smaller one."


class TooManyPhotos(Problem):
    message = "An activity has at most %(most)d photos. “%(filename)s” was not taken; please delete one first."


class PhotoMissing(Problem):
    message = "This photo does not exist, or has been deleted."


class CaptionTooLong(Problem):
    message = "A caption has at most %(most)d characters. Please shorten it."


class PressTextIncomplete(Problem):
    message = "Please write the title of the press text, too."
    field = "press_title"


class NothingForThePress(Problem):
    message = "There is nothing to show yet: neither a photo nor a press text."
    field = "audience"


def check_is_photo(data: bytes, filename: str, most: int) -> None:
    """Raise NotAPhoto or PhotoIsHeic by a file's first bytes, or PhotoTooLarge above `most` bytes. Its name decides nothing."""
    if data[4:8] == b"ftyp" and data[8:12] in _HEIC:
        raise PhotoIsHeic(filename=filename)
    webp = data[:4] == b"RIFF" and data[8:12] == b"WEBP"
    if not webp and not data.startswith((_JPEG, _PNG)):
        raise NotAPhoto(filename=filename)
    if len(data) > most:
        raise PhotoTooLarge(filename=filename)


def ordered(ids: Sequence[int], moved: int, by: int) -> list[int]:
    """Return the photos' ids with one moved forward (by < 0) or back (by > 0) by some places, as far as there are places."""
    rest = [one for one in ids if one != moved]
    place = min(max(ids.index(moved) + by, 0), len(rest))
    return [*rest[:place], moved, *rest[place:]]
