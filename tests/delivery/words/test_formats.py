"""Ranges of days are written without repetition."""

from datetime import date

import pytest
from flask_babel import force_locale

from outreach.delivery.words import formats


@pytest.mark.parametrize(
    ("first", "last", "indonesian", "english"),
    [
        (date(2027, 1, 18), date(2027, 1, 21), "18–21 Januari 2027", "18–21 January 2027"),
        (date(2026, 11, 26), date(2026, 12, 4), "26 November – 4 Desember 2026", "26 November – 4 December 2026"),
        (
            date(2026, 12, 30), date(2027, 1, 2),
            "30 Desember 2026 – 2 Januari 2027", "30 December 2026 – 2 January 2027",
        ),
    ],
)  # fmt: skip
def test_a_range_of_days_has_month_and_year_once_where_they_are_equal(app, first, last, indonesian, english):
    with force_locale("id"):
        assert formats.days(first, last) == indonesian
    with force_locale("en"):
        assert formats.days(first, last) == english
