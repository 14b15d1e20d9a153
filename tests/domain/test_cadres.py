"""Cadres are asked in turn."""

from outreach.domain.activity import pattern
from outreach.domain.cadres import Candidate, Need, in_turn
from tests.world import at

ANI, BUDI, CITRA, DIAN = (Candidate(n, name) for n, name in enumerate(("Ani", "budi", "Citra", "Dian"), start=1))


def need(activity_id: int, day: int, *candidates: Candidate, hour: int = 9, asked: int = 0, busy=()) -> Need:
    return Need(activity_id, at(day, hour), at(day, hour + 2), candidates, asked, frozenset(busy))


def asked(who: Candidate, day: int) -> Candidate:
    return Candidate(who.person_id, who.name, at(day))


def test_those_who_were_asked_least_lately_come_first_and_those_never_asked_before_them():
    candidates = asked(ANI, 12), asked(BUDI, 5), CITRA, asked(DIAN, 11)
    assert in_turn([need(7, 18, *candidates)], 3) == {7: [3, 2, 4]}


def test_among_equals_the_name_decides_in_capitals_or_not():
    assert in_turn([need(7, 18, DIAN, CITRA, BUDI, ANI)], 2) == {7: [1, 2]}


def test_who_is_asked_already_counts_towards_the_number():
    assert in_turn([need(7, 18, ANI, BUDI, asked=1)], 2) == {7: [1]}
    assert in_turn([need(7, 18, ANI, BUDI, asked=3)], 2) == {7: []}


def test_where_there_are_fewer_all_of_them_are_chosen():
    assert in_turn([need(7, 18, ANI), need(8, 19)], 5) == {7: [1], 8: []}


def test_the_second_activity_of_a_kelurahan_gets_the_others_and_then_the_first_again():
    four = (ANI, BUDI, CITRA, DIAN)
    later, sooner = need(7, 19, *four), need(8, 18, *four)
    assert in_turn([later, sooner], 2) == {8: [1, 2], 7: [3, 4]}
    assert in_turn([later, sooner], 3) == {8: [1, 2, 3], 7: [4, 1, 2]}


def test_who_is_expected_elsewhere_at_that_time_comes_last():
    assert in_turn([need(7, 18, ANI, asked(BUDI, 12), busy=[1])], 1) == {7: [2]}
    assert in_turn([need(7, 18, ANI, asked(BUDI, 12), busy=[1])], 2) == {7: [2, 1]}


def test_who_is_chosen_for_one_activity_is_not_free_for_another_at_the_same_time():
    lately = asked(BUDI, 17)
    assert in_turn([need(7, 18, ANI), need(8, 18, ANI, asked(BUDI, 30), hour=10)], 1) == {7: [1], 8: [2]}
    assert in_turn([need(7, 18, ANI), need(8, 18, ANI, lately, hour=11)], 1) == {7: [1], 8: [2]}  # Ani had her turn


def test_the_pattern_of_a_title_is_what_stands_before_its_kelurahan():
    assert pattern("Sosialisasi PATBM Kelurahan Imopuro", "Imopuro") == "Sosialisasi PATBM Kelurahan"
    assert pattern("Sosialisasi PATBM – IMOPURO", "Imopuro") == "Sosialisasi PATBM"
    assert pattern("Sosialisasi di Ganjar Agung", "Agung") == "Sosialisasi di Ganjar"
    assert pattern("Sosialisasi PATBM", "Imopuro") == "Sosialisasi PATBM"
    assert pattern("Imopuro", "Imopuro") == "Imopuro"
    assert pattern("Rapat", "") == "Rapat"
