# The only entry points a newcomer needs. Each installs what it lacks (scripts/setup.sh) and nothing else.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:
MAKEFLAGS += --no-print-directory

CARGO ?= cargo
target := $(or $(CARGO_TARGET_DIR),target)

.PHONY: demo test build bench check fuzz fmt help

demo: build ## start WeChat's double and the gateway together, with example data
	$(target)/release/weir demo

test: ## every test, on SQLite and PostgreSQL
	bash scripts/setup.sh test
	$(CARGO) test --workspace --doc --quiet
	bash scripts/frontend.sh test
	$(CARGO) build --package weir
	bash e2e/sdk/run.sh $(target)/debug/weir
	bash scripts/frontend.sh browser $(target)/debug/weir
	bash scripts/mini_program.sh test $(target)/debug/weir
	WEIR_REQUIRE_POSTGRES=1 $(CARGO) nextest run --workspace

build: ## the release binary with its pages: target/release/weir
	bash scripts/setup.sh build
	bash scripts/frontend.sh build
	$(CARGO) build --release --package weir

bench: build ## measure the release binary beside a bare server
	$(CARGO) build --release --package weir-bench
	$(target)/release/weir-bench

check: ## formatting, lints, architecture, dependencies, generated files
	bash scripts/setup.sh check
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --quiet -- --deny warnings
	$(CARGO) nextest run --package weir-testkit --test architecture
	bash scripts/generated.sh --check
	bash scripts/frontend.sh check
	bash scripts/mini_program.sh check
	bash scripts/deny.sh

fuzz: ## every fuzz target, FUZZ_RUNS inputs each (1,000,000); FUZZ_TARGETS names some
	bash scripts/setup.sh fuzz
	bash scripts/fuzz.sh

fmt: ## format the code and write the generated files again
	$(CARGO) fmt --all
	bash scripts/generated.sh
	bash scripts/frontend.sh generate
	bash scripts/mini_program.sh generate

help: ## this list
	@grep --extended-regexp --no-filename '^[a-z]+:.*## ' $(MAKEFILE_LIST) \
		| sed --regexp-extended 's/^([a-z]+):.*## (.*)/  make \1\t\2/' \
		| expand --tabs=16
