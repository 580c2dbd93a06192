# Everything works with Python 3.11 to 3.13 and nothing else: the first target that needs it makes .venv.
# PYTHON=/path/to/python chooses another one.
PYTHON ?= $(firstword $(foreach v,python3.13 python3.12 python3.11 python3,\
	$(shell $(v) -c 'import sys, venv, ensurepip; (3, 11) <= sys.version_info < (3, 14) and print("$(v)")' 2>/dev/null)))
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check --constraint requirements.lock

.PHONY: run play test check bench validate messages clean

run: .venv/installed
	$(BIN)/marketsim run

play: .venv/installed
	$(BIN)/marketsim play

test: .venv/installed-dev
	$(BIN)/python -m pytest -q -n auto --dist worksteal

check: .venv/installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

bench: .venv/installed-dev
	$(BIN)/python -m benchmarks

validate: .venv/installed-calibration
	$(BIN)/marketsim validate

# Collects the texts of the game for translation, and compiles what has been translated.
messages: .venv/installed-dev
	mkdir -p build
	$(BIN)/pybabel --quiet extract --no-default-keywords -k say -k N_ --no-location --sort-output --omit-header -o build/marketsim.pot tui
	$(BIN)/pybabel --quiet update --ignore-obsolete --no-fuzzy-matching --ignore-pot-creation-date -D marketsim -l zh -i build/marketsim.pot -d tui/i18n
	$(BIN)/pybabel --quiet compile --statistics -D marketsim -d tui/i18n

clean:
	rm -rf .venv build dist

.venv/made:
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed, with venv (Debian: python3-venv)"; exit 1; }
	$(PYTHON) -m venv .venv
	@touch $@

.venv/installed: .venv/made pyproject.toml requirements.lock
	$(INSTALL) --editable .
	@touch $@

.venv/installed-dev: .venv/made pyproject.toml requirements.lock
	$(INSTALL) --editable '.[calibration,dev,experiments,learning,workshop]'
	@touch $@ .venv/installed

.venv/installed-calibration: .venv/made pyproject.toml requirements.lock
	$(INSTALL) --editable '.[calibration]'
	@touch $@
