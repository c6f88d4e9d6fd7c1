# Everything a developer runs. `make help` lists it; docs/running.md explains it.
PYTHON ?= python3
BIN := .venv/bin
RUN := $(BIN)/python -m
PIP := -m pip --disable-pip-version-check --quiet --quiet install --require-hashes
# Tests run on all cores (tests/conftest.py says which stay together).
SHARED := -n auto --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: crises crises-mutations simulate meeting season season-mutations drain mutations help run stop reset token clock day health operate devices chaos test test-fast dst calendars check format lint-words words seal-words \
  package lint-package coldstart lock environments bench bench-units bench-dynamodb-local bench-tick bench-lateness bench-lateness-here \
  bench-price bench-peers bench-kill

help: ## list what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-20s %s\n", $$1, $$2}'

# -- the stack on this computer --

run: environments ## start all of Cairn here; Ctrl-C stops it and keeps its state
	@exec $(RUN) infra.local.run

stop: ## stop what `make run` started, from another terminal
	@$(RUN) infra.local.stop

reset: ## stop, and forget everything that was stored (and the package)
	@$(RUN) infra.local.stop --forget

token: ## print a valid access token: ROLE=clinician [PROGRAMME=iop-evening], or PERSON=TBH-10402 [ROLE=alumni]
	@$(RUN) infra.local.sign_in $(if $(ROLE),--role "$(ROLE)") $(if $(PROGRAMME),--programme "$(PROGRAMME)") \
	  $(if $(PERSON),--person "$(PERSON)")

clock: ## show or move the stack's clock: TO="tomorrow 08:00 America/New_York", TO=+2h, an ISO instant, or TO=now
	@$(RUN) infra.local.clock $(if $(TO),--to "$(TO)")

day: ## play a day of check-ins: [FROM="tomorrow 00:00 UTC"] [TO=+24h]
	@$(RUN) infra.local.day $(if $(FROM),--from "$(FROM)") $(if $(TO),--to "$(TO)")

health: ## what alarms would watch, of the last minutes: [MINUTES=15]
	@$(RUN) infra.local.health --minutes "$(or $(MINUTES),15)"

operate: ## give an order of docs/runbooks.md: ORDER='{"do": "status", "by": "me"}'
	@$(RUN) infra.local.health --order '$(ORDER)'

devices: ## give everybody who agreed to push a device that receives them
	@$(RUN) infra.local.devices

chaos: environments ## play a day while functions are killed and the stack is stopped: [SEED=1]
	@$(RUN) infra.local.chaos --seed "$(or $(SEED),1)"

# -- quality --

test: environments check ## check the code and run every test; `make test ARGS="-k roster"` narrows
	@$(RUN) pytest $(SHARED) $(ARGS)

test-fast: environments ## run the tests that need neither emulator nor browser
	@$(RUN) pytest $(SHARED) -m "not emulator and not browser" $(ARGS)

dst: environments ## hold daily reminders around every change of clocks from 2020 to 2037 to an oracle: [ARGS=--walk-all]
	@$(RUN) tests.dst.corpus $(ARGS)

calendars: environments .local/calendars/made ## hold calendar feeds against a second reader, ical.js (wants npm once)
	@$(RUN) pytest -p no:randomly tests/calendars

.local/calendars/made: tests/calendars/package-lock.json
	@mkdir -p .local/calendars && cp tests/calendars/package*.json .local/calendars
	@cd .local/calendars && npm ci --ignore-scripts --no-audit --no-fund --silent
	@touch $@

check: environments ## formatting, lint, types, import rules
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

lint-words: environments ## read every message that can be sent against the rules of docs/templates.md
	@$(RUN) infra.words.lint

words: environments ## show every message as it will look: writes .local/words.html
	@$(RUN) infra.words.gallery

seal-words: environments ## write down a new version of a template, which can't change from then on
	@$(RUN) infra.words.seal

format: environments ## format and fix what can be fixed
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

simulate: environments ## simulate outreach with faults: [SEEDS=1-9] [OCCURRENCES=1000000] [PEOPLE=400] [SEED=5 replays one]
	@$(RUN) tests.simulation --seeds "$(or $(SEEDS),1)" --occurrences "$(or $(OCCURRENCES),1000000)" \
	  $(if $(PEOPLE),--people "$(PEOPLE)") $(if $(DAYS),--days "$(DAYS)") $(if $(SEED),--seed "$(SEED)")

season: environments ## play a season of a programme, and work it out again: [PEOPLE=1000] [DAYS=120] [SEED=1] [WHOM=P-0012]
	@$(RUN) tests.simulation.season --people "$(or $(PEOPLE),1000)" --days "$(or $(DAYS),120)" --seed "$(or $(SEED),1)" \
	  $(if $(WHOM),--whom "$(WHOM)")

season-mutations: environments ## break the rules in 11 ways, and see which a small season notices
	@$(RUN) tests.simulation.season.mutations

crises: environments ## simulate crises with faults: [CRISES=10000] [SEED=5 replays one: WATCH={crisis or key} tells its story]
	@$(RUN) tests.simulation.crises --crises "$(or $(CRISES),10000)" $(if $(SEED),--seed "$(SEED)") $(if $(WATCH),--watch "$(WATCH)")

crises-mutations: environments ## break the code of crises in 12 ways, and see which the simulation notices
	@$(RUN) tests.simulation.crises.mutations

meeting: environments ## play a meeting of many that is called off half an hour before: [PEOPLE=5000] [SEED=1]
	@$(RUN) tests.simulation.meeting --people "$(or $(PEOPLE),5000)" --seed "$(or $(SEED),1)"

drain: environments ## simulate the drain of a six-hour outage: [PEOPLE=20000] [EMAILS=500]
	@$(RUN) tests.simulation.drain --people "$(or $(PEOPLE),20000)" --emails-a-second "$(or $(EMAILS),500)"

mutations: environments ## break the engine in 14 ways, and see which the simulation notices
	@$(RUN) tests.simulation.mutations

# -- deployment --

package: environments ## make the CloudFormation template and the zip: [STAGE=local]
	@$(RUN) infra.package --stage "$(or $(STAGE),local)"

lint-package: package ## check the template with cfn-lint
	@$(BIN)/cfn-lint .local/package/sam.json

coldstart: environments ## measure the import of each packaged function
	@$(RUN) infra.coldstart

# -- measuring (docs/benchmarks.md) --

bench: bench-units bench-tick bench-lateness bench-lateness-here bench-price coldstart bench-peers ## measure all of it; an hour, best on a quiet machine

bench-units: environments ## count request units per delivered reminder
	@$(RUN) tests.benchmarks.counting

bench-dynamodb-local: environments ## hold the counting to AWS's DynamoDB Local, where it is installed
	@$(RUN) tests.benchmarks.cross_check

bench-tick: environments ## what a tick costs with the same due among 1,000 to 1,000,000 schedules
	@$(RUN) tests.benchmarks.tick_cost

bench-lateness: environments ## how late reminders are, by a model under virtual time, and how long 09:00:00 takes
	@$(RUN) tests.benchmarks.lateness

bench-lateness-here: environments ## measure it on this computer's stack: [PEOPLE=1000]
	@$(RUN) tests.benchmarks.lateness_here --people "$(or $(PEOPLE),1000)"

bench-price: environments ## dollars per million reminders, part by part, beside other ways
	@$(RUN) tests.benchmarks.price

bench-peers: environments .local/bench/made ## reminders per CPU-second beside five queues: [ROUNDS=5]
	@$(RUN) tests.benchmarks.side_by_side --rounds "$(or $(ROUNDS),5)"

bench-kill: environments .local/bench/made ## kill each worker in the middle, and count who got nothing and who got two
	@$(RUN) tests.benchmarks.killing

.local/bench/made: tests/benchmarks/peers.txt tests/benchmarks/peers/package-lock.json
	@echo "  making .local/bench with the peers' own environments"
	@$(PYTHON) -m venv .local/bench/peers
	@.local/bench/peers/bin/python $(PIP) -r tests/benchmarks/peers.txt
	@mkdir -p .local/bench/node && cp tests/benchmarks/peers/package*.json .local/bench/node
	@cd .local/bench/node && npm ci --ignore-scripts --no-audit --no-fund --silent
	@touch $@

lock: environments ## renew the pinned requirements from the *.in files
	@$(BIN)/uv pip compile --quiet --no-strip-extras --generate-hashes --universal --python-version 3.11 --no-header --no-annotate \
	  requirements.in -o requirements.txt
	@$(BIN)/uv pip compile --quiet --no-strip-extras --generate-hashes --universal --python-version 3.11 --no-header --no-annotate \
	  requirements-dev.in -o requirements-dev.txt
	@$(BIN)/uv pip compile --quiet --no-strip-extras --generate-hashes --universal --python-version 3.11 --no-header --no-annotate \
	  infra/local/requirements.in -o infra/local/requirements.txt

environments:
	@$(MAKE) --no-print-directory --silent -j2 .venv/made .venv-emulator/made

.venv/made: requirements-dev.txt
	@echo "  making .venv with what building and testing needs (once, about a minute)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Cairn needs Python 3.11 or later: make PYTHON=python3.11 run")'
	@$(PYTHON) -m venv .venv
	@$(BIN)/python $(PIP) -r requirements-dev.txt
	@touch $@

.venv-emulator/made: infra/local/requirements.txt
	@echo "  making .venv-emulator with the AWS emulator (once, about half a minute)"
	@$(PYTHON) -m venv .venv-emulator
	@.venv-emulator/bin/python $(PIP) -r infra/local/requirements.txt
	@touch $@
