#!/usr/bin/env bash
# The pages and components under frontend/, for one entry point of the Makefile:
#   scripts/frontend.sh install|generate|check|build|test
#   scripts/frontend.sh browser path/to/weir
# Without Node, or with WEIR_PAGES=none, nothing is done, and it is said: the server builds without, with placeholders
# for the pages.
set -euo pipefail
# A path given is from where the caller stands.
binary=$(realpath --canonicalize-missing "${2:-target/debug/weir}")
here=$(realpath "$(dirname "${BASH_SOURCE[0]}")")
cd "$here/../frontend"
# shellcheck source=scripts/node.sh
source "$here/node.sh" frontend "$1"

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
    npm run --silent build --workspace @weir/react
    npm run --silent test --workspace @weir/react --workspace @weir/phone
    node --test --test-reporter=dot scripts/package.test.mjs
    ;;
browser)
    need_binary
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
