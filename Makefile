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
# Images of containers often set it. Every process would compile the CDK and boto3 again: two seconds, hundreds of times.
unexport PYTHONDONTWRITEBYTECODE

# Where refresh, explore and adopt look: in the local cloud if one runs; with PROFILE=name, in an account of AWS.
ON = $(if $(PROFILE),--profile $(PROFILE)) $(if $(REGION),--region $(REGION))

# Three sets of what is installed, each with all of the one before it.
DEPLOYING := .venv/.installed node_modules/.package-lock.json
RUNNING := $(DEPLOYING) .venv/.installed-tools tools/sandbox/lambda_runtime/node_modules/.package-lock.json
DEVELOPING := $(RUNNING) .venv/.installed-dev

# With extras: pip would take the newest version of what is asked for with an extra that the lock does not name.
COMPILE := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-strip-extras --python-version 3.11 \
	--custom-compile-command "make lock" --output-file .venv/lock.txt
# A lock that stays the same keeps its time, so that nothing is installed again.
KEEP := f() { cmp -s .venv/lock.txt "$$1" || cp .venv/lock.txt "$$1"; }; f

.DEFAULT_GOAL := help
.PHONY: help install data demo conformance conformance-clean conformance-compare conformance-deploy month test test-nightly mutants unit snapshots schema docs review refresh explore status repair adopt prices check bench lock audit lint format sandbox stop deploy diff destroy synth clean

help: ## show this list
	@awk -F ':.*## ' '/^##@ / {print "\n" substr($$0, 5)} /^[a-z-]+:.*## / {printf "  make %-20s%s\n", $$1, $$2}' $(MAKEFILE_LIST)

##@ To see it work, without an AWS account

demo: $(RUNNING) ## deploy to a local cloud, ask for recommendations, change a setting, destroy, check
	@$(PY) -m tools.sandbox demo

##@ To deploy to AWS

install: $(DEPLOYING) ## install what deploying needs; the other targets bring what they need besides

data: $(DEPLOYING) ## make the sample data in data/out (MovieLens 100K, or a generated catalogue)
	@$(PY) -m tools.data sample

check: $(RUNNING) ## say what the service would refuse in the data that ENV imports (DATA=folder: look there)
	@$(PY) -m tools.check --env $(ENV) $(if $(DATA),--data $(DATA)) $(if $(ENGINE),--engine $(ENGINE)) $(ARGS)

synth: data ## synthesize ENV into cdk.out
	cdk synth --quiet -c env=$(ENV) $(ARGS)

month: $(RUNNING) ## let a month of operations pass in virtual time, and write a page about it
	@$(PY) -m tools.month

##@ To use the local cloud

deploy: $(RUNNING) data ## deploy ENV (default dev) to the local cloud
	@$(PY) -m tools.sandbox deploy --env $(ENV) -- $(ARGS)

diff: $(RUNNING) data ## show what deploying ENV to the local cloud would change
	@$(PY) -m tools.sandbox diff --env $(ENV) -- $(ARGS)

destroy: $(RUNNING) data ## destroy ENV in the local cloud
	@$(PY) -m tools.sandbox destroy --env $(ENV) -- $(ARGS)

sandbox: $(RUNNING) ## keep a local cloud running and print how to reach it
	@$(PY) -m tools.sandbox run $(ARGS)

stop: $(RUNNING) ## end the local cloud
	@$(PY) -m tools.sandbox stop

##@ To run what is deployed

refresh: $(RUNNING) ## import what is new, train, judge and serve in ENV now (DATASETS=interactions, TRAIN=always, MODE=FULL)
	@$(PY) -m tools.operations refresh --env $(ENV) $(if $(DATASETS),--datasets $(DATASETS)) $(if $(TRAIN),--train $(TRAIN)) $(if $(MODE),--mode $(MODE)) $(ON)

explore: $(RUNNING) ## write a page about what ENV recommends, and how well (USERS=1,2: for them; OPEN=1: open it)
	@$(PY) -m tools.explore --env $(ENV) $(if $(USERS),--users $(USERS)) $(if $(OPEN),--open) $(ON)

status: $(RUNNING) ## say whether everything is as ENV was deployed (JSON=1: for programs; HTML=1: a page, too)
	@$(PY) -m tools.status --env $(ENV) $(if $(JSON),--json) $(if $(HTML),--html) $(ON) $(ARGS)

repair: $(RUNNING) data ## bring what is out of step in ENV back to what was deployed, after asking (YES=1: without)
	@$(PY) -m tools.repair --env $(ENV) $(if $(YES),--yes) $(if $(WITH_SETTINGS),--with-settings) $(ON) -- $(ARGS)

adopt: $(RUNNING) ## write settings that take over DATASET_GROUP: config/ENV.yaml and a report (APP_NAME, RANKING, FORCE=1)
	@$(PY) -m tools.adopt --env $(ENV) --dataset-group "$(DATASET_GROUP)" $(if $(APP_NAME),--app-name $(APP_NAME)) $(if $(RANKING),--ranking $(RANKING)) $(if $(FORCE),--force) $(ON)

##@ To review a change

review: $(RUNNING) ## say what deploying the working tree would do to ENV as it is at BASE (default HEAD); PROFILE: what exists
	@$(PY) -m tools.review --env $(ENV) --base $(BASE) $(if $(INTERACTIONS),--interactions $(INTERACTIONS)) $(ON)

prices: $(RUNNING) ## write the prices that a review uses again, from the AWS Price List (FILE=...: from this file of it)
	@$(PY) -m tools.review.price_list $(if $(FILE),--file $(FILE))

snapshots: $(RUNNING) ## write the snapshots of the templates (yours: in config/snapshots, if it exists); read git diff
	@$(PY) -m tools.snapshots

##@ To compare with AWS

TIER ?= free
# What `make conformance` talks to: the emulator, with ENDPOINT=local the local cloud, with PROFILE=name an AWS account.
TALK_TO = $(if $(ENDPOINT),--endpoint $(ENDPOINT)) $(if $(PROFILE),--profile $(PROFILE)) $(if $(REGION),--region $(REGION)) $(if $(YES),--yes)

conformance: $(RUNNING) ## perform the steps of TIER (free, import, train) on PROFILE, REGION or the emulator; record it
	@$(PY) -m tools.conformance run $(TALK_TO) --tier $(TIER) $(if $(STEP),--step $(STEP)) $(if $(OUT),--out $(OUT))

conformance-clean: $(RUNNING) ## remove what interrupted runs left in PROFILE, REGION, after asking
	@$(PY) -m tools.conformance clean $(TALK_TO)

conformance-deploy: $(RUNNING) ## deploy the app with the smallest settings to PROFILE, REGION or the local cloud; destroy it
	@$(PY) -m tools.conformance deploy $(if $(PROFILE),--profile $(PROFILE)) $(if $(REGION),--region $(REGION)) $(if $(YES),--yes)

conformance-compare: $(RUNNING) ## say, rule by rule, where the recordings A=file and B=file differ: a page, and Markdown
	@$(PY) -m tools.conformance compare $(A) $(B)

##@ To develop

schema: $(DEVELOPING) ## write stacks/settings.schema.json, by which editors know the settings
	@$(PY) -m tools.settings_schema

test: checks all-tests ## run all checks and tests

all-tests: $(DEVELOPING)
	$(BIN)/pytest -n auto --dist loadgroup --cov $(ARGS)

unit: $(DEVELOPING) ## run the tests but for those that deploy with the CDK CLI
	$(BIN)/pytest -n auto --dist loadgroup -m "not e2e" $(ARGS)

lint: checks ## run ruff, mypy, vulture, radon and the table of imports (cfn-lint and cdk-nag run with the tests)
	$(BIN)/pytest -q tests/repository/test_architecture.py tests/repository/test_readability.py

# What no test does; radon and the table of imports are tests, which `make test` runs with the others.
.PHONY: all-tests checks collected ruff mypy vulture
checks: ruff mypy vulture

# Python compiles what the tests import, once and not in every worker.
collected: $(DEVELOPING)
	@$(BIN)/pytest -q --collect-only >.venv/collected.txt || { tail -n 60 .venv/collected.txt; exit 1; }

ruff: $(DEVELOPING)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

mypy: $(DEVELOPING)
	$(BIN)/mypy app.py stacks lambdas tools

vulture: $(DEVELOPING)
	$(BIN)/vulture

format: $(DEVELOPING) ## let ruff put the code in order
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(DEVELOPING) ## write the pages of docs/ that are generated
	@$(PY) -m tools.docs

# From the largest set to the smallest: uv keeps the versions that it finds in the file it writes, so that each set has
# those of the one before.
lock: $(DEVELOPING) ## write the locks after a change of requirements*.txt (ARGS=--upgrade: with newer packages)
	@cp requirements-dev-lock.txt .venv/lock.txt
	@$(COMPILE) requirements-dev.txt $(ARGS)
	@$(KEEP) requirements-dev-lock.txt
	@$(COMPILE) requirements-tools.txt
	@$(KEEP) requirements-tools-lock.txt
	@$(COMPILE) requirements.txt
	@$(KEEP) requirements-lock.txt

test-nightly: checks ## run all tests, with 2,000 random sequences from a new seed, then mutants
	SEQUENCES=2000 HYPOTHESIS_SEED=$(shell date +%s) $(BIN)/pytest -n auto --dist loadgroup --cov $(ARGS)
	$(MAKE) mutants

mutants: $(DEVELOPING) ## show that no row of the resource table can lose something unnoticed
	$(PY) -m tests.lambdas.personalize_provider.support.mutants

bench: $(DEVELOPING) ## measure speed and size against their floors, into docs/benchmarks.md
	@$(PY) -m tools.benchmarks

# Not part of `test`: a new advisory would fail a change that has nothing to do with it. What cannot be looked up fails
# too (--strict), and all three are asked, whatever the first one says.
audit: $(DEVELOPING) ## look for known vulnerabilities in everything the lock files pin
	@status=0; \
	$(BIN)/pip-audit --strict --progress-spinner off --require-hashes --disable-pip -r requirements-dev-lock.txt || status=1; \
	npm audit || status=1; \
	npm audit --prefix tools/sandbox/lambda_runtime || status=1; \
	exit $$status

clean: ## remove what the other targets made, except the installed tools
	rm -rf cdk.out data/out .sandbox .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage outputs.json

# -- what is installed ---------------------------------------------------------------------------------------------

PIP_INSTALL := $(BIN)/pip install --progress-bar off --no-compile --require-hashes -r

.venv/.installed: requirements-lock.txt
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed; make PYTHON=... names one.")'
	$(PYTHON) -m venv .venv
	$(PIP_INSTALL) $<
	@touch $@

# .ci/run takes another one, which is ten times as fast but does not read pip.conf, where companies name their mirrors.
INSTALL ?= $(PIP_INSTALL)

# One after the other, also with --jobs.
.venv/.installed-dev: | .venv/.installed-tools
.venv/.installed-%: requirements-%-lock.txt | .venv/.installed
	$(INSTALL) $<
	@touch $@

node_modules/.package-lock.json: package-lock.json
	npm ci --no-audit --no-fund
	@touch $@

tools/sandbox/lambda_runtime/node_modules/.package-lock.json: tools/sandbox/lambda_runtime/package-lock.json
	npm ci --no-audit --no-fund --prefix tools/sandbox/lambda_runtime
	@touch $@
