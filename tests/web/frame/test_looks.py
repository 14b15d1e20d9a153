"""Icons, pagers of lists, and the output of macros."""

import re
from datetime import date, time
from pathlib import Path

import pytest
from flask import Flask, g, render_template_string
from wtforms import Form, StringField

from outreach.domain.problems import Problem
from outreach.domain.states import ActivityState, InvitationState, MessageState, ReminderState
from outreach.queries.paging import Page
from outreach.settings import ROOT
from outreach.web.frame.looks import TONES, badge
from outreach.web.frame.say import say
from tests.world import JAKARTA, at

UI = '{% import "macros/ui.html" as ui with context %}'


def drawn(app: Flask, template: str, path: str = "/?lang=en", **values: object) -> str:
    with app.test_request_context(path):
        return render_template_string(UI + template, **values)


def test_every_icon_that_a_template_names_is_in_the_sprite():
    sprite = (ROOT / "outreach" / "static" / "icons.svg").read_text("utf-8")
    there = set(re.findall(r'<symbol id="([^"]+)"', sprite))
    named = {
        name
        for path in Path(ROOT / "templates").rglob("*.html")
        for name in re.findall(r"""\b(?:icon|empty)\(\s*['"]([a-z0-9-]+)['"]""", path.read_text("utf-8"))
    }
    assert named - there == set()


@pytest.mark.parametrize("kind", [ActivityState, InvitationState, ReminderState, MessageState])
def test_every_state_has_its_colour(kind: type):
    assert [member for member in kind if (kind, member.value) not in TONES] == []


def test_a_badge_shows_its_state_in_a_word(app: Flask):
    with app.test_request_context("/?lang=en"):
        assert badge(InvitationState.COMING) == '<span class="badge tone-green">Coming</span>'


def test_a_problem_shows_instants_in_its_own_zone(app: Flask):
    problem = Problem("Taken until %(until)s.", until=at(18, 12), zone=JAKARTA)
    with app.test_request_context("/?lang=en"):
        assert say(problem) == "Taken until Monday, 18 January 2027 at 12:00 WIB."


def test_user_input_is_never_markup(app: Flask):
    assert "<b>" not in drawn(
        app, "{{ ui.alert(text) }}{{ ui.page_header(text) }}{{ ui.badge(none, text) }}", text="<b>x</b>"
    )


@pytest.mark.parametrize(
    ("number", "total", "offered"),
    [(1, 20, [1]), (1, 75, [1, 2, 3]), (5, 250, [1, None, 4, 5, 6, None, 10]), (10, 250, [1, None, 9, 10])],
)
def test_a_pager_links_to_both_ends_and_the_neighbours(number: int, total: int, offered: list[int | None]):
    assert Page(["x"], total, number, 25).numbers == offered


def test_a_pager_keeps_the_search(app: Flask):
    @app.get("/list", endpoint="list")
    def listed() -> str:
        return ""

    page = drawn(app, "{{ ui.pager(page) }}", "/list?q=ani&page=2&lang=en", page=Page(["x"] * 25, 75, 2, 25))
    assert 'href="/list?q=ani&amp;page=3&amp;lang=en"' in page
    assert "26–50 of 75" in page


@pytest.mark.parametrize(
    ("locale", "said"), [("id", "Senin, 18 Januari 2027 08.30"), ("en", "Monday, 18 January 2027 08:30")]
)
def test_a_day_and_an_hour_in_a_problem_are_in_words(app: Flask, locale: str, said: str):
    class TooEarly(Problem):
        message = "%(day)s %(at)s"

    with app.test_request_context(f"/?lang={locale}"):
        assert say(TooEarly(day=date(2027, 1, 18), at=time(8, 30))) == said


def test_a_refused_form_opens_at_its_first_error(app: Flask):
    class TwoFields(Form):
        title = StringField("Title")
        place = StringField("Place")

    form = TwoFields()
    template = "{{ ui.field(form.title) }}{{ ui.field(form.place) }}"
    assert "autofocus" not in drawn(app, template, form=form)
    form.place.errors = ["Where?"]
    shown = drawn(app, template, form=form)
    assert re.findall(r"<input[^>]*autofocus[^>]*>", shown) == re.findall(r'<input[^>]*name="place"[^>]*>', shown)
    form.title.errors = ["What?"]
    g.pop("error_shown")  # as in the next request
    shown = drawn(app, template, form=form)
    assert shown.count("autofocus") == 1
    assert re.search(r'<input[^>]*autofocus[^>]*name="title"', shown)
