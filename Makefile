# Everything a person does with this repository. `make help` lists it.
SHELL := /bin/bash
.DEFAULT_GOAL := help
UV_VERSION := 0.13.9
PYTHON ?= python3
TOOLS := .tools
UV := $(TOOLS)/bin/uv
VENV := .venv
RUN := $(VENV)/bin/python

.PHONY: help demo test test-fast check bench bench-faces bench-documents openapi reference lock pictures shuffle clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.runtime ## Run the whole product on this machine (RESET=1 starts afresh, HTTPS=1 by https, CALLBACKS=origins)
	@exec $(RUN) -m recovery_portal.demo $(if $(RESET),--reset) $(if $(HTTPS),--https) $(if $(CALLBACKS),--callbacks $(CALLBACKS))

test: $(VENV)/.development provision ## Run every test: SQLite, PostgreSQL, real processes, a real browser
	$(RUN) -m tests.run_all

# What asks every operation or thousands of generated credentials, or starts processes, is for `make test`.
LEFT_TO_TEST := api emulation verified_id idv/credentials/test_differential.py idv/face/test_liveness.py
test-fast: $(VENV)/.development ## Run the unit tests that take no longer than a minute together
	$(VENV)/bin/pytest -q -n 2 -m "not interop and not slow and not postgresql" tests/unit \
		$(LEFT_TO_TEST:%=--ignore=tests/unit/%)

check: $(VENV)/.development ## Lint, types, import contracts, migrations, deployment checks
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(RUN) -m tests.check_project

bench: $(VENV)/.development ## Measure, as ratios against the bare engines in the same run
	$(RUN) -m tests.bench

bench-documents: $(VENV)/.development ## Measure the document reader on photographed specimens kept for this (PAGES=300)
	$(RUN) -m tests.bench.documents $(if $(PAGES),--pages $(PAGES))

bench-faces: $(VENV)/.development ## Measure faces and liveness on FOLDER=<person>/*.jpg, or on the synthetic people
	$(RUN) -m tests.bench.faces $(FOLDER)

shuffle: $(VENV)/.development provision ## Run the example project's tests in RUNS (50) random orders
	$(RUN) -m tests.example_project $(or $(RUNS),50)

pictures: $(VENV)/.development provision ## Take the pictures of README and docs again
	$(RUN) -m tests.pictures

openapi: $(VENV)/.development ## Write the descriptions of both APIs anew, after a change of one
	DJANGO_SETTINGS_MODULE=tests.settings $(RUN) -m django spectacular --validate --fail-on-warn --file docs/openapi.yaml
	DJANGO_SETTINGS_MODULE=tests.settings $(RUN) -m django control_api > docs/emulation-openapi.yaml

reference: $(VENV)/.development ## Write docs/testing/reference.md anew, after a change of the testers' kit
	$(RUN) -m recovery_portal.testing.reference > docs/testing/reference.md

lock: $(UV) ## Resolve the dependencies anew into the two lock files
	$(UV) lock --upgrade --quiet
	$(UV) export --frozen --quiet --no-header --no-emit-project --extra demo --no-default-groups --format requirements-txt -o requirements.lock
	$(UV) export --frozen --quiet --no-header --no-emit-project --extra demo --all-groups --format requirements-txt -o requirements-dev.lock

.PHONY: provision
provision:
	@bash .ci/provision

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed."; exit 1; }
	$(PYTHON) -m venv $(TOOLS)
	$(TOOLS)/bin/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

$(VENV)/bin/python: $(UV)
	$(UV) venv --quiet --allow-existing --python $(PYTHON) $(VENV)

$(VENV)/.runtime: requirements.lock $(VENV)/bin/python
	$(UV) pip install --quiet --require-hashes --python $(VENV) -r requirements.lock
	@touch $@

$(VENV)/.development: requirements-dev.lock $(VENV)/bin/python
	$(UV) pip install --quiet --require-hashes --python $(VENV) -r requirements-dev.lock
	@touch $@ $(VENV)/.runtime

clean: ## Remove what was built (environment, demo, caches)
	rm -rf $(VENV) $(TOOLS) .demo .test staticfiles
