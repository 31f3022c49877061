# fuserank: two commands, `make demo` and `make test`; the rest is for those who work on it.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
export PREFECT_HOME ?= $(CURDIR)/.fuserank/prefect
export PREFECT_SERVER_ANALYTICS_ENABLED := false
export PREFECT_SERVER_UI_V2_ENABLED := false
export DO_NOT_TRACK := 1
export DVC_NO_ANALYTICS := 1
export BENTOML_DO_NOT_TRACK := True
export GX_ANALYTICS_ENABLED := false
export HF_HUB_OFFLINE := 1

.PHONY: setup demo up test loop check docs bench faults results bench-serving bench-scale

setup: $(VENV)/.installed  ## the environment with pinned dependencies

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt "torch==2.13.0"
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[dev]"
	touch $@

demo: setup  ## the whole chain on the sample store
	mkdir -p $(PREFECT_HOME)
	$(BIN)/python -m flows.demo
	-$(BIN)/dvc commit --quiet data.dvc < /dev/null  # into the cache, when these are the bytes that data.dvc names
	$(BIN)/dvc status

up: setup  ## Prefect with its page, a worker, the served champion, the reports; Ctrl-C stops all of it
	$(BIN)/python -m flows.up

test: setup  ## all tests
	$(BIN)/pytest -n 2 --dist loadfile

loop: setup  ## the closed loop: real operations, drifted traffic, retrain and swap, in some minutes
	$(BIN)/pytest -m loop

check: setup  ## style, security rules, types, architecture, versions that fit
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pip check

docs: setup  ## the documentation as a site in .fuserank/site; open its index.html
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

bench: setup  ## speed of the parts; writes docs/bench/*.json
	$(BIN)/python -m tests.benchmarks.run

faults: setup  ## what goes wrong in production, on purpose, against the served Bento; writes docs/faults.json
	$(BIN)/python -m tests.faults.run

bench-serving: setup  ## speed over HTTP beside peers, some ten minutes on a quiet machine; writes docs/bench/serving.json
	$(BIN)/python -m tests.benchmarks.serving

bench-scale: setup  ## time and memory of every stage, a thousand products to a million; writes docs/bench/scale.json and scale.svg
	$(BIN)/python -m tests.benchmarks.scale

results: setup  ## docs/results.md and docs/results.json from the real sets; FROM=folder
	mkdir -p $(PREFECT_HOME)
	$(BIN)/python -m flows.results --from $(FROM)

