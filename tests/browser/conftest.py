"""A real Chromium, and the whole product for it: pages, engine, SMTP server, each on its own port."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
import sqlalchemy as sa
from playwright.sync_api import Error

from outreach import clock
from outreach.delivery.demo_server.server import DemoServer
from outreach.domain.kinds import Role
from outreach.domain.states import InvitationState
from outreach.engines.embedded import EmbeddedEngine
from outreach.extensions import db
from outreach.models import Activity, Invitation
from tests.browser.pages import DESK, PHONE, served
from tests.support.copied import copied
from tests.world import at, draft_activity, invite, invite_organisation, mark_as_invited, publish, stop_clock, token_of

# The first that is installed. The shell is the same engine without a window's parts: a third of the work.
CHROMIUMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, CHROMIUMS)), None)
HANGS_AFTER_MS = 300_000
SHOWN_WITHIN_MS = 10_000
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="session")
def _chromium():
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def with_flags(_chromium) -> Iterator[Callable]:
    """Return a function that starts a further browser with these flags, such as one whose camera plays a film."""
    started = []

    def start(*flags: str):
        started.append(_chromium.browser_type.launch(executable_path=CHROMIUM, args=[*FLAGS, *flags]))
        return started[-1]

    yield start
    for browser in started:
        browser.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):
    """Add to a failed test's report what its open pages show."""
    report = yield
    browser = getattr(item, "funcargs", {}).get("chromium")
    if report.when == "call" and report.failed and browser is not None:
        report.sections.append(("open pages", browser.shown()))
    return report


@pytest.fixture
def chromium(_chromium):
    """The browser; a test that needs it is skipped with a reason where there is none."""
    browser = Browser(_chromium)
    yield browser
    browser.close()


class Browser:
    """A browser for one test: its pages have the clock under test, as the server has."""

    def __init__(self, browser) -> None:
        self._browser = browser
        self._contexts: list = []

    def new_context(self, own_clock: bool = False, **options):
        """own_clock: with the machine's clock, as service workers have it always."""
        context = self._browser.new_context(**options)
        if not own_clock:
            context.clock.install(time=clock.now())
        context.set_default_timeout(HANGS_AFTER_MS)
        self._contexts.append(context)
        return context

    def shown(self) -> str:
        """Return the address and the text of each open page."""
        pages = [page for context in self._contexts for page in context.pages]
        return "\n\n".join(f"{page.url}\n{_text_of(page)}" for page in pages)

    def close(self) -> None:
        for context in self._contexts:
            context.close()


def _text_of(page) -> str:
    try:
        return page.locator("body").inner_text(timeout=SHOWN_WITHIN_MS)
    except Error as error:  # it is being left, or has crashed
        return f"({error})"


@pytest.fixture
def whole(app, tmp_path) -> Iterator[str]:
    """The address at which everything runs as in `outreach demo`: publishing sends the mails within a second.

    A test uses it after the fixtures that fill the database: they read and write without `writing()`, so no engine may run
    beside them.
    """
    with DemoServer("127.0.0.1", 0, tmp_path / "mailbox") as demo_server, served(app) as address:
        app.extensions["outreach"] = replace(
            app.extensions["outreach"],
            base_url=address, mail_server="127.0.0.1", mail_port=demo_server.port,
            tick_s=1.0, demo=True, instance=tmp_path,
        )  # fmt: skip
        app.extensions["mail"].server, app.extensions["mail"].port = "127.0.0.1", demo_server.port
        with EmbeddedEngine(app):
            yield address


@copied
def running_today(default_rules, programme, hall, ani, budi, coordinator) -> Activity:
    """An activity of today by the clock under test, to which Ani and Budi said they would come."""
    activity = draft_activity(programme, hall)
    invite(activity, ani, budi, by=coordinator)
    publish(activity, by=coordinator, tick=False)
    activity.starts_at, activity.ends_at = at(4), at(4, 12)
    activity.registration_at = activity.respond_by_at = at(4, 7)
    for invitation in db.session.scalars(sa.select(Invitation)):
        invitation.state = InvitationState.COMING
    db.session.commit()
    return activity


@pytest.fixture(params=[DESK, PHONE], ids=["desk", "phone"])
def staff_page(request, chromium, whole):
    """A page of staff on a desktop and on a phone."""
    context = chromium.new_context(viewport=request.param, bypass_csp=True, reduced_motion="reduce")
    yield context.new_page()
    context.close()


@pytest.fixture
def address(app, monkeypatch) -> Iterator[str]:
    """The app served to the browser, without an engine, on Tuesday 5 January 2027, 08.00."""
    stop_clock(monkeypatch, at(5))
    with served(app) as address:
        yield address


@copied
def answer_paths(programme, hall, ani, chief, police) -> dict[str, str]:
    """The paths of a cadre's, a speaker's and an organisation's page, all invited to two days."""
    days = [draft_activity(programme, hall, day) for day in (18, 19)]
    invite(days, ani)
    invite(days, chief, role=Role.SPEAKER)
    invite_organisation(days, police)
    publish(*days, tick=False)
    mark_as_invited()
    invitees = {"cadre": ani, "speaker": chief, "organisation": police}
    return {name: f"/j/{token_of(invitee)}" for name, invitee in invitees.items()}
