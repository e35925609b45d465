# Everything a person does here; `make help` lists it. Only Python >= 3.11, git and make are needed.

PYTHON ?= python3
PORT ?= 4566
STAGE ?= dev
PY := .local/app/bin/python
BIN := .local/app/bin
export PORT

.DEFAULT_GOAL := help
unexport PYTHONDONTWRITEBYTECODE # what is started again and again need not be compiled each time
.PHONY: help app all-environments chromium run test check package invoke deploy key replay costs demo bench rules clean

help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

app:
	@$(PYTHON) -m infra.local.environments app

all-environments:
	@$(PYTHON) -m infra.local.environments app cloud lambda

chromium:
	@$(PYTHON) -m infra.local.chromium

run: all-environments ## start the local cloud on PORT (4566), deploy, seed, print the addresses; Ctrl-C ends it
	@exec $(PY) -m infra.local.run --port $(PORT)

test: all-environments chromium ## all the tests, from nothing (ARGS="-k scoring" narrows them)
	@exec $(PY) -m pytest -n 2 $(ARGS)

check: all-environments ## formatting, lint, types, import rules, the template's and the state machines' lint
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(PY) -m pytest -q tests/package

package: app ## build the deployable template and zip into build/local
	@$(PY) -m infra.package --stage local

invoke: app ## replay events/<function>/<case>.json in the running local cloud: FUNCTION=… EVENT=…
	@$(PY) -m infra.invoke "$(FUNCTION)" "$(EVENT)"

deploy: app ## package for AWS, upload, deploy, print the outputs: STAGE=… (ARGS=--dry-run prints the plan)
	@$(PY) -m infra.deploy "$(STAGE)" $(ARGS)

key: app ## make an API key that may do everything, straight in the table: STAGE=…
	@$(PY) -m infra.key "$(STAGE)"

replay: app ## after a restore, before anybody is served: erase again whoever was erased since: STAGE=…
	@$(PY) -m infra.replay "$(STAGE)" $(ARGS)

costs: app ## write docs/costs.md from the counted units
	@$(PY) -m infra.costs

demo: all-environments ## play the reference scenario on a local cloud of its own and print what happened
	@exec $(PY) -m infra.local.demo $(ARGS)

bench: all-environments ## measure speed and cost; writes .local/bench.json
	@exec $(PY) -m tests.bench $(ARGS)

rules: app ## which rules of the reference the last test run proved; writes .local/rules.json
	@$(PY) -m tests.rules $(ARGS)

clean: ## remove environments, builds and caches
	rm -rf .local build .chalice/deployments .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
