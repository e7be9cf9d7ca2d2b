#!/usr/bin/env bash
# Installs what a Debian with Rust lacks for one entry point of the Makefile:
#   scripts/setup.sh build|test|check|fuzz
# Does nothing, and needs no network, when all of it is there.
#
# There is no linker to install: on x86_64 Linux the Rust toolchain links with its own lld, so plain `cargo` and
# `make` use the same flags and share one set of build results.
set -euo pipefail

purpose=${1:-test}
case $purpose in
build | test | check | fuzz) ;;
*)
    echo "setup: say build, test, check or fuzz, not '$purpose'" >&2
    exit 2
    ;;
esac

fail() {
    echo "setup: $*" >&2
    exit 1
}

has() { command -v "$1" >/dev/null 2>&1; }

has_postgres() {
    has postgres || compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null
}

packages=()
has cc || packages+=(gcc libc6-dev)
if [ "$purpose" = test ] || [ "$purpose" = check ]; then
    has_postgres || packages+=(postgresql)
    # PostgreSQL refuses to run as root; for a run as root the tests step down with setpriv.
    has setpriv || packages+=(util-linux)
fi
if [ "$purpose" = test ]; then
    # For the SDKs that e2e/sdk/run.sh tries. Its Node half is skipped where there is no Node.
    python3 -c 'import ensurepip, venv' 2>/dev/null || packages+=(python3-venv)
    has zbarimg || packages+=(zbar-tools)
fi

if [ ${#packages[@]} -gt 0 ]; then
    has apt-get || fail "this machine lacks ${packages[*]} and has no apt-get: install them by its own means, then run make again"
    as_root=()
    if [ "$(id -u)" != 0 ]; then
        has sudo || fail "this machine lacks ${packages[*]}: run as root: apt-get install ${packages[*]}"
        as_root=(sudo)
    fi
    echo "setup: installing ${packages[*]}" >&2
    export DEBIAN_FRONTEND=noninteractive
    # A machine that is offline may still have the packages; only the installation decides.
    "${as_root[@]}" apt-get update -qq </dev/null ||
        echo "setup: apt-get update failed, trying with the lists that are here" >&2
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install --yes -qq --no-install-recommends "${packages[@]}" </dev/null >&2 ||
        fail "apt-get could not install ${packages[*]}: see its words above"
fi

if ! has cargo && [ -x "${CARGO_HOME:-$HOME/.cargo}/bin/cargo" ]; then
    fail "cargo is installed but not on PATH: run: . \"${CARGO_HOME:-$HOME/.cargo}/env\""
fi
has cargo || fail "Rust is missing: install it from https://rustup.rs, then run make again"

install_tool() {
    cargo "${1#cargo-}" --version >/dev/null 2>&1 && return
    echo "setup: building $1 once; this takes some minutes" >&2
    cargo install --locked --quiet "$1" </dev/null ||
        fail "$1 could not be built: see cargo's words above"
}

if [ "$purpose" = test ] || [ "$purpose" = check ]; then
    install_tool cargo-nextest
fi
if [ "$purpose" = check ]; then
    install_tool cargo-deny
fi
if [ "$purpose" = fuzz ]; then
    # libFuzzer's instrumentation is not in the stable compiler.
    has rustup || fail "fuzzing needs a nightly compiler, and rustup to install it: see https://rustup.rs"
    rustup run nightly rustc --version >/dev/null 2>&1 ||
        rustup toolchain install nightly --profile minimal ||
        fail "the nightly compiler could not be installed: see rustup's words above"
    has c++ || fail "libFuzzer needs a C++ compiler: install g++ (Debian: apt-get install g++)"
    install_tool cargo-fuzz
fi
