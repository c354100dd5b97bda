# One command each; every one of them sets up what it needs first (tools/setup.py), and is quick when that is done.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv/$(if $(filter Windows_NT,$(OS)),Scripts,bin)/python
FILES ?=

.PHONY: run test lint docs screenshots bundle bundle-test clean

# A Mac always has a display; elsewhere one of the two variables says so.
DISPLAYED := $(DISPLAY)$(WAYLAND_DISPLAY)$(filter Darwin,$(shell uname))

run:
ifneq ($(DISPLAYED),)
	@$(PYTHON) tools/setup.py run
	@$(VENV) -m ramanstudio $(FILES)
else
	@$(PYTHON) tools/setup.py demo
	@echo "There is no display here, so the demo runs in place of the window."
	@$(VENV) -m ramanstudio demo
endif

test:
	@$(PYTHON) tools/setup.py test
	@QT_QPA_PLATFORM=offscreen $(VENV) -m pytest -n 2 --dist worksteal $(ARGS)

lint:
	@$(PYTHON) tools/setup.py test
	@$(VENV) -m ruff check
	@$(VENV) -m ruff format --check
	@$(VENV) -m mypy
	@$(dir $(VENV))lint-imports

docs:
	@$(PYTHON) tools/setup.py docs
	@$(VENV) -m sphinx --fail-on-warning --keep-going -q -b html docs build/docs
	@echo "docs: open build/docs/index.html"

screenshots:
	@$(PYTHON) tools/setup.py test
	@$(VENV) tools/screenshots.py

bundle:
	@$(PYTHON) tools/setup.py bundle
	@$(VENV) tools/bundle.py $(ARGS)

bundle-test:
	@$(PYTHON) tools/setup.py bundle
	@$(VENV) tools/bundle_test.py $(ARGS)

clean:
	rm -rf .venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
