# Two commands on a fresh machine: `make demo` shows it at work, `make test` checks everything.
# `make lint` checks without running the tests; `make clean` removes what these made.
#
# PYTHON=python3.12 chooses the Python; TORCH=torch==2.13.0+cpu another build or version of torch
# than the one in constraints.txt.

export PYTHON TORCH
BIN := .venv/bin
# pytest-xvfb gives the tests a screen of their own. Where there is no Xvfb, those that need OpenGL
# are skipped, and say so. Looked up late, since the set-up may just have installed it.
SCREEN = $(shell command -v Xvfb >/dev/null || [ -n "$$DISPLAY" ] || echo QT_QPA_PLATFORM=offscreen)

.PHONY: demo test lint set-up clean

demo: set-up
	$(BIN)/napari-seamnet demo --out demo || [ $$? -eq 1 ]

test: lint
	$(SCREEN) $(BIN)/python -m pytest -q $(PYTEST_ARGS)

lint: set-up
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

set-up:
	@tools/setup.sh

clean:
	rm -rf .venv demo build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find src tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
