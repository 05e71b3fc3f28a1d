# `make demo` and `make test` do everything by themselves: virtual environment, installs, run.
PYTHON ?= python3
VENV ?= .venv
ARGS ?=
RUN := $(VENV)/bin
# A virtual environment belongs to one Python and one place: a moved checkout or another Python gets a new one.
READY := $(VENV)/.ready-$(shell { pwd; $(PYTHON) -VV; } 2>&1 | cksum | cut -d ' ' -f 1)
PIP := $(RUN)/python -m pip --disable-pip-version-check

.PHONY: demo test check bench bench-lists bench-pages prompts docs screenshots upgrade clean

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "callrouter needs Python 3.11 or newer as $(PYTHON); name another one: make PYTHON=python3.12" >&2; exit 1; }
	@test -e $@ || $(PYTHON) -m venv --clear $(VENV) || \
	  { echo "Python cannot make a virtual environment; on Debian: apt-get install python3-venv" >&2; exit 1; }
	$(PIP) install --quiet --constraint constraints.txt --editable '.[demo,test]'
	@touch $@

demo: $(READY)
	$(RUN)/callrouter demo $(ARGS)

check: $(READY)
	$(RUN)/ruff check .
	$(RUN)/ruff format --check .
	$(RUN)/mypy
	PYTHONPATH=. $(RUN)/lint-imports

test: check
	$(RUN)/python -m tests.needs
	$(RUN)/pytest --numprocesses 4 --dist worksteal $(ARGS)

# Measures calls and the ledger on a real FreeSWITCH; ARGS=--quick takes two minutes. Needs root for the packets' times.
bench: $(READY)
	$(PIP) install --quiet --constraint constraints.txt --editable '.[demo,test,bench]'
	$(RUN)/python -m bench.calls $(ARGS)
	$(RUN)/python -m bench.ledger

# Measures every list and search with 10,000 employees, 100,000 numbers and 1,000,000 calls; ARGS=--quick takes a minute.
bench-lists: $(READY)
	$(RUN)/python -m bench.lists $(ARGS)

# Measures the server's time of every main page in that company; ARGS=--quick takes two minutes.
bench-pages: $(READY)
	$(RUN)/python -m bench.pages $(ARGS)

# Renders the spoken prompts again from their texts (docs/prompts/README.md).
prompts: $(READY)
	$(RUN)/python docs/prompts/render.py

# Writes the page of settings again from callrouter/settings.py.
docs: $(READY)
	$(RUN)/python docs/settings_page.py > docs/settings.new
	mv docs/settings.new docs/settings.md

# Appends what the pages say and nobody has translated yet to callrouter/web/translations.
translations: $(READY)
	$(RUN)/python docs/translations.py $(ARGS)

# Takes the pictures of the pages again (docs/pages.md); needs Chromium.
screenshots: $(READY)
	PYTHONPATH=. $(RUN)/python docs/screenshots.py

upgrade:
	$(PYTHON) -m venv --clear $(VENV)
	$(PIP) install --quiet --upgrade --editable '.[demo,test,bench]'
	{ head -1 constraints.txt; $(PIP) freeze --all --exclude pip --exclude-editable; } > constraints.new
	mv constraints.new constraints.txt
	touch $(READY)

clean:
	rm -rf $(VENV) build *.egg-info .demo
