# Two commands matter: `make run` and `make test`. Each sets up what it needs in .venv, from the lock with its hashes.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test test-clients test-browser test-workers check bench lock clean
.DEFAULT_GOAL := help

.PHONY: help
help:
	@echo "make run     set up and open Kagami"
	@echo "make test    set up and run every test that needs only Python packages"
	@echo "make test-clients  set up and run the tests with official clients of the platforms, each in an environment of its own"
	@echo "make test-browser  set up and run the tests in a real Chromium, which the system has to have"
	@echo "make test-workers  set up and run the tests with applications that need Node.js"
	@echo "make check   format, lint, types, import contracts"
	@echo "make bench   measure beside the floors and the peers"
	@echo "make lock    resolve the dependencies again"
	@echo "make clean   remove what these made"

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

test: $(VENV)/.test
	$(BIN)/python -m pytest -n auto

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

check: $(VENV)/.test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/mypy

bench: $(VENV)/.test
	$(BIN)/python -m bench

lock: lock-clients
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  pyproject.toml -o requirements.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --extra test --extra dev pyproject.toml -o requirements-dev.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --extra test --extra browser pyproject.toml -o requirements-browser.lock
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

clean:
	rm -rf $(VENV) tests/node/node_modules build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage* htmlcov
