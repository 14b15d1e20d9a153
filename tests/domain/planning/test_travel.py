"""The travel time from one place to the next."""

from dataclasses import replace

import pytest

from outreach.domain.planning.parties import Place
from outreach.domain.planning.rules import TravelRules
from outreach.domain.planning.travel import distance_km, needed_min
from tests.domain.plan_help import BAPPEDA, GANJAR_AGUNG, YOSODADI

RULES = TravelRules(speed_km_h=20, detour=1.5, buffer_min=10)


def test_metro_is_about_35_km_from_bandar_lampung():
    assert distance_km((-5.1131, 105.3067), (-5.4292, 105.2610)) == pytest.approx(35.5, abs=0.1)


def test_no_travel_time_is_needed_within_one_venue():
    assert needed_min(BAPPEDA, BAPPEDA, RULES) == 0


def test_the_way_is_longer_than_the_straight_line_and_the_buffer_is_added():
    there = needed_min(BAPPEDA, GANJAR_AGUNG, RULES)  # 2.33 km, so 3.49 km by road, 10.5 minutes
    assert there == needed_min(GANJAR_AGUNG, BAPPEDA, RULES) == 11 + 10


def test_without_coordinates_the_regions_give_the_distance():
    here = replace(YOSODADI, id=9)
    others = ("18.72.03.1001", "18.72.03.1002", "18.72.01.1001", "18.71.01.1001", "18.72")
    assert [needed_min(here, Place(8, region_code=code), RULES) for code in others] == [15, 20, 35, 100, 35]


def test_an_unknown_place_gives_no_estimate():
    assert needed_min(BAPPEDA, None, RULES) is None
    assert needed_min(Place(8), BAPPEDA, RULES) is None


def test_no_estimate_exceeds_the_longest_travel_time():
    assert needed_min(BAPPEDA, Place(8, latitude=-8.65, longitude=115.2), RULES) == RULES.longest_min


def test_a_speed_of_zero_is_refused():
    with pytest.raises(ValueError):
        TravelRules(speed_km_h=0)
