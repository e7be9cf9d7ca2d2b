#!/usr/bin/env bash
# Dependencies: bans, licences and sources always; known vulnerabilities when the advisory database can be had.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

cargo deny check --hide-inclusion-graph bans licenses sources

if timeout 60 cargo deny fetch db >/dev/null 2>&1; then
    cargo deny check --disable-fetch advisories
else
    echo "deny: the advisory database cannot be reached from here: advisories NOT checked" >&2
fi
