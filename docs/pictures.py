"""Takes the README's pictures again from a running demo, so that they stay true: `make pictures`. Needs Chromium."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright
from pypdfium2 import PdfDocument

FOLDER = Path(__file__).resolve().parent / "pictures"
DESK, PHONE = {"width": 1280, "height": 860}, {"width": 360, "height": 740}
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
WITHIN_S = 300
COLOURS = 128


def main() -> None:
    """Start a fresh demo in a temporary folder, wait until it is complete, and take every picture."""
    port = int(os.environ.get("PORT", "8790"))
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        demo_folder = Path(name) / "demo"
        command = [sys.executable, "-m", "outreach", "demo", "--port", str(port)]
        process = subprocess.Popen(  # noqa: S603
            command, env={**os.environ, "OUTREACH_INSTANCE": name}, stdout=subprocess.PIPE, text=True
        )
        try:
            wait_for(demo_folder / "complete")
            take_all(json.loads((demo_folder / "guide.json").read_text("utf-8")))
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=20)


def take_all(guide: dict) -> None:
    """Take the pictures of a demo that `guide` describes: its address, logins and links."""
    FOLDER.mkdir(exist_ok=True)
    base_url = guide["address"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium") or None, args=FLAGS)
        desk = logged_in(browser, base_url, guide["logins"], DESK)
        take(desk, f"{base_url}/", "overview")
        take(desk, f"{base_url}/programmes/{guide['programme']}", "programme")
        desk.goto(f"{base_url}/mailbox?to={guide['cadre_address']}")
        desk.locator("a.inbox-row").first.click()  # the newest: this year's invitation
        shoot(desk, "mail")
        desk.goto(f"{base_url}/letters?show=signed")
        desk.locator("a.name").first.click()
        shoot(desk, "letter")
        staff_phone = logged_in(browser, base_url, guide["logins"], PHONE)
        take(staff_phone, f"{base_url}/", "overview-phone")
        staff_phone.goto(f"{base_url}{guide['calls']}")
        staff_phone.get_by_role("button", name="Mulai menelepon").click()
        shoot(staff_phone, "call")
        staff_phone.goto(f"{base_url}/activities/{guide['cadre_in']}/door")
        staff_phone.wait_for_load_state("networkidle")
        staff_phone.locator("input[type=search]").press_sequentially("sa")
        shoot(staff_phone, "door")
        take_what_remains(desk, base_url)
        phone = browser.new_context(viewport=PHONE, device_scale_factor=2, locale="id-ID").new_page()
        take(phone, guide["cadre"], "answer")
        browser.close()


def take_what_remains(desk: Page, base_url: str) -> None:
    """Take the pictures of what there is after the activities: report, map, minutes, and a certificate as its PDF looks."""
    take(desk, f"{base_url}/reports", "report")
    desk.goto(f"{base_url}/reports/coverage")
    shoot(desk, "coverage", of="section:has(> .coverage-map)")
    desk.goto(f"{base_url}/follow-ups")
    desk.locator("a[href$='/minutes']").first.click()
    shoot(desk, "minutes")
    desk.goto(f"{base_url}/certificates?show=stands")
    desk.locator("a.name").first.click()
    desk.wait_for_load_state("networkidle")
    with PdfDocument(desk.request.get(f"{desk.url}/pdf").body()) as paper:
        paper[0].render(scale=1.5).to_pil().save(FOLDER / "certificate.png")
    shrink("certificate")


def logged_in(browser: Browser, base_url: str, logins: list[list[str]], viewport: dict) -> Page:
    """Return a page on which the coordinator has signed in."""
    _, email, password = next(login for login in logins if login[0] == "coordinator")
    page = browser.new_context(viewport=viewport, device_scale_factor=1.5, locale="id-ID").new_page()
    page.goto(f"{base_url}/login")
    page.fill("input[name=email]", email)
    page.fill("input[name=password]", password)
    page.locator("form button[type=submit], form input[type=submit]").first.click()
    page.wait_for_url(lambda url: "/login" not in url)
    return page


def take(page: Page, address: str, name: str) -> None:
    page.goto(address)
    shoot(page, name)


def shoot(page: Page, name: str, of: str = "") -> None:
    """of: a selector of the part of the page that is taken; "" for what a screen shows."""
    page.wait_for_load_state("networkidle")
    (page.locator(of) if of else page).screenshot(path=FOLDER / f"{name}.png")
    shrink(name)


def shrink(name: str) -> None:
    """Store the picture with a palette: a third of the size, and nobody sees the difference."""
    path = FOLDER / f"{name}.png"
    with Image.open(path) as picture:
        picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
    print(f"{path} ({path.stat().st_size // 1024} KB)")


def wait_for(path: Path) -> None:
    """Return once the file is there; exit with a sentence where it does not come."""
    until = time.monotonic() + WITHIN_S
    while not path.exists():
        if time.monotonic() > until:
            sys.exit(f"The demo was not complete within {WITHIN_S} s.")
        time.sleep(0.2)


if __name__ == "__main__":
    main()
