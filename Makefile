# Everything runs in .venv, which the first call makes. Windows: see the pip lines in README.md.
#   make lab        open lesson 1 in JupyterLab        make outputs    execute lessons, store outputs
#   make test       run all tests                      make lint       check format and style
#   make run        run lessons with papermill         make format     mend format and style
#   make benchmark  time one training loop written in many ways
#   PARAMS="-p EPOCHS 2" make run       LESSONS=notebooks/02_build_model.ipynb make outputs

.DEFAULT_GOAL := help
.PHONY: help venv lab test run outputs lint format benchmark

BIN := .venv/bin
export JUPYTER_CONFIG_DIR := $(CURDIR)/.jupyter
AS_ROOT := $(shell [ "$$(id -u)" = 0 ] && echo --allow-root)

help:
	@sed -n 's/^# \{0,2\}//p' Makefile

venv:
	@sh tools/make_venv.sh

# The table of contents is opened once; after that your own layout stays.
export JUPYTERLAB_WORKSPACES_DIR ?= $(JUPYTER_CONFIG_DIR)/lab/workspaces

lab: venv
	@[ -d "$(JUPYTERLAB_WORKSPACES_DIR)" ] || $(BIN)/jupyter lab workspaces import .jupyter/workspace.json
	$(BIN)/jupyter lab $(AS_ROOT) $(LAB_OPTIONS)

test: venv
	$(BIN)/python -m pytest $(PYTEST_OPTIONS)

run: venv
	$(BIN)/python tools/run_notebooks.py $(PARAMS) $(LESSONS)

outputs: venv
	$(BIN)/python tools/execute_notebooks.py $(LESSONS)

lint: venv
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

format: venv
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

benchmark: venv
	$(BIN)/python benchmarks/training_loop.py $(BENCHMARK_OPTIONS)
