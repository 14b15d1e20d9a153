"""The Indonesian catalogue is complete, has no leftovers, and is the one that is compiled."""

from outreach.translations import catalogue


def test_every_text_is_translated_with_the_same_places_and_none_is_left_over():
    assert catalogue.faults() == []


def test_the_compiled_catalogue_is_the_present_one():
    assert catalogue.MO.read_bytes() == catalogue.compiled()
