# The few commands a newcomer needs. On Windows, see README.md.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(shell command -v uv 2>/dev/null)
ifneq ($(UV),)
INSTALL := $(UV) pip install --quiet --python $(BIN)/python
else
INSTALL := $(BIN)/python -m pip install --quiet
endif

.PHONY: demo test first-hour chaos bench pictures clean lock audit sbom

# Installed again only where setup.cfg or pyproject.toml has changed since; with uv where it is there. An environment that was left
# half-made is made again.
$(VENV)/.installed: setup.cfg pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Outreach needs Python 3.11 or newer; $(PYTHON) is older. Try: make PYTHON=python3.12 demo"; exit 1; }
ifneq ($(UV),)
	@$(BIN)/python -c '' 2>/dev/null || { rm -rf $(VENV); $(UV) venv --quiet --python $(PYTHON) $(VENV); }
else
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "$(PYTHON) has no venv. On Debian and Ubuntu: sudo apt install python3-venv (or install uv)"; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || { rm -rf $(VENV); $(PYTHON) -m venv $(VENV); }
endif
	@echo "Installing Outreach into $(VENV) (once) ..."
	@$(INSTALL) --editable '.[planner]'
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	@echo "Installing what the tests need (once) ..."
	@$(INSTALL) --editable '.[dev]'
	@touch $@

# The whole product with made-up people, on this machine only. FRESH=1 begins again with an empty database.
demo: $(VENV)/.installed
	@$(BIN)/outreach demo $(if $(FRESH),--fresh)

# Everything: style, types, layers, translations, tests with real servers; at the end the ten slowest tests.
#   make test QUICK=1                       two minutes (longer the first time): the checks, and the cheapest tests of rules, use cases and pages on SQLite
#   make test ARGS="tests/domain -k away"   only what pytest is told
#   make test DAY=2028-02-29T08:00          tests that take their days from the clock run on that day; DAY=awkward: on ten days
test: $(VENV)/.installed-dev
	@$(BIN)/python tests/run.py $(if $(QUICK),--quick) $(if $(DAY),--day $(DAY)) $(ARGS)

# README.md followed literally in empty folders, with each Python that is here: minutes for each case.
#   make first-hour ARGS="--way demo --python python3.13 --user nobody"   only these (other users need root)
first-hour: $(VENV)/.installed-dev
	@$(BIN)/python -m tests.first_hour $(ARGS)

# Workers killed 200 times, every fault, thousands of orders of events, against a mail server's own log: about an hour.
chaos: $(VENV)/.installed-dev
	@$(BIN)/python -m tests.chaos

# PEERS=1 also installs pretalx, into an environment of its own, and measures it in the same run.
bench: $(VENV)/.installed-dev
	@$(BIN)/python -m benchmarks $(if $(PEERS),--peers)

# docs/pictures/, made again from a running demo.
pictures: $(VENV)/.installed-dev
	@$(BIN)/python docs/pictures.py

# requirements.lock: every version with its hashes, as installed in production. Needs uv; run it when setup.cfg changes, and for updates.
lock:
	@uv pip compile --quiet setup.cfg --extra postgresql --extra planner --upgrade --universal --python-version 3.11 \
		--generate-hashes --no-annotate --no-emit-index-url --custom-compile-command "make lock, on $$(date +%F)" --output-file requirements.lock

# Asks PyPI whether a weakness is known in a version of requirements.lock, and fails if so, or if PyPI does not say. Before each release, and every two weeks.
audit: $(VENV)/.installed-dev
	@$(INSTALL) 'pip-audit >=2.9, <3'
	@$(BIN)/pip-audit --strict --disable-pip --require-hashes --requirement requirements.lock

# sbom.json: what is in requirements.lock, as a bill of materials (CycloneDX).
sbom: $(VENV)/.installed-dev
	@$(BIN)/cyclonedx-py requirements --output-reproducible --of JSON --output-file sbom.json requirements.lock
	@echo "sbom.json lists $$($(BIN)/python -c 'import json; print(len(json.load(open("sbom.json"))["components"]))') packages."

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +
