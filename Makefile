# make dashboard   the dashboard on http://127.0.0.1:8501 (PORT=… for another port)
# make test        every test, those in a real browser included
PYTHON ?= python3
PORT ?= 8501
VENV := .venv
IN_VENV := $(VENV)/bin/python

.PHONY: dashboard test lint
dashboard: $(VENV)/installed
	$(IN_VENV) -m streamlit run app/server.py --server.port $(PORT)

test: $(VENV)/installed-tests
	$(IN_VENV) -m tests.chromium
	$(IN_VENV) -m tests.postgresql
	OMP_NUM_THREADS=1 $(IN_VENV) -m pytest -n auto --dist loadfile  # a process a core, each with one thread

lint: $(VENV)/installed-tests
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/lint-imports

$(VENV)/installed: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Kindred needs Python 3.11 or newer, but $(PYTHON) is older; run: make PYTHON=/path/to/python3.11"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(IN_VENV) -m pip install --quiet --upgrade "pip>=25.1"
	$(IN_VENV) -m pip install --quiet -r requirements.txt
	$(IN_VENV) -m engine.grouping.warm_up
	@touch $@

$(VENV)/installed-tests: $(VENV)/installed pyproject.toml
	$(IN_VENV) -m pip install --quiet --group test
	@touch $@
