"""Which posts are the same but for their place, which topics are alike, and who is proposed first."""

import pytest

from outreach.domain.ladder.substitutes import SubstituteReason, endings, rank, same_post, shared_topic

PLACES = {"metro", "metro timur", "metro pusat", "pringsewu", "yosodadi", "lampung"}


@pytest.mark.parametrize(
    ("post", "other"),
    [
        ("Kapolres Metro", "KAPOLRES Pringsewu"),
        ("Camat Metro Timur", "Camat Metro Pusat"),
        ("Kepala Dinas Sosial Kota Metro", "Plt. Kepala Dinas Sosial Kabupaten Pringsewu"),
        ("Lurah Yosodadi", "Lurah Metro"),
        ("Kapolres Metro", "Kapolres"),
        ("Psikolog", "psikolog"),
    ],
)
def test_posts_that_differ_in_their_place_are_the_same(post, other):
    assert same_post(post, other, PLACES)
    assert same_post(other, post, PLACES)


@pytest.mark.parametrize(
    ("post", "other"),
    [
        ("Kapolres Metro", "Kapolsek Metro"),
        ("Kepala Dinas Sosial Kota Metro", "Kepala Dinas Kesehatan Kota Metro"),
        ("Kapolres Metro", "Kapolres Entah"),
        ("Metro", "Pringsewu"),
        ("", ""),
    ],
)
def test_other_posts_are_not(post, other):
    assert not same_post(post, other, PLACES)


def test_the_place_may_be_each_end_of_a_post_but_never_all_of_it():
    assert endings("Plt. Camat Kec. Metro Timur") == {"metro timur", "timur"}


def test_topics_are_alike_from_two_telling_words_on():
    earlier = ["Sambutan dan pembukaan", "Kesehatan korban", "Pendampingan korban kekerasan di sekolah"]
    assert shared_topic(["Perlindungan korban kekerasan"], earlier) == "Pendampingan korban kekerasan di sekolah"
    assert shared_topic(["Sambutan"], earlier) == ""
    assert shared_topic(["Kekerasan di sekolah"], ["Kesehatan ibu"]) == ""


def test_who_can_come_is_first_then_the_weightier_reason_counts():
    post, sector = {SubstituteReason.SAME_POST}, {SubstituteReason.SAME_SECTOR}
    assert rank(sector, blocked=False, clashes=0) < rank(post, blocked=False, clashes=1)
    assert rank(post, blocked=False, clashes=1) < rank(post, blocked=True, clashes=1)
    assert rank(post, blocked=False, clashes=0) < rank(
        sector | {SubstituteReason.SPOKE_BEFORE}, blocked=False, clashes=0
    )
