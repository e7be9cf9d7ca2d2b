#!/usr/bin/env bash
# The pages and components under frontend/, for one entry point of the Makefile:
#   scripts/frontend.sh install|generate|check|build|test
#   scripts/frontend.sh browser path/to/weir
# Without Node, or with WEIR_PAGES=none, nothing is done, and it is said: the server builds without, with placeholders
# for the pages.
set -euo pipefail
# A path given is from where the caller stands.
binary=$(realpath --canonicalize-missing "${2:-target/debug/weir}")
cd "$(dirname "${BASH_SOURCE[0]}")/../frontend"

if [ "${WEIR_PAGES:-}" = none ]; then
    echo "SKIPPED frontend: WEIR_PAGES is none, so $1 was not done" >&2
    exit 0
fi
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
    echo "SKIPPED frontend: node or npm is missing, so $1 was not done" >&2
    exit 0
fi
major=$(node --version | sed 's/^v\([0-9]*\).*/\1/')
if [ "$major" -lt 20 ]; then
    echo "SKIPPED frontend: Node 20 or newer is needed, this is $(node --version)" >&2
    exit 0
fi

# What was installed from this lock file already is used again.
install() {
    cmp --silent package-lock.json node_modules/.installed-from && return
    echo "frontend: installing the libraries once" >&2
    npm ci --loglevel error >&2
    cp package-lock.json node_modules/.installed-from
}

build() {
    npm run --silent build --workspace @weir/react
    local app
    for app in apps/*/; do
        npm run --silent build --workspace "$app"
    done
    node scripts/pack.mjs
    node scripts/sizes.mjs
}

# What openapi.json says belongs in the client.
same_as_described() {
    local made
    made=$(mktemp --suffix .ts)
    trap 'rm -f "$made"' RETURN
    npx --no-install openapi-typescript ../api/openapi.json --output "$made" --root-types=false >/dev/null 2>&1
    if ! diff --unified packages/api/src/schema.ts "$made"; then
        echo "frontend: packages/api/src/schema.ts is not what api/openapi.json says: run \`make fmt\` and commit it" >&2
        return 1
    fi
}

install
case $1 in
install) ;;
generate)
    npm run --silent generate --workspace @weir/api >/dev/null
    npx --no-install biome check --write --log-level=error .
    ;;
check)
    same_as_described
    npx --no-install biome check --error-on-warnings .
    npm run --silent build --workspace @weir/react
    npm run --silent check --workspaces --if-present
    ;;
build) build ;;
test)
    npm run --silent test --workspace @weir/react
    ;;
browser)
    [ -x "$binary" ] || {
        echo "frontend: there is no $binary: run cargo build --package weir first" >&2
        exit 1
    }
    if ! command -v chromium >/dev/null; then
        echo "SKIPPED browser tests: chromium is missing" >&2
        exit 0
    fi
    build
    WEIR_BINARY=$binary npm run --silent test --workspace @weir/e2e
    ;;
*)
    echo "frontend: say install, generate, check, build, test or browser, not '$1'" >&2
    exit 2
    ;;
esac
