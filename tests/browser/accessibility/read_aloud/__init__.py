"""What a screen reader says of a page, as Indonesian text: one line for each thing, in the order of the page.

It is read from Chromium's accessibility tree. Roles and states have the words that Indonesian screen readers use. The
texts beside this file are what the pages are known to say. If one is missing, the test writes it and fails: read it
before you commit it.
"""

from pathlib import Path

HERE = Path(__file__).parent
PLACES = {"banner": "kepala halaman", "main": "isi utama", "contentinfo": "kaki halaman", "complementary": "pelengkap"}
ROLES = {
    "alert": "peringatan", "button": "tombol", "checkbox": "kotak centang", "DisclosureTriangle": "tombol buka-tutup",
    "form": "formulir", "group": "kelompok", "link": "tautan", "radio": "tombol pilihan", "region": "bagian",
    "status": "pemberitahuan", "textbox": "isian",
}  # fmt: skip
SAID_BY_NAME = {"heading", "button", "link", "DisclosureTriangle", "textbox"}  # what is inside is their name or value
NAMES = {"LabelText", "Legend"}  # their text is the name of something else
# The browser moves the focus when it draws the page for the first time: later than the page is loaded.
FOCUSED = "() => !document.querySelector('[autofocus]') || document.activeElement !== document.body"
UNNAMED = {"alert", "status"}  # said without a name, too


def read_aloud(page) -> str:
    """Return what is read of an open page, with its title first."""
    page.wait_for_function(FOCUSED)
    nodes = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
    known = {node["nodeId"]: node for node in nodes}
    lines = [f"judul halaman: {page.title()}"]
    _read(known, nodes[0], lines)
    return "\n".join(lines) + "\n"


def matches(page, name: str) -> None:
    """Check that a page is read as the text kept under this name."""
    said, kept = read_aloud(page), HERE / f"{name}.txt"
    if not kept.exists():
        kept.write_text(said, "utf-8")
        raise AssertionError(f"{kept.name} was missing and has been written. Read it before you keep it.")
    assert said.splitlines() == kept.read_text("utf-8").splitlines()


def _read(known: dict, node: dict, lines: list[str], in_name: bool = False) -> None:
    role = node["role"]["value"]
    if not node.get("ignored") and not (in_name and role == "StaticText"):
        lines += _said(role, node)
    if role in SAID_BY_NAME:
        return
    for child in node.get("childIds", ()):
        if child in known:
            _read(known, known[child], lines, in_name or role in NAMES)


def _said(role: str, node: dict) -> list[str]:
    name = " ".join(node.get("name", {}).get("value", "").split())
    states = {property_["name"]: property_["value"].get("value") for property_ in node.get("properties", ())}
    if role == "StaticText":
        return [name] if name else []
    if role == "heading":
        return [f"judul tingkat {states['level']}: {name}"]
    if role in PLACES:
        return ["", f"[{PLACES[role]}]"]
    if role not in ROLES or not (name or role in UNNAMED):
        return []
    said = [f"{ROLES[role]}: {name}" if name else ROLES[role]]
    if value := node.get("value", {}).get("value"):
        said.append(f"berisi {value}")
    if role in ("checkbox", "radio"):
        said.append("dipilih" if states.get("checked") in (True, "true") else "tidak dipilih")
    if role == "DisclosureTriangle":
        said.append("terbuka" if states.get("expanded") else "tertutup")
    if states.get("invalid") in (True, "true"):
        said.append("tidak sah")
    if states.get("focused"):
        said.append("terfokus")
    if told := node.get("description", {}).get("value"):
        said.append(told)
    return [", ".join(said)]
