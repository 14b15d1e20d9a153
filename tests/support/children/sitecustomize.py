"""Every Python that a test starts reads this at its start (PYTHONPATH): its Outreach has the test's clock."""

import importlib.util
from pathlib import Path

_spec = importlib.util.spec_from_file_location("_wall_clock", Path(__file__).parents[1] / "wall_clock.py")
_wall_clock = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_wall_clock)
_wall_clock.install_on_import()
