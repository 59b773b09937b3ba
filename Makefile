# Everything a checkout can do.  A fresh machine needs python3 (3.11 or newer) and make; the rest is installed into .venv.

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
WORKERS ?= auto

# What to derive in place of the default catalogue, as options of the program.  Only what stands on make's command line
# counts: names as short as these mean other things in other people's environments.  The shell takes the values from
# there, whatever characters they hold.
export PATHS L_IN L_OUT MODULES OUT
given = $(filter command,$(origin $(1)))
SAID := $(if $(call given,PARITIES),$(PARITIES))
$(if $(filter-out 1 yes true 0 no false,$(SAID)),$(error PARITIES is 1 or 0, yes or no, true or false; got $(SAID)))
REQUEST := $(strip $(if $(call given,PATHS),--paths="$$PATHS") $(if $(call given,L_IN),--l-in="$$L_IN") \
    $(if $(call given,L_OUT),--l-out="$$L_OUT") $(if $(filter 1 yes true,$(SAID)),--parities) \
    $(if $(call given,MODULES),--modules="$$MODULES"))
FOLDER := $(if $(call given,OUT),--out="$$OUT",$(if $(REQUEST),--out=build/tfn))

.PHONY: help derive check test test-all lint proofs bench bench-cuda example clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

derive: $(VENV)/.derive  ## derive, prove and emit into generated/; or what PATHS="1->1, 2->3:1,2", or L_IN=0..3 L_OUT=0..3, PARITIES=1 and MODULES=cpu,cuda ask for, into OUT
	@$(if $(REQUEST),mkdir -p build)
	@$(RUN) -m pocket_tfn.derive $(REQUEST) $(FOLDER) $(ARGS)

check: $(VENV)/.derive  ## fail, with a diff, if generated/ is not what derive/ makes
	@$(RUN) -m pocket_tfn.derive --check

lint: $(VENV)/.test  ## formatting, lint and types
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/ruff check .
	@mkdir -p build/typing/pocket_tfn
	@for part in derive layers templates generated/*.py; do \
	    ln -sfn ../../../$$part build/typing/pocket_tfn/; done
	@$(VENV)/bin/mypy --no-incremental

test: $(VENV)/.test  ## lint, staleness and every test but the slow ones
	@$(MAKE) --no-print-directory -j 2 lint check
	@$(RUN) -m pytest -n $(WORKERS) --dist worksteal -m "not slow" $(ARGS)

test-all: $(VENV)/.test  ## the slow tests too
	@$(MAKE) --no-print-directory -j 2 lint check
	@$(RUN) -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

proofs: $(VENV)/.derive  ## compile the book of proofs to build/proofs/book.pdf
	@command -v pdflatex >/dev/null || { echo "make proofs needs LaTeX: install TeX Live (on Debian: apt install texlive-latex-recommended lmodern)"; exit 1; }
	@mkdir -p build/proofs
	@cd generated/proofs && for pass in 1 2; do \
	    pdflatex -interaction=nonstopmode -halt-on-error -output-directory=../../build/proofs book.tex >../../build/proofs/output.txt \
	    || { tail -n 30 ../../build/proofs/output.txt; exit 1; }; done
	@echo build/proofs/book.pdf

bench: $(VENV)/.bench  ## compare with e3nn, torch.compile and jax.jit on this machine
	@$(RUN) -m benchmarks $(ARGS)

bench-cuda: $(VENV)/.test  ## what the GPU compiler makes of the CUDA kernels and, where there is a GPU, their times beside peers
	@$(RUN) -m benchmarks.cuda_report $(ARGS)
	@if nvidia-smi -L >/dev/null 2>&1; then $(RUN) -m benchmarks.gpu; \
	else echo "No NVIDIA GPU here, so nothing was timed; on a machine with one: python -m benchmarks.gpu"; fi

example: $(VENV)/.test  ## the example on a real molecule, with its picture
	@$(RUN) examples/molecule.py --output examples/molecule.png $(ARGS)

clean:  ## remove what make made, generated/ excepted
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis

# The package maps generated/ to pocket_tfn, so that folder must exist before the first derivation.
$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "pocket-tfn needs Python 3.11 or newer")'
	@$(PYTHON) -m venv $(VENV)
	@mkdir -p generated && touch generated/__init__.py

$(VENV)/.derive: pyproject.toml | $(VENV)/bin/python
	@echo "installing what derivation needs ..."
	@PYTHONWARNINGS=ignore $(RUN) -m pip install --quiet --disable-pip-version-check -e '.[derive]'
	@touch $@

$(VENV)/.test: pyproject.toml | $(VENV)/.derive
	@echo "installing what the tests need (PyTorch and e3nn among them) ..."
	@PYTHONWARNINGS=ignore $(RUN) -m pip install --quiet --disable-pip-version-check -e '.[test]'
	@touch $@

$(VENV)/.bench: pyproject.toml | $(VENV)/.test
	@echo "installing the libraries to compare with ..."
	@PYTHONWARNINGS=ignore $(RUN) -m pip install --quiet --disable-pip-version-check -e '.[bench]'
	@touch $@
