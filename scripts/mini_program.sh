#!/usr/bin/env bash
# The mini-program's type checks, lints and tests, for one entry point of the Makefile:
#   scripts/mini_program.sh check|generate
#   scripts/mini_program.sh test path/to/weir
# WeChat's tools need none of it: what is installed lies under mini-program/test, which is not packed. Without Node, or with
# WEIR_PAGES=none, nothing is done, and it is said.
set -euo pipefail
# A path given is from where the caller stands.
binary=$(realpath --canonicalize-missing "${2:-target/debug/weir}")
here=$(realpath "$(dirname "${BASH_SOURCE[0]}")")
cd "$here/../mini-program/test"
# shellcheck source=scripts/node.sh
source "$here/node.sh" mini-program "$1"

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
    need_binary
    install
    WEIR_BINARY=$binary npm run --silent test
    ;;
*)
    echo "mini-program: say check, generate or test, not '$1'" >&2
    exit 2
    ;;
esac
