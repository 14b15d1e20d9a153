"""A whole day at the door: several devices, wrong clocks, a network that comes and goes, a server that is killed.

Each scan is stored once, presence is the union of what the devices recorded, what does not agree is named, and nothing is
shown as stored that is not. The long form (`make chaos`) has 300 codes before three cameras, 40 of them on two devices.
"""

import socket
import subprocess
import sys
import threading
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from playwright.sync_api import Error

from outreach import clock
from outreach.domain.states import InvitationState
from outreach.extensions import db
from outreach.models import Attendance, Device, Invitation, Person, Scan
from outreach.queries.door import codes
from outreach.queries.door import scans as door_scans
from tests.browser.door.film import film, flags
from tests.browser.pages import PHONE, holds, log_in, wait_for
from tests.chaos.support.harness import ROOT
from tests.support.copied import copied
from tests.support.long_form import LONG, many
from tests.world import a_person, at, draft_activity, invite, publish

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.usefixtures("default_rules")]
CODES, TWICE, WALK_INS, KILLS = many(7, 300), many(2, 40), many(2, 60), many(2, 4)
WRONG_MIN = 7
CLOCKS_MIN = (WRONG_MIN, -WRONG_MIN, 0)  # how wrong each device's clock is
CAMERAS = many(1, 3)  # devices without a camera find people by their names
WATCH = """(ahead) => {
  const own = Date.now.bind(Date);
  Date.now = () => own() + ahead;
  const look = (one) => {
    if (one.dataset?.number && one.dataset.kept === "on_server") window.shownAsStored(Number(one.dataset.number));
  };
  new MutationObserver((changes) => {
    for (const { target, addedNodes } of changes) for (const one of [target, ...addedNodes]) look(one);
  }).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-kept"] });
}"""

OWN = """async () => {
  const made = (asked) => new Promise((done) => { asked.onsuccess = () => done(asked.result); });
  const db = await made(indexedDB.open("outreach.door"));
  const own = await made(db.transaction("device").objectStore("device").get("own"));
  db.close();
  return own;
}"""


class Server:
    """The pages in a process that is started again whenever it was killed."""

    def __init__(self, folder) -> None:
        self.folder, self.starts, self._ends = folder, 0, threading.Event()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._keep_running)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_error):
        self._ends.set()
        self._process.terminate()
        self._thread.join()

    def kill(self, times: int) -> None:
        """Let it die in the middle of the next uploads."""
        (self.folder / "kills").write_text(str(times))

    def answers(self) -> bool:
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port)).close()
            return True
        return False

    def _keep_running(self) -> None:
        while not self._ends.is_set():
            self.starts += 1
            own = [sys.executable, "-m", "tests.browser.door.server", str(self.folder), str(self.port)]
            with (self.folder / "server.log").open("ab") as log:
                self._process = subprocess.Popen(own, cwd=ROOT, stdout=log, stderr=log)
                self._process.wait()


class DoorDevice:
    """A phone at the door. Its network can be cut, its batches are sent twice, and what it shows as stored is looked up."""

    def __init__(self, browser, wrong_min: int, people: list[str]) -> None:
        self.people, self.online, self.lies, self.shown = people, True, [], 0
        self.context = browser.new_context(viewport=PHONE, reduced_motion="reduce", permissions=["camera"])
        self.context.set_default_timeout(600_000 if LONG else 120_000)
        ahead = round((clock.now() - datetime.now(UTC)).total_seconds() * 1000) + wrong_min * 60_000
        self.context.expose_function("shownAsStored", self._shown_as_stored)
        self.context.add_init_script(f"({WATCH})({ahead})")
        self.page = self.context.new_page()

    def open(self, address: str, activity, account) -> None:
        log_in(self.page, address, account.email)
        self.page.goto(f"{address}/activities/{activity.id}/door")
        self.page.wait_for_selector("#main[data-ready]")
        self.key = self.page.evaluate(OWN)["key"]
        self.context.route("**/activities/*/door/**", self._carry)

    def scan_all(self) -> None:
        self.page.get_by_role("button", name="Scan with the camera").click()

    def find_all(self) -> None:
        for name in self.people:
            self.page.fill("#q", name)
            self.page.locator("#found li button").first.click()
            self.page.locator("#found").wait_for(state="hidden")

    def add(self, name: str) -> None:
        self.page.get_by_role("button", name="Uninvited").click()
        self.page.fill("#w-name", name)
        self.page.get_by_label("Female", exact=True).check()
        self.page.get_by_role("button", name="Is here", exact=True).click()
        self.page.locator("#walk-in").wait_for(state="hidden")

    def stop(self) -> None:
        self.page.get_by_role("button", name="Stop the camera").click()

    def has_sent_all(self) -> bool:
        """Return whether the server has a scan of each of its people."""
        wanted = sa.select(Person.name).join(Invitation).join(Scan, Scan.invitation_id == Invitation.id).join(Device)
        return set(self.people) <= set(db.session.scalars(wanted.where(Device.key == self.key)))

    def waits_for_nothing(self) -> bool:
        return self.page.locator("#waiting").is_hidden()

    def recorded(self) -> int:
        return self.page.evaluate(OWN)["next"] - 1

    def _carry(self, route) -> None:
        try:
            if not self.online:
                return route.abort()
            if route.request.method == "POST":
                route.fetch()
            return route.fulfill(response=route.fetch())
        except Error:  # the server was killed
            return route.abort()

    def _shown_as_stored(self, number: int) -> None:
        self.shown += 1
        with db.engine.connect() as connection:
            wanted = sa.select(Scan.id).join(Device).where(Device.key == self.key, Scan.number == number)
            if connection.scalar(wanted) is None:
                self.lies.append(number)


@copied
def invited(programme, hall, coordinator):
    """An activity of today, and the codes of those who said that they come, by their names."""
    activity = draft_activity(programme, hall)
    names = [f"{chr(65 + n // 26 % 26)}{chr(97 + n % 26)}wan Peserta{n}" for n in range(CODES)]
    people = [a_person(name) for name in names]
    invite(activity, *people, by=coordinator)
    publish(activity, by=coordinator, tick=False)
    activity.starts_at, activity.ends_at = at(4), at(4, 12)
    activity.registration_at = activity.respond_by_at = at(4, 7)
    for invitation in db.session.scalars(sa.select(Invitation)):
        invitation.state = InvitationState.COMING
    db.session.commit()
    found = {card.invitation.person.name: card.address for card in codes.cards(activity.id)}
    return activity, [(name, found[name]) for name in names]


def of_devices(people):
    """Return who comes past each device: the first ones past the first device and past the second one, too."""
    third = len(people) // 3
    return people[:third], people[:TWICE] + people[third : 2 * third], people[2 * third :]


def test_a_day_at_the_door(tmp_path, invited, coordinator, with_flags):
    activity, people = invited
    with Server(tmp_path) as server:
        wait_for(server.answers)
        devices, own = [], None
        for number, (wrong_min, theirs) in enumerate(zip(CLOCKS_MIN, of_devices(people), strict=True)):
            codes_shown = [code for _name, code in theirs]
            camera = flags(film(tmp_path / f"{number}.y4m", codes_shown)) if number < CAMERAS else []
            own = with_flags(*camera) if camera or number == CAMERAS else own
            devices.append(DoorDevice(own, wrong_min, [name for name, _code in theirs]))
            devices[-1].open(server.address, activity, coordinator)
        first, second, last = devices
        second.online = last.online = False  # the network is cut for two of them, and the server dies
        server.kill(KILLS)
        for device in devices[:CAMERAS]:
            device.scan_all()
        for device in devices[CAMERAS:]:
            device.find_all()
        guests = [f"Tamu Nomor{number}" for number in range(WALK_INS)]
        for number, name in enumerate(guests):
            devices[number % 3].add(name)
        holds(second.page, PHONE["width"])
        assert not second.shown
        assert not last.shown
        second.online = last.online = True
        until(devices, lambda: all(device.has_sent_all() for device in devices))
        for device in devices[:CAMERAS]:
            device.stop()
        until(devices, lambda: all(device.waits_for_nothing() for device in devices))
        recorded = {device.key: device.recorded() for device in devices}
        assert [device.lies for device in devices] == [[], [], []]
        assert all(device.shown for device in devices)
        assert server.starts > 2  # it died at least once in each way

    db.session.rollback()
    scans = db.session.scalars(sa.select(Scan).options(sa.orm.joinedload(Scan.device))).all()
    assert Counter(scan.device.key for scan in scans) == recorded
    assert {scan.device.key: round(scan.clock_ms / 60_000 / WRONG_MIN) for scan in scans} == {
        device.key: wrong_min // WRONG_MIN for device, wrong_min in zip(devices, CLOCKS_MIN, strict=True)
    }  # a busy machine may need minutes for an upload
    assert sorted(names_of(Attendance.present)) == sorted([name for name, _code in people] + guests)
    assert sorted(names_of(Attendance.conflicts > 0)) == sorted(name for name, _code in people[:TWICE])
    named = {one.invitation.person.name for one in door_scans.disagreements(activity.id)}
    assert named == {name for name, _code in people[:TWICE]}


def until(devices, check, seconds=1200) -> None:
    """Wait, while the devices' pages go on."""
    for _ in range(seconds):
        for device in devices:
            device.page.wait_for_timeout(1000 / len(devices))
            if not device.waits_for_nothing():
                device.page.evaluate("window.dispatchEvent(new Event('online'))")  # as when the network returns
        db.session.rollback()
        if check():
            return
    raise AssertionError("It did not happen.")


def names_of(condition) -> list[str]:
    wanted = sa.select(Person.name).join(Invitation).join(Attendance, Attendance.invitation_id == Invitation.id)
    return list(db.session.scalars(wanted.where(condition)))
