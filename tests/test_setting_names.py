"""A misspelt setting in the environment is reported, and a variable meant for a command is not."""

import pytest
from structlog.testing import capture_logs

from outreach import create_app, settings
from tests.support.apps import settings_for


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("OUTREACH_MAIL_SEVER", "OUTREACH_MAIL_SEVER is no setting; is OUTREACH_MAIL_SERVER meant?"),
        ("Outreach_Mail_Port", "Outreach_Mail_Port is no setting; is OUTREACH_MAIL_PORT meant?"),
        ("OUTREACH_IMAP_PASSWD", "OUTREACH_IMAP_PASSWD is no setting; is OUTREACH_IMAP_PASSWORD meant?"),
        ("OUTREACH_", "OUTREACH_ is no setting."),
        ("OUTREACH_COLOUR_OF_THE_DOOR", "OUTREACH_COLOUR_OF_THE_DOOR is no setting."),
    ],
)
def test_an_unknown_setting_is_reported_with_the_nearest_name(name, said):
    assert settings.strangers({"PATH": "/bin", name: "x"}) == [said]


@pytest.mark.parametrize(
    "name",
    ["OUTREACH_MAIL_SERVER", "OUTREACH_INSTANCE", "OUTREACH_ADMIN_PASSWORD", "OUTREACH_COPY_TO", "OUTREACH_TEST_ALL",
     "OUTREACH_BENCH_FULL", "OUTREACHED", "MAIL_SEVER"],
)  # fmt: skip
def test_settings_and_variables_of_commands_are_known(name):
    assert settings.strangers({name: "x"}) == []


def test_an_unknown_setting_is_logged_without_its_value_when_pages_are_served(tmp_path, monkeypatch):
    monkeypatch.setenv("OUTREACH_MAIL_PASWORD", "rahasia")
    with capture_logs() as told:
        create_app(settings_for(tmp_path))
    assert told == [
        {"event": "OUTREACH_MAIL_PASWORD is no setting; is OUTREACH_MAIL_PASSWORD meant?", "log_level": "warning"}
    ]
