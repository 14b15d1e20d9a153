"""Who holds a post on a day: a Plh. before a Plt., a Plt. before the definitive holder, who began later before others."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.domain.kinds import HolderKind, Role
from outreach.domain.posts import HolderTerm, ToPost, holder_on, next_after, overlapping, passed_on, title

BUDI, SARI, DANU, RINA = 1, 2, 3, 4
DEFINITIVE, PLT, PLH = HolderKind.DEFINITIVE, HolderKind.ACTING, HolderKind.DAILY_ACTING


def day(number: int, month: int = 1) -> date:
    return date(2027, month, number)


TERMS = [
    HolderTerm(BUDI, day(1), day(20), DEFINITIVE, 1),
    HolderTerm(SARI, day(10), day(12), PLH, 2),
    HolderTerm(DANU, day(21), None, PLT, 3),
    HolderTerm(RINA, day(1, 2), None, DEFINITIVE, 4),
]


@pytest.mark.parametrize(
    ("on", "holder"),
    [
        (date(2026, 12, 31), None),
        (day(1), BUDI),
        (day(9), BUDI),
        (day(10), SARI),
        (day(12), SARI),
        (day(13), BUDI),
        (day(20), BUDI),
        (day(21), DANU),
        (day(1, 2), DANU),  # the Plt. has not ended
    ],
)
def test_both_ends_of_a_term_belong_to_it(on, holder):
    found = holder_on(TERMS, on)
    assert (found and found.person_id) == holder


def test_a_plh_comes_before_a_plt_and_a_plt_before_the_definitive_holder():
    terms = [
        HolderTerm(BUDI, day(3), None, DEFINITIVE),
        HolderTerm(DANU, day(2), None, PLT),
        HolderTerm(SARI, day(1), None, PLH),
    ]
    assert [holder_on(terms[:count], day(5)).person_id for count in (1, 2, 3)] == [BUDI, DANU, SARI]


def test_of_the_same_kind_who_began_later_comes_first():
    terms = [HolderTerm(SARI, day(4), day(6), PLH, 1), HolderTerm(DANU, day(3), day(9), PLH, 2)]
    assert holder_on(terms, day(5)).person_id == SARI
    assert holder_on(terms, day(7)).person_id == DANU


def test_the_next_holder_is_the_next_other_person_also_when_a_term_ends():
    assert next_after(TERMS, day(5)).person_id == SARI
    assert next_after(TERMS, day(11)).person_id == BUDI
    assert next_after(TERMS, day(15)).person_id == DANU
    assert next_after(TERMS, day(25)) is None  # Danu stays Plt. although Rina is appointed


def test_definitive_terms_may_touch_and_not_overlap():
    new = HolderTerm(RINA, day(20), day(25), DEFINITIVE)
    assert overlapping(TERMS, new).person_id == BUDI
    assert overlapping(TERMS, new._replace(from_on=day(21))) is None
    assert overlapping(TERMS, new._replace(from_on=day(21), until_on=None)).person_id == RINA
    assert overlapping(TERMS, new._replace(kind=PLT)) is None
    assert overlapping(TERMS, TERMS[0]) is None  # itself


def test_the_post_is_named_as_its_holder_has_it():
    assert [title("Kapolres Metro", kind) for kind in HolderKind] == [
        "Plh. Kapolres Metro",
        "Plt. Kapolres Metro",
        "Kapolres Metro",
    ]


terms = st.builds(
    lambda who, first, length, kind, id: HolderTerm(
        who, day(first), None if length is None else date.fromordinal(day(first).toordinal() + length), kind, id
    ),
    st.integers(1, 5), st.integers(1, 28), st.none() | st.integers(0, 20), st.sampled_from(HolderKind), st.integers(1, 99),
)  # fmt: skip


@given(st.lists(terms, max_size=6), st.integers(1, 28))
def test_the_holder_does_not_depend_on_the_order_of_entries_and_holds_that_day(known, on):
    found = holder_on(known, day(on))
    assert (found is None) == (not any(term.covers(day(on)) for term in known))
    assert found is None or found.covers(day(on))
    again = holder_on(reversed(known), day(on))
    assert (again and (again.kind, again.from_on, again.id)) == (found and (found.kind, found.from_on, found.id))


def passed(on, *invitations, others=()):
    to_posts = [ToPost(id, role, person_id, tuple(terms)) for id, role, person_id, terms in invitations]
    invited = {(one.role, one.person_id) for one in to_posts} | set(others)
    return {id: term.person_id for id, term in passed_on(to_posts, on, invited).items()}


def test_an_invitation_is_passed_on_to_the_holder_of_another_day():
    assert passed(day(9), (7, Role.SPEAKER, BUDI, TERMS)) == {}
    assert passed(day(11), (7, Role.SPEAKER, BUDI, TERMS)) == {7: SARI}


def test_it_stays_if_nobody_holds_the_post_or_the_holder_is_invited_in_the_same_role():
    assert passed(date(2026, 12, 31), (7, Role.SPEAKER, BUDI, TERMS)) == {}
    assert passed(day(11), (7, Role.SPEAKER, BUDI, TERMS), others={(Role.SPEAKER, SARI)}) == {}
    assert passed(day(11), (7, Role.SPEAKER, BUDI, TERMS), others={(Role.MODERATOR, SARI)}) == {7: SARI}


def test_two_posts_that_change_places_pass_on_what_comes_free():
    danus = [HolderTerm(DANU, day(1), day(9)), HolderTerm(BUDI, day(11), day(11), PLH)]
    both = ((7, Role.SPEAKER, BUDI, TERMS), (8, Role.SPEAKER, DANU, danus))
    assert passed(day(11), *both) == {7: SARI, 8: BUDI}
    assert passed(day(11), *reversed(both)) == {7: SARI}  # Budi has the other invitation still
