# `make demo` and `make test` do everything by themselves: virtual environment, installs, run.
PYTHON ?= python3
VENV ?= .venv
ARGS ?=
RUN := $(VENV)/bin

.PHONY: demo test check bench upgrade clean

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV) || { echo "python3-venv is missing: apt-get install python3-venv" >&2; exit 1; }
	$(RUN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[demo,test]'
	touch $@

demo: $(VENV)/.installed
	$(RUN)/callrouter demo $(ARGS)

check: $(VENV)/.installed
	$(RUN)/ruff check .
	$(RUN)/ruff format --check .
	$(RUN)/mypy
	PYTHONPATH=. $(RUN)/lint-imports

test: check
	$(RUN)/python -m tests.needs
	$(RUN)/pytest --numprocesses 4 $(ARGS)

upgrade:
	rm -rf $(VENV) && $(PYTHON) -m venv $(VENV)
	$(RUN)/python -m pip install --quiet --upgrade --editable '.[demo,test]'
	{ head -1 constraints.txt; $(RUN)/python -m pip freeze --exclude-editable; } > constraints.new && mv constraints.new constraints.txt
	touch $(VENV)/.installed

clean:
	rm -rf $(VENV) build *.egg-info .demo
