# Two commands are enough: `make demo` and `make test`. Both set everything up by themselves.
PYTHON ?= python3
BIN := .venv/bin
DEMO ?= demo

.PHONY: demo test check bench lock truth physics coverage conformance robustness reproduce docs clean

demo: .venv/base.done ## measure a real CT and say where the report is
	@$(BIN)/osteon measure samples/chest_abdomen_ct/ct.nii.gz \
	  --labels samples/chest_abdomen_ct/vertebrae.nii.gz \
	  --organs samples/chest_abdomen_ct/organs.nii.gz \
	  --subject demo --out $(DEMO)

test: .venv/test.done ## run every test that this machine can run
	@sh tools/browser.sh
	$(BIN)/pytest -n auto --dist loadscope

check: .venv/test.done ## style, types, import contract, size of files and functions
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/limits.py

bench: .venv/test.done build/peers/done ## speed and memory, as ratios against a named peer
	$(BIN)/python benchmarks/measure.py
	$(BIN)/python benchmarks/structure.py --peers build/peers/bin/python
	$(BIN)/python benchmarks/structure_whole.py
	$(BIN)/python benchmarks/texture.py --peers build/peers/bin/python
	$(BIN)/python benchmarks/evaluation.py --peers build/peers/bin/python

build/peers/done: benchmarks/peers.txt
	$(PYTHON) -m venv build/peers
	build/peers/bin/python -m pip install --quiet --disable-pip-version-check -r benchmarks/peers.txt
	@touch $@

truth: .venv/test.done ## measure shapes of known structure ever finer (a quarter of an hour)
	$(BIN)/python tools/structure_truth.py

physics: .venv/test.done ## measure the virtual scanner against physics (half a minute)
	$(BIN)/python tools/physics_checks.py

coverage: .venv/test.done ## count how often intervals hold the truth (five minutes)
	$(BIN)/python tools/coverage.py

conformance: .venv/test.done ## hold texture to every reference value of the IBSI (two minutes)
	$(BIN)/python tools/texture_conformance.py
	$(BIN)/python tools/texture_filters_conformance.py

robustness: .venv/test.done ## repeat the study of stable texture on packaged specimens (three minutes)
	$(BIN)/python tools/texture_robustness.py

reproduce: .venv/test.done ## the knee system from simulated patients to its results page (within the hour)
	$(BIN)/osteon reproduce srrd --preset small --out build/srrd

docs: .venv/test.done ## write again the pages of docs/ that are made from the code
	$(BIN)/python tools/make_docs.py

lock: .venv/base.done ## choose the versions of constraints.txt again
	sh tools/lock.sh

clean:
	rm -rf .venv demo build dist

.venv/python.done:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit(f"Osteon needs Python 3.11 or newer; $(PYTHON) is {sys.version.split()[0]}. Name another one: make PYTHON=python3.12 …")'
	$(PYTHON) -m venv .venv
	@touch $@

.venv/base.done: .venv/python.done pyproject.toml constraints.txt
	@echo "Setting up Osteon in .venv (once, one to three minutes) …"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

.venv/test.done: .venv/base.done
	@echo "Setting up what the tests need (once, about a minute) …"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test]'
	@touch $@
