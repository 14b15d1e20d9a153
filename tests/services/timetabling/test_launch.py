"""The search process gets the settings of the process that starts it, and uses the same database."""

import time
from datetime import timedelta

import pytest
from click.testing import CliRunner

from outreach import clock, settings
from outreach.cli import main
from outreach.domain.states import SearchState
from outreach.extensions import db
from outreach.queries import timetabling as timetabling_pages
from outreach.services.timetabling import launch, searches
from tests.world import draft_activity
from tests.world.timetabling import a_request

pytestmark = [pytest.mark.any_day, pytest.mark.slow]

WAIT_S = 300


def test_settings_are_passed_unchanged_through_the_environment(tmp_path, monkeypatch):
    given = settings.Settings(
        secret_key="s" * 40, instance=tmp_path, demo=True, proxies=2, mail_timeout_s=1.5, mail_sender="Ü <a@example.com>"
    )  # fmt: skip
    for name, value in launch.environment(given).items():
        monkeypatch.setenv(name, value)
    assert settings.load() == given


def test_passed_settings_override_a_file_in_the_same_folder(tmp_path, monkeypatch):
    (tmp_path / "settings.toml").write_text('demo = true\nmail_server = "mail.example.com"\n')
    for name, value in launch.environment(settings.Settings(instance=tmp_path)).items():
        monkeypatch.setenv(name, value)
    assert settings.load() == settings.Settings(instance=tmp_path)


def test_the_search_process_uses_the_same_database(any_app, office):
    now = clock.now()
    day = now.replace(hour=2, minute=0, second=0, microsecond=0) + timedelta(days=21)
    activity = draft_activity(
        None, None, starts_at=day, ends_at=day + timedelta(hours=2), registration_at=None, respond_by_at=day
    )
    week = timedelta(days=7)
    asked = a_request([activity], first_on=(day - week).date(), last_on=(day + week).date())
    search_id = searches.create(asked, title="A", by=None, now=now).id
    searches.start(search_id, launch=launch.launch, by=None, now=now)
    until = time.monotonic() + WAIT_S
    while timetabling_pages.get(search_id).state in searches.RUNNING and time.monotonic() < until:
        db.session.rollback()  # on SQLite a transaction sees the data from when it began
        time.sleep(0.2)
    assert timetabling_pages.get(search_id).state is SearchState.DONE


def test_the_command_exists_but_is_hidden_from_the_help():
    assert "  place" not in CliRunner().invoke(main, ["--help"]).output
    assert "its page has prepared" in CliRunner().invoke(main, ["place", "--help"]).output
