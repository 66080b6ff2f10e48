# vigie: `make demo` shows it at work, `make test` passes its tests. Both set up what they need.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
ARGS   ?=
TESTS  ?= tests

.PHONY: help demo test check lint format docs bench system-packages lock clean

help:
	@echo "make demo [ARGS=--once]   vigie at work on a local AWS, without credentials"
	@echo "make test                 install what the tests need, and run them all"
	@echo "make check                all that CI runs: format, lint, types, layers, docs, tests"
	@echo "make bench                the benchmarks (docs/benchmarks.md)"
	@echo "make docs                 generate the reference pages"
	@echo "make lock                 write requirements.lock anew"

$(VENV)/ready: requirements.lock pyproject.toml scripts/setup
	@PYTHON="$(PYTHON)" VENV="$(VENV)" sh scripts/setup requirements.lock
	@touch $(VENV)/ready $(VENV)/ready-demo

# the demo needs less than half of what the tests need
$(VENV)/ready-demo: requirements-demo.lock pyproject.toml scripts/setup
	@PYTHON="$(PYTHON)" VENV="$(VENV)" sh scripts/setup requirements-demo.lock
	@touch $(VENV)/ready-demo

demo: $(VENV)/ready-demo
	@$(BIN)/python -m vigie.testing.demo $(ARGS)

test: $(VENV)/ready system-packages
	$(BIN)/python -m pytest -n logical $(TESTS) $(ARGS)

check: lint test

lint: $(VENV)/ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/vigie catalogue verify
	$(BIN)/python scripts/docs.py --check

format: $(VENV)/ready
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(VENV)/ready
	$(BIN)/python scripts/docs.py

bench: $(VENV)/ready
	$(BIN)/python -m bench

system-packages:
	@sh scripts/system-packages

lock:
	UV_PYTHON_DOWNLOADS=never $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate \
		--all-extras --group dev pyproject.toml -o requirements.lock
	UV_PYTHON_DOWNLOADS=never $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate \
		--extra demo --group build --constraint requirements.lock pyproject.toml -o requirements-demo.lock

clean:
	rm -rf $(VENV) .demo build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
