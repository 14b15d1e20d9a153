"""A real virus scanner for tests: Debian's clamd, which knows one harmless signature of our own.

It runs as the user of the tests on a socket in a temporary folder, without the machine's configuration and without updates.
"""

import shutil
import subprocess
import tempfile
import time
from pathlib import Path

PROGRAM = shutil.which("clamd") or ("/usr/sbin/clamd" if Path("/usr/sbin/clamd").exists() else None)
BAD = b"a harmless text that only the scanner of the tests knows"
NAME = "Outreach.Test.UNOFFICIAL"  # clamd's word for signatures that are not ClamAV's
MOST_BYTES = 1024 * 1024  # of a file that is sent

CONFIGURATION = """
LocalSocket {folder}/socket
DatabaseDirectory {folder}/signatures
TemporaryDirectory {folder}
StreamMaxLength {most}
Foreground yes
SelfCheck 0
"""


class Clamd:
    """Use as a context. socket: for the setting `scanner`."""

    def __init__(self) -> None:
        self.folder = Path(
            tempfile.mkdtemp(prefix="outreach-clamd-")
        )  # short: socket paths have at most 108 characters
        self.socket = str(self.folder / "socket")
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Clamd":
        (self.folder / "signatures").mkdir()
        (self.folder / "signatures" / "own.ndb").write_text(f"Outreach.Test:0:*:{BAD.hex()}\n")
        path = self.folder / "clamd.conf"
        path.write_text(CONFIGURATION.format(folder=self.folder, most=MOST_BYTES))
        assert PROGRAM is not None
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen([PROGRAM, "--config-file", str(path)], stdout=log, stderr=log)
        while not Path(self.socket).exists():
            if self._process.poll() is not None:
                raise OSError(f"clamd did not start: {(self.folder / 'log').read_text()}")
            time.sleep(0.05)
        return self

    def __exit__(self, *_error: object) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=300)
        shutil.rmtree(self.folder, ignore_errors=True)
