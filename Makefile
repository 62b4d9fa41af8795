# Every target sets itself up (Debian and Python 3.11 or newer, nothing else) and is quick the second time.
.DEFAULT_GOAL := help
SHELL := /bin/bash

PYTHON ?= python3
VENV := build/venv/bin
ENV = @$(PYTHON) tools/env.py
HOST ?= 127.0.0.1
PORT ?= 5683

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

run: ## a water meter under MicroPython, registered over DTLS at an embedded server, its litres on the screen [NOSEC=1]
	$(ENV) run
	@$(PYTHON) tools/env.py leshan || true
	@$(VENV)/python -m tools.devserver --demo $(if $(filter-out 0,$(NOSEC)),--nosec)

# Keys: the environment has them, here and below; nothing puts them on a command line.
server: ## the embedded server alone [HOST=0.0.0.0 PORT=5683 ENGINE=leshan|small COAPS=1], with a key: ENDPOINT= PSK_IDENTITY= PSK_KEY=hex
	$(ENV) run
	@$(PYTHON) tools/env.py leshan || true
	@$(VENV)/python -m tools.devserver --host $(HOST) --port $(PORT) $(if $(ENGINE),--engine $(ENGINE)) $(if $(filter-out 0,$(COAPS)),--coaps) $(if $(ENDPOINT),--endpoint '$(ENDPOINT)')

meter: ## the meter alone: SERVER=coap://host:port ENDPOINT=name [CONFIG=file.json], for coaps: PSK_IDENTITY= PSK_KEY=hex
	$(ENV) run
	@$(VENV)/python tools/meter.py $(if $(SERVER),--server '$(SERVER)') $(if $(ENDPOINT),--endpoint '$(ENDPOINT)') $(if $(CONFIG),--config '$(CONFIG)')

test: ## everything but the slow tier, in under 15 minutes
	$(ENV) run leshan build test lint
	@$(VENV)/python -m pytest -m "not slow"

test-all: ## the slow tier too: what CI runs
	$(ENV) run leshan build test lint
	@$(VENV)/python -m pytest

sizes: ## bytes of .mpy and of RAM on 32 bits, against tools/sizes/budgets.json
	$(ENV) run build
	@$(VENV)/python -m tools.sizes

bench: ## speed and wire bytes beside a peer, as ratios
	$(ENV) run build test
	@$(VENV)/python -m host_tests.bench

lint: ## ruff: format and rules
	$(ENV) lint
	@$(VENV)/ruff format --check -q . && $(VENV)/ruff check -q .

clean: ## what `make` has built
	@rm -rf build

.PHONY: help run server meter test test-all sizes bench lint clean
