"""Values to JSON and back: the form of each type, equality after reading, and refusal of other forms."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from enum import StrEnum
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach import codec


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True)
class Seat:
    number: int
    is_new: bool = field(default=True, metadata=codec.key("new"))


@dataclass(frozen=True, slots=True)
class Hours:
    opens: time
    closes: time

    def __post_init__(self):
        if self.closes <= self.opens:
            raise ValueError("It closes before it opens.")


@dataclass(frozen=True)
class Light:
    """Its default values are not written."""

    watts: float = 5.0
    hours: Hours = Hours(time(18), time(22))


@dataclass(frozen=True)
class Room:
    name: str
    zone: ZoneInfo
    seats: tuple[Seat, ...] = ()
    owner: tuple[int, str] | None = None
    built_on: date | None = None
    seen_at: datetime | None = None
    hours: Hours | None = None
    light: Light = Light()
    paint: Mapping[Colour, float] = field(default_factory=dict)
    names: Mapping[int, str] = field(default_factory=dict)
    free: frozenset[int] = frozenset()
    colour: Colour = Colour.RED


codec.write_as_list(Hours)
codec.write_without_defaults(Light)

HALL = Room(
    name="Aula",
    zone=ZoneInfo("Asia/Jakarta"),
    seats=(Seat(1), Seat(2, is_new=False)),
    owner=(7, "Citra"),
    built_on=date(2027, 1, 18),
    seen_at=datetime(2027, 1, 18, 2, 30, tzinfo=UTC),
    hours=Hours(time(8), time(16, 30)),
    light=Light(hours=Hours(time(18), time(23, 0, 5))),
    paint={Colour.BLUE: 2.5},
    names={1448: "Ramadan"},
    free=frozenset({9, 4}),
    colour=Colour.BLUE,
)
AS_JSON = {
    "name": "Aula",
    "zone": "Asia/Jakarta",
    "seats": [{"number": 1, "new": True}, {"number": 2, "new": False}],
    "owner": [7, "Citra"],
    "built_on": "2027-01-18",
    "seen_at": "2027-01-18T02:30:00+00:00",
    "hours": ["08:00", "16:30"],
    "light": {"hours": ["18:00", "23:00:05"]},
    "paint": {"blue": 2.5},
    "names": {"1448": "Ramadan"},
    "free": [4, 9],
    "colour": "blue",
}
BARE = {"name": "Aula", "zone": "Asia/Jakarta"}


def test_each_type_has_one_form():
    written = codec.to_json(HALL)
    assert written == AS_JSON
    assert json.loads(json.dumps(written)) == written
    assert {type(value) for value in (written["colour"], *written["paint"])} == {str}  # not the enum that equals it


def test_a_written_value_is_read_back_equal():
    assert codec.from_json(Room, json.loads(json.dumps(codec.to_json(HALL)))) == HALL


def test_a_missing_field_has_its_default_and_an_unknown_key_is_ignored():
    assert codec.from_json(Room, {**BARE, "wheels": 4}) == Room("Aula", ZoneInfo("Asia/Jakarta"))


def test_a_list_is_read_by_the_type_of_its_members():
    assert codec.from_json(list[Seat], [{"number": 1}, {"number": 2, "new": False}]) == [Seat(1), Seat(2, False)]


def test_a_whole_number_is_accepted_for_any_number():
    assert codec.from_json(Light, {"watts": 7}) == Light(7.0)


@pytest.mark.parametrize(
    "stored",
    [
        None,
        [],
        "Aula",
        {},
        {"name": "Aula"},
        {**BARE, "zone": "Mars/Olympus"},
        {**BARE, "name": 3},
        {**BARE, "seats": 3},
        {**BARE, "seats": [{"number": "1"}]},
        {**BARE, "seats": [{"number": True}]},
        {**BARE, "seats": [{"number": 1.0}]},
        {**BARE, "seats": [{"number": 1, "new": 1}]},
        {**BARE, "seats": [[]]},
        {**BARE, "owner": [7]},
        {**BARE, "owner": [7, "Citra", "Dian"]},
        {**BARE, "built_on": "2027-13-18"},
        {**BARE, "seen_at": 3},
        {**BARE, "hours": ["08:00"]},
        {**BARE, "hours": ["16:30", "08:00"]},
        {**BARE, "light": []},
        {**BARE, "light": {"watts": "5"}},
        {**BARE, "light": {"watts": False}},
        {**BARE, "paint": {"green": 1}},
        {**BARE, "paint": []},
        {**BARE, "names": {"many": "Ramadan"}},
        {**BARE, "colour": "green"},
        {**BARE, "colour": 1},
    ],
)
def test_another_form_is_refused(stored):
    with pytest.raises(codec.Unreadable):
        codec.from_json(Room, stored)


def test_a_refusal_does_not_reveal_the_stored_value():
    with pytest.raises(codec.Unreadable) as refused:
        codec.from_json(Room, {**BARE, "owner": [7, "Citra", "Dian"]})
    assert "Citra" not in str(refused.value)
    assert refused.value.__suppress_context__  # nor does a log


HOURS = st.tuples(st.times(), st.times()).filter(lambda two: two[0] < two[1]).map(lambda two: Hours(*two))
ROOMS = st.builds(
    Room,
    name=st.text(),
    zone=st.sampled_from(["Asia/Jakarta", "Asia/Jayapura", "UTC"]).map(ZoneInfo),
    seats=st.lists(st.builds(Seat, st.integers(), st.booleans())).map(tuple),
    owner=st.none() | st.tuples(st.integers(), st.text()),
    built_on=st.none() | st.dates(),
    seen_at=st.none() | st.datetimes(timezones=st.just(UTC)),
    hours=st.none() | HOURS,
    light=st.builds(Light, st.floats(allow_nan=False, allow_infinity=False), HOURS),
    paint=st.dictionaries(st.sampled_from(Colour), st.floats(allow_nan=False, allow_infinity=False)),
    names=st.dictionaries(st.integers(), st.text()),
    free=st.frozensets(st.integers()),
    colour=st.sampled_from(Colour),
)


@given(ROOMS)
def test_any_value_is_read_back_equal(room):
    assert codec.from_json(Room, json.loads(json.dumps(codec.to_json(room)))) == room
