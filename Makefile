# Every target installs what it needs into this folder first (.venv, node_modules), once.

ENV ?= dev
ARGS ?=
BASE ?= HEAD
PYTHON ?= python3
BIN := .venv/bin
PY := $(BIN)/python

# The folder's own tools come first, so that `cdk` and the app it runs use them.
export PATH := $(CURDIR)/$(BIN):$(CURDIR)/node_modules/.bin:$(PATH)
# jsii warns about Node 20, which works.
export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION := 20
export PIP_DISABLE_PIP_VERSION_CHECK := 1

INSTALLED := .venv/.installed node_modules/.package-lock.json tools/sandbox/lambda_runtime/node_modules/.package-lock.json

.DEFAULT_GOAL := help
.PHONY: help install data demo test test-nightly mutants unit snapshots docs review check bench lock audit lint format sandbox stop deploy diff destroy synth clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(INSTALLED) ## install everything into this folder

data: install ## make the sample data in data/out (MovieLens 100K, or a generated catalogue)
	@$(PY) -m tools.data sample

demo: install ## deploy to a local cloud, ask for recommendations, change a setting, destroy, check
	@$(PY) -m tools.sandbox demo

test: lint ## all checks and tests
	$(BIN)/pytest -n auto --dist loadgroup --cov $(ARGS)

test-nightly: lint ## the same with 2,000 random sequences from a new seed, and with mutations of the resource table
	SEQUENCES=2000 HYPOTHESIS_SEED=$(shell date +%s) $(BIN)/pytest -n auto --dist loadgroup --cov $(ARGS)
	$(MAKE) mutants

mutants: install ## show that no row of the resource table can lose something unnoticed
	$(PY) -m tests.lambdas.personalize_provider.support.mutants

unit: install ## the tests without those that deploy with the CDK CLI
	$(BIN)/pytest -n auto --dist loadgroup -m "not e2e" $(ARGS)

lint: install ## ruff and mypy (cfn-lint and cdk-nag run with the tests, on every template)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy app.py stacks lambdas tools

snapshots: install ## write the snapshots of the templates anew; git diff then shows what a change does to them
	@$(PY) -m tests.stacks.support.snapshots

review: install ## what deploying the working tree would do to ENV as it is at BASE (default HEAD)
	@$(PY) -m tools.review --env $(ENV) --base $(BASE)

check: install ## whether the service will take the data that ENV imports (DATA=folder: look there instead)
	@$(PY) -m tools.review.check --env $(ENV) $(if $(DATA),--data $(DATA))

bench: install ## measure speed and size against their floors, into docs/benchmarks.md
	@$(PY) -m tools.benchmarks

lock: install ## write requirements-lock.txt anew, after a change of requirements*.txt (ARGS=--upgrade: with newer packages)
	@cp requirements-lock.txt .venv/lock.txt
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 \
		--custom-compile-command "make lock" --output-file .venv/lock.txt requirements-dev.txt $(ARGS)
	@cmp -s .venv/lock.txt requirements-lock.txt || cp .venv/lock.txt requirements-lock.txt

# Not part of `test`: a new advisory would fail a change that has nothing to do with it. What cannot be looked up fails
# too (--strict), and all three are asked, whatever the first one says.
audit: install ## look for known vulnerabilities in everything the lock files pin
	@status=0; \
	$(BIN)/pip-audit --strict --progress-spinner off --require-hashes --disable-pip -r requirements-lock.txt || status=1; \
	npm audit || status=1; \
	npm audit --prefix tools/sandbox/lambda_runtime || status=1; \
	exit $$status

docs: install ## write the pages of docs/ that are generated
	@$(PY) -m tools.docs

format: install ## let ruff put the code in order
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

sandbox: install ## keep a local cloud running and print how to reach it
	@$(PY) -m tools.sandbox run $(ARGS)

stop: install ## end the local cloud
	@$(PY) -m tools.sandbox stop

deploy: data ## deploy ENV (default dev) to the local cloud
	@$(PY) -m tools.sandbox deploy --env $(ENV) -- $(ARGS)

diff: data ## show what deploying ENV to the local cloud would change
	@$(PY) -m tools.sandbox diff --env $(ENV) -- $(ARGS)

destroy: data ## destroy ENV in the local cloud
	@$(PY) -m tools.sandbox destroy --env $(ENV) -- $(ARGS)

synth: data ## synthesize ENV into cdk.out
	cdk synth --quiet -c env=$(ENV) $(ARGS)

clean: ## remove what the other targets made, except the installed tools
	rm -rf cdk.out data/out .sandbox .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage outputs.json

.venv/.installed: requirements-lock.txt
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed; make PYTHON=... names one.")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --progress-bar off --no-compile --require-hashes -r requirements-lock.txt
	@touch $@

node_modules/.package-lock.json: package-lock.json
	npm ci --no-audit --no-fund
	@touch $@

tools/sandbox/lambda_runtime/node_modules/.package-lock.json: tools/sandbox/lambda_runtime/package-lock.json
	npm ci --no-audit --no-fund --prefix tools/sandbox/lambda_runtime
	@touch $@
