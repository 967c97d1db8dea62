# One word per task, the same locally and in CI. Everything installs into .venv.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
PROTO := teleport_client/_proto
PROTOS := $(wildcard $(PROTO)/*.proto)
INSTALLED := .venv/.installed
# Tests mostly wait, so two cores run three workers.
WORKERS ?= $(shell echo $$(( ($$(getconf _NPROCESSORS_ONLN) * 3 + 1) / 2 )))

.PHONY: sandbox demo test explore bench chaos real-teleport real-slack check coverage features proto lock

sandbox: $(INSTALLED)  ## a local Slack and Teleport, with the bot between them
	$(BIN)/teleport-chatops sandbox

demo: $(INSTALLED)  ## the whole story with the real bot, step by step
	$(BIN)/python -m sandbox.demo $(DEMO)

test: $(INSTALLED)
	$(BIN)/pytest -n $(WORKERS)

explore: $(INSTALLED)  ## property-based tests with many more examples
	$(BIN)/pytest -n auto --hypothesis-profile=explore --timeout=1800 -m hypothesis

bench: $(INSTALLED)  ## compares the bot with minimal programs; ROW=ack measures one row
	$(BIN)/python -m benchmarks $(ROW)

chaos: $(INSTALLED)  ## real bots with injected faults; SEEDS=1 is the short run
	GRPC_VERBOSITY=NONE $(BIN)/python -m tests.chaos $(if $(filter 1,$(SEEDS)),--seed 2 --requests 60 --seconds 15,$(if $(SEEDS),--seeds $(SEEDS))) $(CHAOS)

real-teleport: $(INSTALLED)  ## tests with Teleport's own programs, from the folder TELEPORT_BIN
	@TELEPORT_BIN="$(abspath $(TELEPORT_BIN))" $(BIN)/pytest -rfE tests/real_teleport

real-slack: $(INSTALLED)  ## posts the bot's messages and views in the Slack workspace of SLACK_BOT_TOKEN
	@$(BIN)/python -m tests.real_slack

# Without the tests of the sandbox and of the scripts: they run none of the measured packages.
coverage: $(INSTALLED)  ## branches of the five packages that their tests reach
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -q -n $(WORKERS) -m 'not load' \
		--ignore-glob='tests/*sandbox' --ignore=tests/unit/project
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage json -q -o - | $(BIN)/python scripts/check_coverage.py

check: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python scripts/check_limits.py
	$(BIN)/python scripts/check_prose.py
	$(BIN)/python scripts/generate_proto.py --check
	$(BIN)/python scripts/generate_feature_files.py --check

features: $(INSTALLED)  ## regenerate deploy/ and docs/features.md from the feature table
	$(BIN)/python scripts/generate_feature_files.py

proto: $(INSTALLED)  ## regenerate teleport_client/_proto from its .proto files
	$(BIN)/python scripts/generate_proto.py

lock: $(INSTALLED)  ## pin the newest versions that pyproject.toml allows
	$(BIN)/python scripts/lock.py

$(INSTALLED): pyproject.toml requirements/dev.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@
