# Every target sets up what it needs: a new machine has Python, git and a C compiler.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WORKERS ?= 2

# Compiled modules make every process of the suite start in half the time.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test test-direct test-wire test-server bench lint docs probe clean

help:
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

$(VENV)/ready: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -e '.[all]' --group test
	touch $@

.demo/ready: pyproject.toml
	test -x .demo/bin/python || $(PYTHON) -m venv .demo
	.demo/bin/python -m pip install --quiet --upgrade pip
	.demo/bin/python -m pip install --quiet '.[server]' boto==2.49.0 boto3 pytest
	touch $@

demo: .demo/ready ## the main job: boto 2 and boto3 in the four ways
	.demo/bin/python -m pip install --quiet --no-deps --force-reinstall .
	.demo/bin/python -m pytest examples -v --no-header -W ignore::pytest.PytestConfigWarning -p no:cacheprovider
	@echo "Servers were launched with boto 2 and boto3: decorated, in a block, by hand, through the proxy (HTTP and HTTPS),"
	@echo "from processes that share a server, and at Outscale. What ran is in examples/; docs/tutorial.md explains it."

.protocol-cases/ready: $(VENV)/ready
	$(BIN)/python tools/fetch_protocol_cases.py
	touch $@

test: test-direct test-wire test-server ## the whole suite, on the direct path, the wire path and over the server

test-direct: $(VENV)/ready .protocol-cases/ready
	$(BIN)/python -m pytest tests examples -n $(WORKERS) --dist worksteal -q

# What doesn't depend on the path (codecs, the store, the ways in), or takes each path by itself, has run by now.
test-wire: $(VENV)/ready
	SUNDOG_PATH=wire $(BIN)/python -m pytest tests/services -n $(WORKERS) --dist worksteal -q

test-server: $(VENV)/ready
	SUNDOG_PATH=server $(BIN)/python -m pytest tests/services -n $(WORKERS) --dist worksteal -q

probe: $(VENV)/ready ## every operation of every service with all inputs, and the life of every resource
	SUNDOG_PROBE=whole $(BIN)/python -m pytest tests/contract -n $(WORKERS) -q

bench: $(VENV)/ready ## the budgets of docs/budgets.md, side by side with moto in an environment of its own
	$(BIN)/python benchmarks/run.py

lint: $(VENV)/ready ## format, lint, types, layers
	$(BIN)/python -m pip install --quiet --group lint
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/python tools/make_stubs.py build/stubs
	$(BIN)/pyright

docs: $(VENV)/ready ## the site, in docs/_build/html
	$(BIN)/python -m pip install --quiet --group docs
	$(BIN)/sphinx-build -W -b html docs docs/_build/html

clean:
	rm -rf $(VENV) .demo .bench .protocol-cases build dist docs/_build
