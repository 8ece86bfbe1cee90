# Every target is a line one could type. PYTHON, ARGS and the settings of docs/configuration.md may be given.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
MANAGE := $(BIN)/python manage.py
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input

.DEFAULT_GOAL := help
.PHONY: help setup demo run test check fmt lock messages bench hooks clean reset

help: #: this list
	@sed -n 's/^\([a-z]*\):.*#: /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

setup: .venv/requirements static/vendor/versions.json #: virtualenv, requirements, npm files, translations
	@$(MANAGE) compile_locale

demo: setup #: the portal with real sample data on http://127.0.0.1:8000; PORT=8080 for another
	@exec $(MANAGE) demo

run: setup #: the portal on this installation's own data
	@exec $(MANAGE) serve

test: setup .venv/requirements-dev #: everything CI runs: check, then all tests
	@$(MAKE) --no-print-directory check
	$(BIN)/python -m pytest $(or $(ARGS),--numprocesses logical --maxprocesses 8 --dist loadfile --no-loadscope-reorder)

check: setup .venv/requirements-dev #: ruff, mypy, djlint, migrations, direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/djlint --check --lint --quiet templates
	$(MANAGE) makemigrations --check --dry-run
	$(BIN)/lint-imports

fmt: .venv/requirements-dev #: format Python and templates
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .
	$(BIN)/djlint --reformat --quiet templates || true

lock: .venv/requirements-dev #: pin the requirements anew from the .in files, and npm packages from package.json
	$(BIN)/uv pip compile -q --upgrade requirements.in -o requirements.txt --no-header --no-annotate --no-emit-index-url --python-version 3.11
	$(BIN)/uv pip compile -q --upgrade requirements-dev.in -o requirements-dev.txt --no-header --no-annotate --no-emit-index-url --python-version 3.11
	npm install --package-lock-only --ignore-scripts

messages: setup #: collect words to translate into locale/ja (needs Debian's gettext), and compile
	$(MANAGE) makemessages --locale ja --no-location --no-wrap --no-obsolete --ignore node_modules --ignore .venv --ignore var --ignore "static/vendor/*"
	$(MANAGE) compile_locale

bench: setup .venv/requirements-dev #: measure ingest, rollup and queries
	for script in $$(grep -l __main__ bench/*.py); do $(BIN)/python -m bench.$$(basename $$script .py) || exit 1; done

hooks: .venv/requirements-dev #: run the quick checks at every commit
	$(BIN)/pre-commit install

clean: #: remove what setup made, not the data
	rm -rf .venv node_modules static/vendor .mypy_cache .ruff_cache .pytest_cache

reset: #: remove the data of this installation: databases, mail, keys
	@[ ! -e var/users.lock ] || flock --nonblock var/users.lock true || { echo "Something runs on the data in var/; stop it first."; exit 1; }
	rm -rf var

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; give PYTHON=…")'
	@$(PYTHON) -m venv .venv || { rm -rf .venv; echo "On Debian: apt-get install python3-venv"; exit 1; }

.venv/requirements: requirements.txt | .venv/bin/python
	@$(PIP) --version > /dev/null 2>&1 || $(BIN)/python -m ensurepip # made by a tool that leaves pip out
	@echo "Installing requirements; this takes a minute or two …"
	@$(PIP) install -qq -r requirements.txt
	@touch $@

.venv/requirements-dev: requirements-dev.txt .venv/requirements
	@echo "Installing development requirements …"
	@$(PIP) install -qq -r requirements-dev.txt
	@touch $@

static/vendor/versions.json: package-lock.json tsubame_portal/assets.py tsubame_portal/icons.txt .venv/requirements
	@echo "Installing npm packages …"
	@$(BIN)/python -m tsubame_portal.assets
