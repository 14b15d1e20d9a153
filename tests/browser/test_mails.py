"""Mails in a real browser, as on a phone: the button is on the first screen, nothing is cut off, fingers hit the buttons."""

import pytest

from outreach.domain.kinds import Audience, MailKind, Role
from tests.world import draft_activity
from tests.world.composed import html_of, line, mail_of, published_invitation

pytestmark = pytest.mark.browser
PHONE = {"width": 360, "height": 640}


@pytest.fixture
def page(chromium):
    page = chromium.new_context(viewport=PHONE, java_script_enabled=False).new_page()
    yield page
    page.close()


def mails(activity, ani, chief, police):
    """Return the HTML of each kind of mail that asks for an answer."""
    return {
        "cadre": mail_of(line(published_invitation(activity, ani), MailKind.INVITATION)),
        "speaker": mail_of(line(published_invitation(activity, chief, Role.SPEAKER), MailKind.INVITATION)),
        "organisation": mail_of(line(published_invitation(activity, police, Role.PARTICIPANT, quota=2), MailKind.INVITATION)),
        "reminder": mail_of(
            line(published_invitation(activity, ani, Role.PARTICIPANT), MailKind.REMINDER, Audience.UNANSWERED)
        ),
    }  # fmt: skip


def test_the_button_stands_on_a_phones_first_screen_and_is_large_enough(page, activity, ani, chief, police):
    for name, mail in mails(activity, ani, chief, police).items():
        page.set_content(html_of(mail))
        button = page.locator(".button").first.bounding_box()
        assert button["y"] + button["height"] <= PHONE["height"], name
        assert button["height"] >= 44, name
        assert button["x"] >= 0, name
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= PHONE["width"], name


def test_for_several_invitations_the_common_button_comes_first(page, programme, hall, ani):
    several = [draft_activity(programme, hall, 18 + n, title=f"Hari {n}") for n in range(3)]
    page.set_content(
        html_of(mail_of(*[line(published_invitation(activity, ani), MailKind.INVITATION) for activity in several]))
    )
    button = page.locator(".button").first.bounding_box()
    assert button["y"] + button["height"] <= PHONE["height"]


def test_the_line_for_lists_of_mails_is_invisible_in_the_mail(page, activity, ani):
    page.set_content(html_of(mail_of(line(published_invitation(activity, ani), MailKind.INVITATION))))
    first = page.locator("body > div").first
    assert first.text_content().startswith("Senin, 18 Januari 2027, 08.00–12.00 WIB · Aula Bappeda")
    assert not first.is_visible()
