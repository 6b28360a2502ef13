##  Everything runs in .venv, which the first call makes. Windows: see the pip lines in README.md.
##    make lab        open lesson 1 in JupyterLab        make outputs    execute lessons, store outputs
##    make test       run all tests                      make lint       check format and style
##    make test-browser   open and run every lesson in a real browser, and use the built pages
##    make run        run lessons with papermill         make format     mend format and style
##    make benchmark  time one training loop             make pictures   draw the lessons' first pictures
##    make study      run what is missing of the studies make venv       only make .venv
##    make lock       pin all packages again, hashes   make site       build the web pages: build/site
##
##    PARAMS="-p EPOCHS 2" make run       LESSONS=notebooks/02_build_model.ipynb make outputs
##    make PYTHON=/path/to/python3.12 lab         make study STUDY_OPTIONS="--scheduler tcp://HOST:8786"

.DEFAULT_GOAL := help
.PHONY: help venv lab test test-browser site run outputs pictures lint format benchmark study lock

# Programs are started as modules: their scripts in .venv/bin name the folder they were made in.
PYTHON_HERE := .venv/bin/python
export JUPYTER_CONFIG_DIR := $(CURDIR)/.jupyter
export JUPYTERLAB_WORKSPACES_DIR ?= $(JUPYTER_CONFIG_DIR)/lab/workspaces
AS_ROOT := $(shell [ "$$(id -u)" = 0 ] && echo --allow-root)

help:
	@sed -n 's/^## \{0,2\}//p' Makefile

venv:
	@sh tools/make_venv.sh

# The table of contents is opened once; after that your own layout stays.
lab: venv
	@[ -w notebooks ] && [ -w .jupyter ] || { echo "You may not write into notebooks and .jupyter here: clone the project as yourself." >&2; exit 1; }
	@[ -d "$(JUPYTERLAB_WORKSPACES_DIR)" ] || $(PYTHON_HERE) -m jupyterlab workspaces import .jupyter/workspace.json
	$(PYTHON_HERE) -m jupyterlab $(AS_ROOT) $(LAB_OPTIONS)

test: venv
	$(PYTHON_HERE) -m pytest $(PYTEST_OPTIONS)

# In a real browser, after the other tests: the lessons in JupyterLab, and the built pages.
test-browser: venv
	$(PYTHON_HERE) -m pytest --numprocesses=0 tests/browser $(PYTEST_OPTIONS)

run: venv
	@$(PYTHON_HERE) tools/run_notebooks.py $(PARAMS) $(LESSONS)

site: venv
	@$(PYTHON_HERE) tools/build_site.py $(SITE_OPTIONS)

outputs: venv
	@$(PYTHON_HERE) tools/execute_notebooks.py $(LESSONS)

pictures: venv
	$(PYTHON_HERE) tools/draw_pictures.py $(LESSONS)
	$(PYTHON_HERE) tools/draw_overview.py

lint: venv
	$(PYTHON_HERE) -m ruff format --check .
	$(PYTHON_HERE) -m ruff check .

format: venv
	$(PYTHON_HERE) -m ruff format .
	$(PYTHON_HERE) -m ruff check --fix .

benchmark: venv
	$(PYTHON_HERE) benchmarks/training_loop.py $(BENCHMARK_OPTIONS)

study: venv
	$(PYTHON_HERE) tools/run_study.py $(STUDY_OPTIONS)

lock: venv
	$(PYTHON_HERE) tools/make_lock.py $(LOCK_OPTIONS)
