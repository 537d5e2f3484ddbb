# Two commands matter: `make demo` and `make test`. Both make the environment first.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin

.PHONY: demo test lint check clean

$(VENV)/.installed: pyproject.toml setup.cfg
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	$(BIN)/phusong compile
	touch $@

$(VENV)/.test: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[test,dev]'
	touch $@

demo: $(VENV)/.installed
	$(BIN)/phusong demo

test: $(VENV)/.test
	$(BIN)/python -m pytest -n auto --dist loadfile

# mypy cannot follow the mapping of folders to phusong.<folder>, so it is given links.
lint: $(VENV)/.test
	mkdir -p .mypy_src/phusong
	for folder in coverage layers maps data cli; do ln -sfn ../../$$folder .mypy_src/phusong/$$folder; done
	$(BIN)/ruff check .
	cd .mypy_src && $(CURDIR)/$(BIN)/mypy --config-file ../pyproject.toml -p phusong

check: lint
	$(BIN)/python -m pytest -n auto --dist loadfile -m "not slow and not browser"

clean:
	rm -rf $(VENV) .mypy_src build dist *.egg-info
