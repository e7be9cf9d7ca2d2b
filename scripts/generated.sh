#!/usr/bin/env bash
# Files that are generated from the code, committed and reviewed. Writes them again; with --check it changes
# nothing and fails when one is not what the code says.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

mode=${1:-write}
made=$(mktemp)
trap 'rm -f "$made"' EXIT

# generated FILE ARGUMENTS…: what `weir ARGUMENTS…` prints belongs in FILE.
generated() {
    local file=$1
    shift
    cargo run --quiet --package weir -- "$@" >"$made"
    if [ "$mode" != --check ]; then
        mkdir -p "$(dirname "$file")"
        cp "$made" "$file"
    elif ! diff --unified "$file" "$made"; then
        echo "generated: $file is not what the code says: run \`make fmt\` and commit it" >&2
        exit 1
    fi
}

generated api/openapi.json openapi
generated docs/reference/settings.md config --reference settings
generated docs/reference/environment.md config --reference environment
generated docs/reference/cli.md config --reference cli
generated docs/reference/metrics.md config --reference metrics
generated deploy/weir.example.toml config --reference example
