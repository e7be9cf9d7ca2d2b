#!/usr/bin/env bash
# The mini-program's type checks, lints and tests, for one entry point of the Makefile:
#   scripts/mini_program.sh check|generate
#   scripts/mini_program.sh test path/to/weir
# WeChat's tools need none of it: what is installed lies under mini-program/test, which is not packed. Without Node, or with
# WEIR_PAGES=none, nothing is done, and it is said.
set -euo pipefail
# A path given is from where the caller stands.
binary=$(realpath --canonicalize-missing "${2:-target/debug/weir}")
cd "$(dirname "${BASH_SOURCE[0]}")/../mini-program/test"

if [ "${WEIR_PAGES:-}" = none ]; then
    echo "SKIPPED mini-program: WEIR_PAGES is none, so $1 was not done" >&2
    exit 0
fi
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
    echo "SKIPPED mini-program: node or npm is missing, so $1 was not done" >&2
    exit 0
fi
major=$(node --version | sed 's/^v\([0-9]*\).*/\1/')
if [ "$major" -lt 20 ]; then
    echo "SKIPPED mini-program: Node 20 or newer is needed, this is $(node --version)" >&2
    exit 0
fi

# What was installed from this lock file already is used again.
install() {
    cmp --silent package-lock.json node_modules/.installed-from && return
    echo "mini-program: installing the libraries once" >&2
    npm ci --loglevel error >&2
    cp package-lock.json node_modules/.installed-from
}

case $1 in
check)
    install
    npm run --silent check
    ;;
generate)
    install
    npm run --silent format
    ;;
test)
    [ -x "$binary" ] || {
        echo "mini-program: there is no $binary: run cargo build --package weir first" >&2
        exit 1
    }
    install
    WEIR_BINARY=$binary npm run --silent test
    ;;
*)
    echo "mini-program: say check, generate or test, not '$1'" >&2
    exit 2
    ;;
esac
