"""What browsers are called."""

import pytest

from outreach.domain.sign_in.devices import browser_of, system_of

ANDROID = (
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Mobile Safari/537.36"
)
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Version/18.1 Mobile/15E148 Safari/604.1"
EDGE = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/143.0.0.0 Safari/537.36 Edg/143.0.0.0"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"


@pytest.mark.parametrize(
    ("user_agent", "known"),
    [
        (ANDROID, ("Chrome", "Android")),
        (IPHONE, ("Safari", "iPhone")),
        (EDGE, ("Edge", "Windows")),
        (FIREFOX, ("Firefox", "Linux")),
        ("curl/8.10", ("", "")),
        ("", ("", "")),
    ],
)
def test_a_browser_and_its_system_have_the_names_that_people_know(user_agent: str, known: tuple[str, str]):
    assert (browser_of(user_agent), system_of(user_agent)) == known
