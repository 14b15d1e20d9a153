"""Every Python that a test starts reads this at its start (PYTHONPATH): its Outreach has the test's clock."""

import importlib.util
from pathlib import Path

_spec = importlib.util.spec_from_file_location("_wallclock", Path(__file__).parents[1] / "wallclock.py")
_wallclock = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_wallclock)
_wallclock.install_on_import()
