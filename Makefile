# Every command a developer needs. `make demo` and `make test` set up all that they use.

PYTHON ?= python3
VENV   ?= .venv
# Where torch comes from. By default: on Linux PyTorch's own index, the build that fits this machine's
# GPU or CPU, or pip's index where that can't be reached; elsewhere pip's index. For another build give
# pip's options:
#   make demo TORCH_SOURCE="--index-url <address of PyTorch's CPU or CUDA wheels>"
TORCH_SOURCE ?=
TORCH  ?= torch==2.13.0
# Debian's Chromium without a window, or with one where only that is installed: a page that no window is
# drawn around takes the tests a third less time.
HEADLESS := /usr/bin/chromium-headless-shell
CHROMIUM ?= $(firstword $(wildcard $(HEADLESS) /usr/bin/chromium) $(HEADLESS))
BIN     := $(VENV)/bin
INSTALL := $(BIN)/python setup/install.py

# Two workers of one thread each: on two cores more threads would only wait for one another.
WORKERS ?= 2
PYTEST  := OMP_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE CHROMIUM=$(CHROMIUM) $(BIN)/python -m pytest
TESTS   := $(PYTEST) -n $(WORKERS) --dist loadgroup --no-loadscope-reorder

.PHONY: demo ui dagster check test test-thorough test-fast test-js lint lint-js types format docs wheel sbom audit lock clean
.DELETE_ON_ERROR:
# Bytecode isn't compiled at set-up: a Python that may not keep it would compile at every start.
unexport PYTHONDONTWRITEBYTECODE

demo: $(VENV)/.installed  ## environment, embedded corpus and model, then the app, which makes the rest
	$(BIN)/kn demo

ui: $(VENV)/.installed  ## the app on whatever atlases exist
	$(BIN)/kn ui

dagster: $(VENV)/.installed  ## Dagster's own UI on the same assets and runs
	$(BIN)/kn partitions
	PATH="$(abspath $(BIN)):$$PATH" DAGSTER_HOME="$${DAGSTER_HOME:-$${KN_DATA:-$(abspath data)}/dagster}" $(BIN)/dg dev

check: $(VENV)/.installed-dev node_modules/.installed  ## style, types and the fast tests: under three minutes
	@$(MAKE) --no-print-directory -j2 --output-sync=target types test-fast lint test-js

test-fast: $(VENV)/.installed-dev
	$(PYTEST) -q -m "not slow and not browser and not thorough"

test: test-js $(VENV)/.installed-dev $(CHROMIUM)  ## every test but the thorough ones, those in a real browser too
	$(TESTS) -m "not thorough"

test-thorough: $(VENV)/.installed-dev $(CHROMIUM)  ## what `make test` tries a part of, at full length, and benchmarks
	$(TESTS) -m thorough

test-js:  ## what the page's scripts compute, without a browser
	@node -e '' 2>/dev/null || { echo "Node.js 20 or newer is needed: install your system's nodejs package"; exit 1; }
	node --test tests/js/

lint: lint-js $(VENV)/.installed-dev  ## style, and which room imports which
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

lint-js: node_modules/.installed  ## style and types of the page's scripts
	npm run --silent lint

types: $(VENV)/.installed-dev  ## types
	$(BIN)/mypy

format: $(VENV)/.installed-dev node_modules/.installed  ## mend what lint can mend
	npm run --silent format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

wheel: $(VENV)/.installed-dev  ## the package as one file, in dist/
	$(BIN)/python -m pip wheel -q --no-deps --no-build-isolation --wheel-dir dist .

docs: $(VENV)/.installed-docs  ## reference pages, and the site in docs/_build; a broken link is an error
	$(BIN)/python docs/generate.py
	$(BIN)/sphinx-build -q -W --keep-going -n -c docs . docs/_build

sbom: $(VENV)/.installed-dev  ## the release's bill of materials, CycloneDX JSON, in dist/
	$(BIN)/python setup/sbom.py

audit: $(VENV)/.installed-dev  ## known advisories, by a downloaded OSV export: make audit DB=all.zip
	$(BIN)/python setup/audit.py $(DB)

lock: $(VENV)/.installed  ## setup/lock anew, from pyproject.toml; UPGRADE=1 moves to newest versions
	$(BIN)/python setup/lock.py $(if $(UPGRADE),--upgrade)

clean:  ## remove the environment, keep the data
	rm -rf $(VENV) node_modules dist docs/_build

# Tools for the page's scripts: the page itself is served as it is and needs none of them.
node_modules/.installed: package.json package-lock.json
	@npm --version >/dev/null 2>&1 || { echo "npm is needed to check the page's scripts: install your system's nodejs and npm packages"; exit 1; }
	@npm ci --silent --no-audit --no-fund || { echo "packages can't be had: check that an npm registry is reachable"; exit 1; }
	@touch $@

# Everything but torch is locked with its hashes in setup/lock, and nothing else is installed.
$(VENV)/.installed: pyproject.toml setup/lock/tools.txt setup/lock/app.txt setup/lock/torch.txt
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; say which: make PYTHON=python3.12" if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv $(VENV) || { echo "can't make a virtual environment: install your system's python3-venv package"; exit 1; }
	@echo "installing the project and what it stands on, about a minute"
	@$(INSTALL) tools
	@$(INSTALL) app
	@echo "installing torch"
	@$(INSTALL) torch "$(TORCH)" $(TORCH_SOURCE)
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed setup/lock/test.txt
	@echo "installing what the tests need"
	@$(INSTALL) test
	@touch $@

$(VENV)/.installed-docs: $(VENV)/.installed setup/lock/docs.txt
	@echo "installing what the documents need"
	@$(INSTALL) docs
	@touch $@

# Only the browser tests need it. Elsewhere than on Debian, install Chromium and give CHROMIUM=path.
$(HEADLESS):
	@echo "installing Debian's Chromium for the browser tests"
	@if [ "$$(id -u)" = 0 ]; then sudo=; else sudo=sudo; fi; \
	  $$sudo apt-get update -q >/dev/null && $$sudo apt-get install -y -q chromium-headless-shell fonts-noto-core >/dev/null \
	  || { echo "Chromium can't be installed here: install it yourself and give CHROMIUM=path"; exit 1; }
