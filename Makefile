# Two commands do everything on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
MODELS ?= e5-small qwen2.5-1.5b

.PHONY: install models demo test check format clean

install: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25"
# First and alone: an index that has a build of torch without CUDA, gigabytes less, then gives that one.
	$(BIN)/python -m pip install --quiet --constraint constraints.txt torch==2.13.0
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[llm,train,dev,langchain,llamaindex,haystack]"
	touch $@

models: install
	$(BIN)/everask models pull $(MODELS)

demo: install models
	$(BIN)/python examples/demo.py

test: install
	$(BIN)/python dev/install_browser.py
	$(BIN)/everask models pull e5-small qwen2.5-0.5b
	$(BIN)/python -m pytest

check: install
	$(BIN)/ruff check src tests bench dev examples
	$(BIN)/ruff format --check src tests bench dev examples
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/house

format: install
	$(BIN)/ruff check --fix src tests bench dev examples
	$(BIN)/ruff format src tests bench dev examples

clean:
	rm -rf $(VENV) .demo .bench build dist
