# One word per task, the same locally and in CI. Everything installs into .venv.
PYTHON ?= python3
SLACK_PORT ?= 8765
TELEPORT_PORT ?= 3025
BIN := .venv/bin
CORES := $(shell getconf _NPROCESSORS_ONLN)
# Tests often wait, so each core runs three workers.
WORKERS ?= $(shell echo $$(( $(CORES) * 3 )))

# Without bytecode, each bot and each worker of the tests compiles everything again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: runtime dev sandbox demo test browser screenshots snapshots explore bench chaos real-teleport real-slack check coverage features proto lock

sandbox: runtime  ## a local Slack and Teleport, with the bot between them
	@$(BIN)/teleport-chatops sandbox --slack-port $(SLACK_PORT) --teleport-port $(TELEPORT_PORT) \
		$(if $(DATA),--data "$(DATA)")

demo: runtime  ## the whole story with the real bot, step by step
	@$(BIN)/teleport-chatops demo $(DEMO)

test: dev
	$(BIN)/pytest -n $(WORKERS)

browser: dev  ## the sandbox's page in Chromium; BROWSER_TESTS=required fails without Chromium
	$(BIN)/pytest -n $(CORES) tests/browser

screenshots: dev  ## renew the pictures in docs/images
	$(BIN)/python -m tests.browser.pictures

snapshots: dev  ## renew the texts of every view in tests/snapshots/data
	$(BIN)/python -m tests.snapshots

explore: dev  ## property-based tests with many more examples
	$(BIN)/pytest -n auto --hypothesis-profile=explore --timeout=1800 -m hypothesis

bench: dev  ## compares the bot with minimal programs; ROW=ack measures one row
	$(BIN)/python -m benchmarks $(ROW)

chaos: dev  ## real bots with injected faults; SEEDS=1 is the short run
	GRPC_VERBOSITY=NONE $(BIN)/python -m tests.chaos $(if $(filter 1,$(SEEDS)),--seed 2 --requests 60 --seconds 15,$(if $(SEEDS),--seeds $(SEEDS))) $(CHAOS)

real-teleport: dev  ## tests with Teleport's own programs, from the folder TELEPORT_BIN
	@TELEPORT_BIN="$(abspath $(TELEPORT_BIN))" $(BIN)/pytest -rfE tests/real_teleport

real-slack: dev  ## posts the bot's messages and views in the Slack workspace of SLACK_BOT_TOKEN
	@$(BIN)/python -m tests.real_slack

# The other tests run none of the measured packages, or only in processes without coverage.
coverage: dev  ## branches of the five packages that their tests reach
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -q -n $(WORKERS) -m 'not load' tests/unit tests/integration
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage json -q -o - | $(BIN)/python scripts/check_coverage.py

check: dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python scripts/check_limits.py
	$(BIN)/python scripts/check_prose.py
	$(BIN)/python scripts/generate_proto.py --check
	$(BIN)/python scripts/generate_feature_files.py --check
	$(MAKE) --no-print-directory coverage

features: dev  ## regenerate deploy/ and docs/features.md from the feature table
	$(BIN)/python scripts/generate_feature_files.py

proto: dev  ## regenerate teleport_client/_proto from its .proto files
	$(BIN)/python scripts/generate_proto.py

lock: dev  ## pin the newest versions that pyproject.toml allows
	$(BIN)/python scripts/lock.py

runtime dev:  ## what sandbox and demo need, and what all other targets need
	@command -v $(PYTHON) >/dev/null || { echo "There is no $(PYTHON). Install Python 3.11 or later, or name it: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) scripts/setup.py $@
