# Every chore of Stemma has one verb here; `make` alone lists them.
STACK := .venv/bin/python -m project.stack
data = $(if $(value DATA),--data '$(subst ','\'',$(value DATA))')
PYTEST := .venv/bin/python -m pytest

.DEFAULT_GOAL := help
.PHONY: help demo up start stop status examples test test-long check bench lock openapi formats states quantities clean base dev pages browser

help: ## list the verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: base pages ## set up, start, deposit and publish the examples (or DATA=folder), serve until Ctrl-C
	@$(STACK) demo $(data)

up: base pages ## set up, start, serve until Ctrl-C
	@$(STACK) up

start: base pages ## the same in the background; returns when Stemma is ready
	@$(STACK) start

stop: ## stop what runs in the background
	@[ ! -e .venv/.unfinished ] || { echo "The last installation was cut short: make start ends it."; exit 3; }
	@[ ! -x .venv/bin/python ] || $(STACK) stop

status: ## show the parts: state, process, restarts, address
	@[ -x .venv/bin/python ] && [ ! -e .venv/.unfinished ] || { echo "Stemma is not set up here: make up"; exit 3; }
	@$(STACK) status

examples: base ## deposit and publish the examples (or DATA=folder) into the running Stemma
	@$(STACK) examples $(data)

test: dev pages browser ## the gate: every test that is not marked long (ARGS=... goes to pytest)
	@$(STACK) exec -- $(PYTEST) -n 2 --dist loadgroup $(ARGS)

test-long: dev pages browser ## the long tests
	@$(STACK) exec -- $(PYTEST) -n 2 --dist loadgroup -m long --timeout 3600 $(ARGS)

check: dev pages ## lint, types, imports, migrations, locks, OpenAPI, front end
	@.venv/bin/python -m tools.check

bench: dev ## cost ratios against other programs into bench/results.json (QUICK=1: small)
	@QUICK=$(QUICK) .venv/bin/python -m tests.benchmarks

lock: dev ## write requirements/*.txt from requirements/*.in (UPGRADE=1: newest versions)
	@UPGRADE=$(UPGRADE) tools/lock.sh

openapi: dev pages ## write api/openapi.yaml from the views, and the pages' types from it
	@.venv/bin/python -m tools.openapi --write
	@npm run --silent generate

formats: dev ## write the tables of formats in the documents from ingest/formats
	@.venv/bin/python -m tools.formats --write

states: dev ## write the tables of states in the documents from repository/states.py
	@.venv/bin/python -m tools.states --write

quantities: dev pages ## write what a new quantity of the catalogue needs: migration, the planner's table, OpenAPI
	@.venv/bin/python -m tools.quantities --write
	@npm run --silent generate

clean: ## remove everything that can be made again; the data in .stemma stay
	rm -rf .venv .bootstrap node_modules frontend/dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .stemma-test*

base:
	@tools/bootstrap.sh base

dev:
	@tools/bootstrap.sh dev

pages:
	@tools/build_frontend.sh

browser:
	@tools/ensure_chromium.sh
