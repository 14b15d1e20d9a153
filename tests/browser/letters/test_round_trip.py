"""A letter's whole way: to Word and Srikandi, signed, back, mailed, checked by anybody; corrected after a move."""

from hashlib import sha256
from pathlib import Path

import pytest

from outreach.delivery.demo_server import server as demo_server
from outreach.services.letters import waiting
from tests.browser.pages import DESK, PHONE, holds, log_in, press, wait_for
from tests.support.word_forms import text_of
from tests.world import NOW, invite, publish
from tests.world.letters import authority

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("default_rules")]
VARIABLES = (
    "Metro, ${tanggal_naskah}", "Nomor\n:\n${nomor_naskah}", "Sifat\n:\n${sifat}", "Hal\n:\n${hal}",
    "${jabatan_pengirim},\n${ttd_pengirim}\n${nama_pengirim}", "NIP ${nip_pengirim}",
)  # fmt: skip


def test_a_letter_is_signed_mailed_checked_and_corrected_after_a_move(
    activity, ani, coordinator, chromium, whole, tmp_path
):
    invite(activity, ani)
    waiting.choose(activity.id, True, by=None, now=NOW)
    publish(activity, tick=False)
    page = chromium.new_context(viewport=DESK, accept_downloads=True).new_page()
    anybody = chromium.new_context(viewport=PHONE).new_page()
    log_in(page, whole, coordinator.email)
    page.goto(f"{whole}/letters/new?activity={activity.id}&lacks=letter")
    press(page.get_by_role("button", name="Letters for the one who matches"))
    number(page, "005/12/2027", "2027-01-04")

    finished = text_of(downloaded(page, "For Word (.docx)"))
    assert "Nomor\n:\n005/12/2027" in finished
    assert "Metro, 4 Januari 2027" in finished
    assert "Ani Wijaya" in finished
    assert "hari/tanggal\n:\nSenin, 18 Januari 2027" in finished
    assert "${" not in finished
    address = page.url
    press(page.get_by_role("link", name="For Srikandi"))
    konsep = text_of(downloaded(page, "Konsep for Srikandi (.docx)"))
    assert [part for part in VARIABLES if konsep.count(part) != 1] == []
    assert "005/12/2027" not in konsep
    page.goto(address)

    first = signed_in(page, tmp_path)
    assert page.get_by_text("Siti Contoh signed the whole file, and nothing has been changed since.").is_visible()
    assert page.get_by_text("It is this letter").is_visible()
    holds(page, DESK["width"])
    assert files_mailed(tmp_path) == []
    press(page.get_by_role("button", name="Accept as the signed letter"))
    assert page.get_by_text("This file goes out with the mails of its invitations").is_visible()
    wait_for(lambda: files_mailed(tmp_path) == [("ani@example.com", "Surat-005-12-2027.pdf", first)])

    code = page.locator(".state-line").inner_text().split()[-1]
    anybody.goto(f"{whole}/l/")
    anybody.get_by_label("Kode pada surat").fill(code.lower())
    press(anybody.get_by_role("button", name="Periksa"))
    assert anybody.get_by_text("dan berlaku").is_visible()
    holds(anybody, PHONE["width"])

    page.goto(f"{whole}/activities/{activity.id}/move")
    page.get_by_label("Reason").fill("Aula dipakai")
    page.fill("#on", "2027-01-19")
    press(page.get_by_role("button", name="Next: who is told"))
    press(page.get_by_role("button", name="Move and tell them"))
    anybody.reload()
    assert anybody.get_by_text("telah berubah sejak itu").is_visible()
    wait_for(
        lambda: len(demo_server.listing(tmp_path / "mailbox")) == 2
    )  # the news of the move does not wait for a letter

    page.goto(f"{whole}/activities/{activity.id}")
    press(page.get_by_role("link", name="Open the letter"))
    assert page.get_by_text("It corrects or cancels an earlier letter:").is_visible()
    number(page, "005/19/2027", "2027-01-05")
    assert page.get_by_label("Subject").input_value() == "Ralat Undangan"
    said = page.get_by_label("Opening").input_value()
    assert said.startswith("Menindaklanjuti surat kami nomor 005/12/2027 tanggal 4 Januari 2027 hal Undangan,")
    assert page.get_by_text("semula Senin, 18 Januari 2027, menjadi Selasa, 19 Januari 2027").is_visible()
    second = signed_in(page, tmp_path)
    press(page.get_by_role("button", name="Accept as the signed letter"))
    press(page.get_by_role("button", name="Send it to the one who was told"))
    wait_for(lambda: files_mailed(tmp_path)[1:] == [("ani@example.com", "Surat-005-19-2027.pdf", second)])
    anybody.reload()
    assert anybody.get_by_text("Surat ini diralat dengan surat nomor 005/19/2027").is_visible()


def number(page, number: str, day: str) -> None:
    page.get_by_label("Letter number").fill(number)
    page.get_by_label("Date of the letter").fill(day)
    press(page.get_by_role("button", name="Save"))


def downloaded(page, button: str) -> bytes:
    with page.expect_download() as download:
        page.get_by_role("button", name=button).click()
    return Path(download.value.path()).read_bytes()


def signed_in(page, folder: Path) -> str:
    """Take the letter, sign it, and upload it. Return the SHA-256 of what was uploaded."""
    data = authority.signed(downloaded(page, "PDF to be signed"))
    path = folder / "signed.pdf"
    path.write_bytes(data)
    page.get_by_label("Signed letter (PDF)").set_input_files(path)
    press(page.get_by_role("button", name="Upload"))
    return sha256(data).hexdigest()


def files_mailed(folder: Path) -> list[tuple[str, str, str]]:
    """Return recipient, name and SHA-256 of each PDF in the mails that the mail server took, oldest first."""
    taken = [demo_server.find(folder / "mailbox", kept.key) for kept in demo_server.listing(folder / "mailbox")]
    return [
        (kept.recipient, part.get_filename(), sha256(part.get_payload(decode=True)).hexdigest())
        for kept, mail in filter(None, reversed(taken))
        for part in mail.walk()
        if part.get_content_type() == "application/pdf"
    ]
