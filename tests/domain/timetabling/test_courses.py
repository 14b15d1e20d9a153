"""Course timetables for the benchmark of placing: the .ctt form is read as written, and a malformed one names its line."""

import pytest

from benchmarks.planning.courses import Course, Courses, Unreadable, read, written

TEXT = """Name: Toy
Courses: 2
Rooms: 2
Days: 5
Periods_per_day: 4
Curricula: 1
Constraints: 1

COURSES:
SceCosC Ocra 3 3 30
ArcTec Indaco 3 2 42

ROOMS:
rA 32
rB 50

CURRICULA:
Cur1 2 SceCosC ArcTec

UNAVAILABILITY_CONSTRAINTS:
ArcTec 4 3

END.
"""


def test_an_instance_is_read_and_written_in_the_published_form():
    toy = read(TEXT)
    assert toy == Courses(
        "Toy", 5, 4,
        (Course("SceCosC", "Ocra", 3, 3, 30), Course("ArcTec", "Indaco", 3, 2, 42)),
        {"rA": 32, "rB": 50}, {"Cur1": ("SceCosC", "ArcTec")}, (("ArcTec", 4, 3),),
    )  # fmt: skip
    assert read(written(toy)) == toy
    assert (toy.lectures, toy.occupied) == (6, 0.15)


@pytest.mark.parametrize(
    ("was", "now", "sentence"),
    [
        ("SceCosC Ocra 3 3 30", "SceCosC Ocra 3 3", "Line 10, “SceCosC Ocra 3 3”: 5 values are expected, and it has 4"),
        ("rB 50", "rB many", "Line 15, “rB many”: many is not a whole number"),
        ("Cur1 2 SceCosC ArcTec", "Cur1 3 SceCosC ArcTec",
         "Line 18, “Cur1 3 SceCosC ArcTec”: 3 courses are announced, and 2 are named"),
        ("Cur1 2 SceCosC ArcTec", "Cur1", "Line 18, “Cur1”: 2 values are expected, and it has 1"),
        ("Cur1 2 SceCosC ArcTec", "Cur1 2 SceCosC Geo", "Line 18, “Cur1 2 SceCosC Geo”: there is no course Geo"),
        ("ArcTec 4 3", "ArcTec 5 3", "Line 21, “ArcTec 5 3”: the days are 0 to 4, and the periods 0 to 3"),
        ("ArcTec 4 3", "ArcTec -1 3", "Line 21, “ArcTec -1 3”: -1 is not a whole number"),
        ("ArcTec 4 3", "Geo 4 3", "Line 21, “Geo 4 3”: there is no course Geo"),
        ("Rooms: 2", "Rooms two", "Line 3 belongs to no part: Rooms two"),
        ("Rooms: 2", "Rooms: two", "The head says “two” for Rooms, which is no number."),
        ("Rooms: 2", "", "The head says “” for Rooms, which is no number."),
        ("Rooms: 2", "Rooms: 3", "ROOMS has 2 lines, and Rooms says 3."),
        ("END.\n", "", "Line 22 is the last, and it is not END."),
        (TEXT, "", "Line 0 is the last, and it is not END."),
    ],
)  # fmt: skip
def test_a_malformed_instance_is_refused_with_its_line(was: str, now: str, sentence: str):
    with pytest.raises(Unreadable) as refused:
        read(TEXT.replace(was, now))
    assert str(refused.value) == sentence
