"""Copy what the pages use of other people's styles, scripts and icons into outreach/static: `python .ci/vendor.py`.

It also copies the engine with which tests check pages. Each package is fetched by `npm pack` (or read from a folder of
.tgz files given as the only argument), compared with the hash pinned here, and only the files named here are kept. Run it
after changing a version or adding an icon.
"""

import gzip
import hashlib
import io
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STATIC = ROOT / "outreach" / "static"
VENDOR = STATIC / "vendor"
ENGINES = ROOT / "tests" / "browser" / "accessibility" / "vendor"  # what only the tests use: kept compressed

# package, version: the archive's name, its SHA-256, {file in the archive: file in static/vendor, or its whole path}
PINNED = {
    ("@tabler/core", "1.6.1"): (
        "tabler-core-1.6.1.tgz",
        "d02d679e51f6c179b21f035e154c13cdcb2ae8b18579e56ea606408ba7fc7a87",
        {"package/dist/css/tabler.min.css": "tabler.min.css"},
    ),
    ("htmx.org", "2.0.11"): (
        "htmx.org-2.0.11.tgz",
        "165a2655073e9e6e55e307a7c74e8ebcdb76afb7701f9c16cfd106a13add408e",
        {"package/dist/htmx.min.js": "htmx.min.js", "package/LICENSE": "htmx.LICENSE.txt"},
    ),
    ("@event-calendar/build", "5.10.1"): (
        "event-calendar-build-5.10.1.tgz",
        "3d8959b37a99c42b7d191e459e7753c60b365f82ceee05adef23ba732e0764bc",
        {
            "package/dist/event-calendar.min.js": "event-calendar.min.js",
            "package/dist/event-calendar.min.css": "event-calendar.min.css",
        },
    ),
    ("@tabler/icons", "3.52.0"): (
        "tabler-icons-3.52.0.tgz",
        "626620c7d42afd2f294fba167ce4653b5cb946336d186b4991c70b700e5616af",
        {"package/LICENSE": "tabler-icons.LICENSE.txt"},
    ),
    ("barcode-detector", "3.2.2"): (
        "barcode-detector-3.2.2.tgz",
        "8e400ba6967b92731dddde7063e10c31e11a0e113e37a55899bf2234d4855940",
        {
            "package/dist/iife/ponyfill.js": "door/barcode-detector.min.js",
            "package/LICENSE": "door/barcode-detector.LICENSE.txt",
        },
    ),
    ("zxing-wasm", "3.1.3"): (  # the part of barcode-detector that reads; its version is that package's
        "zxing-wasm-3.1.3.tgz",
        "f315f7e48929ce37986d741e06aa6b7d273c242e226c1d646a53eb697fe9876c",
        {"package/dist/reader/zxing_reader.wasm": "door/zxing_reader.wasm"},
    ),
    ("idb", "8.0.4"): (
        "idb-8.0.4.tgz",
        "569a715333d656d77792476083647eaefeb27b23d18bff226ad42776efb8f08a",
        {"package/build/index.js": "door/idb.js", "package/LICENSE": "door/idb.LICENSE.txt"},
    ),
    ("accessibility-checker-engine", "4.0.34"): (
        "accessibility-checker-engine-4.0.34.tgz",
        "991d87e0a54941aeccc1be8c159dbc56c06880d35069b6332ab4f4a6e1cda9b3",
        {"package/ace.js": ENGINES / "ace.js.gz", "package/ace.js.LICENSE.txt": ENGINES / "ace.LICENSE.txt"},
    ),
}
ICONS = ROOT / ".ci" / "icons.txt"  # the names of the icons in use, one a line
SPRITE = STATIC / "icons.svg"


def main(arguments: list[str]) -> int:
    """Fetch, compare, copy. Return the exit code."""
    VENDOR.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        for (package, version), (archive, digest, wanted) in PINNED.items():
            data = _archive(package, version, archive, Path(arguments[0]) if arguments else None, Path(scratch))
            if hashlib.sha256(data).hexdigest() != digest:
                print(f"{archive} is not the file that was pinned. Nothing of it was copied.")
                return 1
            with tarfile.open(fileobj=io.BytesIO(data)) as opened:
                for inside, name in wanted.items():
                    _write(VENDOR / name, _read(opened, inside))
                if package == "@tabler/icons":
                    _write(SPRITE, _sprite(opened))
    print(f"{len(PINNED)} packages, {len(_icon_names())} icons")
    return 0


def _archive(package: str, version: str, archive: str, folder: Path | None, scratch: Path) -> bytes:
    if folder is None:
        subprocess.run(  # noqa: S603
            ["npm", "pack", "--silent", f"{package}@{version}"],  # noqa: S607
            cwd=scratch,
            check=True,
            stdout=subprocess.DEVNULL,
        )
    return ((folder or scratch) / archive).read_bytes()


def _read(opened: tarfile.TarFile, inside: str) -> bytes:
    member = opened.extractfile(inside)
    if member is None:
        raise FileNotFoundError(inside)
    return re.sub(rb"\n?/[/*]# sourceMappingURL=[^\n]*", b"", member.read())


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(data, 9, mtime=0))
        return
    path.write_bytes(data)
    if len(data) > 2000 and not path.name.endswith(".txt"):
        Path(f"{path}.gz").write_bytes(gzip.compress(data, 9, mtime=0))


def _icon_names() -> list[str]:
    return sorted(set(ICONS.read_text("utf-8").split()))


def _sprite(opened: tarfile.TarFile) -> bytes:
    symbols = []
    for name in _icon_names():
        drawing = _read(opened, f"package/icons/outline/{name}.svg").decode()
        paths = re.findall(r"<path[^>]*/>", drawing)
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{"".join(paths)}</symbol>')
    return ('<svg xmlns="http://www.w3.org/2000/svg">' + "\n".join(symbols) + "</svg>\n").encode()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
