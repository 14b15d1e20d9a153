"""Cadres are asked in turn."""

from dataclasses import replace

from outreach.domain.activities.values import pattern
from outreach.domain.cadres import CadreNeed, Candidate, Wanted, in_turn
from outreach.domain.kinds import CadreKind
from tests.world import at

ANI, BUDI, CITRA, DIAN = (Candidate(n, name) for n, name in enumerate(("Ani", "budi", "Citra", "Dian"), start=1))


def need(activity_id: int, day: int, *candidates: Candidate, hour: int = 9, asked=0, busy=()) -> CadreNeed:
    already = (frozenset(),) * asked if isinstance(asked, int) else tuple(frozenset(kinds) for kinds in asked)
    return CadreNeed(activity_id, at(day, hour), at(day, hour + 2), candidates, already, frozenset(busy))


def asked(candidate: Candidate, day: int) -> Candidate:
    return Candidate(candidate.person_id, candidate.name, at(day))


def test_cadres_never_asked_come_first_and_then_those_asked_longest_ago():
    candidates = asked(ANI, 12), asked(BUDI, 5), CITRA, asked(DIAN, 11)
    assert in_turn([need(7, 18, *candidates)], Wanted(3)) == {7: [3, 2, 4]}


def test_between_equal_cadres_the_name_decides_ignoring_capitals():
    assert in_turn([need(7, 18, DIAN, CITRA, BUDI, ANI)], Wanted(2)) == {7: [1, 2]}


def test_cadres_already_asked_count_towards_the_number():
    assert in_turn([need(7, 18, ANI, BUDI, asked=1)], Wanted(2)) == {7: [1]}
    assert in_turn([need(7, 18, ANI, BUDI, asked=3)], Wanted(2)) == {7: []}


def test_if_there_are_fewer_cadres_than_wanted_all_are_chosen():
    assert in_turn([need(7, 18, ANI), need(8, 19)], Wanted(5)) == {7: [1], 8: []}


def test_the_second_activity_of_a_kelurahan_gets_the_others_and_then_the_first_again():
    four = (ANI, BUDI, CITRA, DIAN)
    later, sooner = need(7, 19, *four), need(8, 18, *four)
    assert in_turn([later, sooner], Wanted(2)) == {8: [1, 2], 7: [3, 4]}
    assert in_turn([later, sooner], Wanted(3)) == {8: [1, 2, 3], 7: [4, 1, 2]}


def test_a_cadre_expected_elsewhere_at_that_time_comes_last():
    assert in_turn([need(7, 18, ANI, asked(BUDI, 12), busy=[1])], Wanted(1)) == {7: [2]}
    assert in_turn([need(7, 18, ANI, asked(BUDI, 12), busy=[1])], Wanted(2)) == {7: [2, 1]}


def test_a_cadre_chosen_for_one_activity_is_not_free_for_another_at_the_same_time():
    lately = asked(BUDI, 17)
    assert in_turn([need(7, 18, ANI), need(8, 18, ANI, asked(BUDI, 30), hour=10)], Wanted(1)) == {7: [1], 8: [2]}
    assert in_turn([need(7, 18, ANI), need(8, 18, ANI, lately, hour=11)], Wanted(1)) == {
        7: [1],
        8: [2],
    }  # Ani had her turn


PATBM, PKK, POSYANDU = CadreKind.PATBM, CadreKind.PKK, CadreKind.POSYANDU


def of(candidate: Candidate, *kinds: CadreKind) -> Candidate:
    return replace(candidate, kinds=frozenset(kinds))


def test_each_kind_may_have_a_number_of_its_own():
    candidates = of(ANI, PATBM), of(BUDI, PATBM), of(CITRA, PKK), of(DIAN, PKK)
    assert in_turn([need(7, 18, *candidates)], Wanted(5, {PATBM: 1, PKK: 2})) == {7: [1, 3, 4]}
    assert in_turn([need(7, 18, *candidates)], Wanted(5, {PATBM: 0, PKK: 1})) == {7: [3]}


def test_kinds_without_a_number_of_their_own_share_the_common_one():
    candidates = of(ANI, POSYANDU), of(BUDI, PATBM), of(CITRA, PKK), of(DIAN, PKK)
    assert in_turn([need(7, 18, *candidates)], Wanted(2, {PATBM: 1})) == {7: [1, 2, 3]}
    assert in_turn([need(7, 18, *candidates)], Wanted(1, {PATBM: 1})) == {7: [1, 2]}


def test_a_cadre_of_two_kinds_counts_for_the_kind_that_lets_most_cadres_be_asked():
    candidates = of(ANI, PATBM, PKK), of(BUDI, PATBM), of(CITRA, PATBM)
    assert in_turn([need(7, 18, *candidates)], Wanted(5, {PATBM: 1, PKK: 1})) == {7: [1, 2]}
    assert in_turn([need(7, 18, *candidates, asked=[{PKK}])], Wanted(5, {PATBM: 1, PKK: 1})) == {7: [1]}


def test_cadres_already_asked_count_for_their_kind():
    candidates = of(ANI, PATBM), of(BUDI, PATBM), of(CITRA, PKK)
    assert in_turn([need(7, 18, *candidates, asked=[{PATBM}])], Wanted(5, {PATBM: 2, PKK: 1})) == {7: [1, 3]}
    assert in_turn([need(7, 18, *candidates, asked=[{PATBM}] * 3)], Wanted(5, {PATBM: 2, PKK: 1})) == {7: [3]}


def test_the_total_number_depends_on_the_kinds_that_are_asked():
    wanted = Wanted(5, {PATBM: 3, PKK: 2})
    assert (wanted.total([PATBM, PKK]), wanted.total([PATBM, PKK, POSYANDU]), Wanted(5).total([PKK])) == (5, 10, 5)


def test_the_pattern_of_a_title_is_its_part_before_the_kelurahan():
    assert pattern("Sosialisasi PATBM Kelurahan Imopuro", "Imopuro") == "Sosialisasi PATBM Kelurahan"
    assert pattern("Sosialisasi PATBM – IMOPURO", "Imopuro") == "Sosialisasi PATBM"
    assert pattern("Sosialisasi di Ganjar Agung", "Agung") == "Sosialisasi di Ganjar"
    assert pattern("Sosialisasi PATBM", "Imopuro") == "Sosialisasi PATBM"
    assert pattern("Imopuro", "Imopuro") == "Imopuro"
    assert pattern("Rapat", "") == "Rapat"
