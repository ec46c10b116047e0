# Everything works on a machine with nothing but Python 3.11, make and git.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv/bin
# A stamp's name holds the lock file's hash: another lock is another stamp.
INSTALLED := .venv/installed-$(shell git hash-object requirements.txt)
INSTALLED_DEV := .venv/installed-dev-$(shell git hash-object requirements-dev.txt)
INSTALLED_BENCH := .venv/installed-bench-$(shell git hash-object bench/requirements.txt)
PIP_INSTALL := $(VENV)/python -m pip install --disable-pip-version-check --require-hashes
COMPILE := UV_CUSTOM_COMPILE_COMMAND="make lock" $(VENV)/uv pip compile --quiet --universal --generate-hashes \
	--python-version 3.11 --no-emit-index-url --no-emit-find-links
TEMPLATES := $(wildcard apps/*/templates kpiservice/templates)

.PHONY: help
help: ## say what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-6s %s\n", $$1, $$2 }' Makefile

.PHONY: demo
demo: $(INSTALLED) ## start everything, load the fixtures, print KPIs; PORT=8000 KPISERVICE_VAR=var
	@$(VENV)/python manage.py demo

.PHONY: stop
stop: ## end everything that was started
	@if [ -x $(VENV)/python ]; then $(VENV)/python manage.py stop; else echo "Nothing was installed, so nothing runs"; fi

# Checks run on this machine alone: they need no secret, even where the environment gives both services.
test lint lock bench: export SECRET_KEY ?= no-secret-at-all

.PHONY: test
test: lint ## run everything that CI runs
	$(VENV)/python -m pytest -n 2 --dist worksteal

.PHONY: lint
lint: $(INSTALLED_DEV) ## check form, types, architecture, templates and migrations
	$(VENV)/ruff check
	$(VENV)/ruff format --check
	$(VENV)/lint-imports
	$(VENV)/mypy
	$(if $(TEMPLATES),$(VENV)/djlint $(TEMPLATES) --check --lint)
	$(VENV)/python manage.py makemigrations --check

.PHONY: bench
bench: $(INSTALLED_BENCH) ## time KPIs beside other databases; OPTIONS="--events 200000", or "--help"
	$(VENV)/python bench/race.py $(OPTIONS)

.PHONY: lock
lock: $(INSTALLED_DEV) ## write requirements.txt, requirements-dev.txt and bench/requirements.txt anew
	$(COMPILE) requirements.in --output-file requirements.txt
	$(COMPILE) requirements-dev.in --output-file requirements-dev.txt
	$(COMPILE) bench/requirements.in --output-file bench/requirements.txt

$(INSTALLED): requirements.txt | .venv/bin/python
	$(PIP_INSTALL) --requirement requirements.txt
	@touch $@

$(INSTALLED_DEV): requirements-dev.txt | .venv/bin/python
	$(PIP_INSTALL) --requirement requirements-dev.txt
	@touch $@

$(INSTALLED_BENCH): bench/requirements.txt | .venv/bin/python
	$(PIP_INSTALL) --requirement bench/requirements.txt
	@touch $@

# An interrupted creation leaves a python without pip, hence the test of pip rather than of the file.
.venv/bin/python: FORCE
	@$@ -m pip --version > /dev/null 2>&1 && exit; \
	for python in python3.11 python3; do \
		if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null; then \
			echo "Creating .venv with $$python"; exec $$python -m venv --clear .venv; \
		fi; \
	done; \
	echo "kpiservice needs Python 3.11 or newer as python3.11 or python3 in PATH" >&2; exit 1

.PHONY: FORCE
FORCE:
