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

run: ## a water meter under MicroPython, registered over DTLS at an embedded server, its litres on the screen [NOSEC=1 BOOTSTRAP=1]
	$(ENV) run
	@$(PYTHON) tools/env.py leshan || true
	@$(VENV)/python -m tools.devserver --demo $(if $(filter-out 0,$(NOSEC)),--nosec) $(if $(filter-out 0,$(BOOTSTRAP)),--bootstrap)

# Keys: the environment has them, here and below; nothing puts them on a command line.
server: ## the embedded server alone [HOST=0.0.0.0 PORT=5683 ENGINE=leshan|aiocoap COAPS=1], with a key: ENDPOINT= PSK_IDENTITY= PSK_KEY=hex
	$(ENV) run
	@$(PYTHON) tools/env.py leshan || true
	@$(VENV)/python -m tools.devserver --host $(HOST) --port $(PORT) $(if $(ENGINE),--engine $(ENGINE)) $(if $(filter-out 0,$(COAPS)),--coaps) $(if $(ENDPOINT),--endpoint '$(ENDPOINT)')

meter: ## the meter alone: SERVER=coap://host:port, or BOOTSTRAP= its bootstrap server; ENDPOINT=name [CONFIG=file.json STATE=folder], for coaps: PSK_IDENTITY= PSK_KEY=hex
	$(ENV) run
	@$(VENV)/python tools/meter.py $(if $(SERVER),--server '$(SERVER)') $(if $(BOOTSTRAP),--bootstrap '$(BOOTSTRAP)') $(if $(ENDPOINT),--endpoint '$(ENDPOINT)') $(if $(CONFIG),--config '$(CONFIG)') $(if $(STATE),--state '$(STATE)')

image: ## one file to flash: BOARD=METER_PPP PROFILE=water CONFIG=my.json [FIRMWARE=stock.uf2 OUT=file]
	$(ENV) build
	@$(VENV)/python -m tools.image --board '$(or $(BOARD),METER_PPP)' --profile '$(or $(PROFILE),water)' $(if $(CONFIG),--config '$(CONFIG)') $(if $(FIRMWARE),--firmware '$(FIRMWARE)') $(if $(OUT),--out '$(OUT)')

# The port of a board is another thing than the server's, but has the same name: here it is given or empty.
BOARD_PORT = $(if $(filter command line environment,$(origin PORT)),$(PORT))
FLASH = @$(VENV)/python -m tools.flash
FLASH_WHAT = --board '$(BOARD)' --port '$(BOARD_PORT)' $(if $(PROFILE),--profile '$(PROFILE)') $(if $(IMAGE),--image '$(IMAGE)') $(if $(FIRMWARE),--firmware '$(FIRMWARE)')

flash: ## a meter onto a board: BOARD=RPI_PICO_W PROFILE=water [CONFIG=my.json PORT=/dev/ttyACM0 ERASE=1 FIRMWARE= IMAGE=]
	$(ENV) build flash
	$(FLASH) flash $(FLASH_WHAT) $(if $(CONFIG),--config '$(CONFIG)') $(if $(filter-out 0,$(ERASE)),--erase) $(if $(KEEP),--keep '$(KEEP)')

deploy: ## the application of a running board renewed: BOARD= PROFILE= [PORT=]
	$(ENV) build flash
	$(FLASH) deploy $(FLASH_WHAT)

# The key, if one is given, is in the environment, as PSK_KEY.
PROVISION = $(if $(DEVICES),batch '$(DEVICES)',device --endpoint '$(ENDPOINT)' $(if $(IDENTITY),--identity '$(IDENTITY)') $(if $(filter-out 0,$(NEW_KEY)),--new-key) $(if $(filter-out 0,$(SHOW_KEY)),--show-key))
PROVISION += $(if $(BOARD_PORT),--port '$(BOARD_PORT)') $(if $(SERVER),--server '$(SERVER)') $(if $(BOOTSTRAP),--bootstrap '$(BOOTSTRAP)') $(if $(CONFIG),--config '$(CONFIG)') $(if $(OUT),--out '$(OUT)') $(if $(IMAGE),--image '$(IMAGE)') $(if $(BOARD),--board '$(BOARD)') $(if $(PROFILE),--profile '$(PROFILE)')
PROVISION += $(foreach flag,replace nosec push,$(if $(filter-out 0,$($(shell echo $(flag) | tr a-z A-Z))),--$(flag)))

provision: ## a configuration and a key: ENDPOINT=name SERVER=coaps://host [CONFIG= PORT=/dev/ttyACM0 IMAGE=file], or DEVICES=devices.csv
	$(ENV) run build flash
	@$(VENV)/python -m tools.provision $(PROVISION)

selftest: ## one line of JSON: what a board at the end of the line is and can do [PORT=/dev/ttyACM0|auto], else UNIX
	$(ENV) run flash
	@$(VENV)/python -m tools.provision selftest $(if $(BOARD_PORT),--port '$(BOARD_PORT)')

schema: ## docs/config.schema.json from the firmware's tables
	$(ENV) run
	@$(VENV)/python -m tools.provision schema

console: ## the log of a board [PORT=]; Ctrl-C leaves
	$(ENV) flash
	$(FLASH) console --port '$(BOARD_PORT)'

sbom: ## what an image is made of, CycloneDX: BOARD=METER_PPP PROFILE=water [CONFIG= OUT=file]
	$(ENV) build
	@$(VENV)/python -m tools.sbom image $(SBOM)

release: ## image without configuration, its SBOM and the JSON schema, with SHA256SUMS, into build/release [BOARD= PROFILE= OUT=]
	$(ENV) build
	@$(VENV)/python -m tools.sbom release $(SBOM)

SBOM = $(if $(BOARD),--board '$(BOARD)') $(if $(PROFILE),--profile '$(PROFILE)') $(if $(CONFIG),--config '$(CONFIG)') $(if $(OUT),--out '$(OUT)')

firmware: ## MicroPython for a board from Debian's sources: BOARD=METER_PPP [MPY_DIR=checkout], into build/firmware
	$(ENV) build
	@$(VENV)/python -m tools.board_firmware --board '$(or $(BOARD),METER_PPP)' $(if $(MPY_DIR),--mpy-dir '$(MPY_DIR)')

test: ## everything but the slow tier, in under 15 minutes
	$(ENV) run leshan build flash test lint typings
	@$(VENV)/python -m host_tests

test-all: ## the slow tier too: what CI runs
	$(ENV) run leshan build flash test lint typings
	@$(VENV)/python -m pytest

sizes: ## bytes of .mpy and of RAM on 32 bits, against tools/sizes/budgets.json
	$(ENV) run build
	@$(VENV)/python -m tools.sizes

bench: ## speed and wire bytes beside a peer, as ratios
	$(ENV) run build test
	@$(VENV)/python -m host_tests.bench

lint: ## format, rules, import circles and layers, constants, words, types, boards
	$(ENV) lint typings
	@$(VENV)/ruff format --check -q . && $(VENV)/ruff check -q . && $(VENV)/python -m tools.lint

clean: ## what `make` has built
	@rm -rf build

.PHONY: help run server meter image flash deploy console provision selftest schema sbom release firmware test test-all sizes bench lint clean
