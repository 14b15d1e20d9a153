"""How a post and its office are addressed."""

import pytest

from outreach.delivery.words import salutations


@pytest.mark.parametrize(
    ("post", "office", "said"),
    [
        ("Camat Metro Pusat", "Kantor Kecamatan Metro Pusat", "Camat Metro Pusat"),
        ("Plt. Camat Metro Pusat", "Kecamatan Metro Pusat", "Plt. Camat Metro Pusat"),
        ("Lurah Imopuro", "Kelurahan Imopuro", "Lurah Imopuro"),
        ("Camat", "Kecamatan Metro Pusat", "Camat Kecamatan Metro Pusat"),
        ("Camat Metro", "Kecamatan Metro Pusat", "Camat Metro Kecamatan Metro Pusat"),
        (
            "Kasi Pemerintahan Metro Pusat",
            "Kecamatan Metro Pusat",
            "Kasi Pemerintahan Metro Pusat Kecamatan Metro Pusat",
        ),
        ("Kapolres Metro", "Polres Metro", "Kapolres Metro"),
    ],
)
def test_a_post_whose_name_has_its_office_is_not_followed_by_it(post, office, said):
    assert salutations.of_post(post, office, "") == said
