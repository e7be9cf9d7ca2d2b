#!/usr/bin/env bash
# Runs SDKs and login libraries that nobody here wrote, with only WeChat's address changed, against a fresh `weir demo`:
#   e2e/sdk/run.sh [path/to/weir]
# Their pinned versions are installed once into target/sdk. Without Node its half is SKIPPED, and says so.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
weir=${1:-$target/debug/weir}

fail() {
    echo "sdk: $*" >&2
    exit 1
}

[ -x "$weir" ] || fail "there is no $weir: run cargo build --package weir first"

# A folder that is installed from this lock file already is used again.
kept() {
    local folder=$1 lock=$2
    cmp --silent "$lock" "$folder/.installed-from"
}

venv=$target/sdk/venv
if ! kept "$venv" "$here/requirements.txt"; then
    echo "sdk: installing the Python libraries once" >&2
    rm -rf "$venv"
    python3 -m venv "$venv" || fail "python3 has no venv: run scripts/setup.sh test"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --only-binary :all: --require-hashes \
        --requirement "$here/requirements.txt" || fail "pip could not install: see its words above"
    cp "$here/requirements.txt" "$venv/.installed-from"
fi

modules=$target/sdk/npm
node=yes
command -v node >/dev/null && command -v npm >/dev/null || node=
if [ -n "$node" ] && ! kept "$modules" "$here/package-lock.json"; then
    echo "sdk: installing the Node libraries once" >&2
    rm -rf "$modules"
    mkdir -p "$modules"
    cp "$here/package.json" "$here/package-lock.json" "$modules"
    # Nothing that a package brings may run at its installation.
    npm --prefix "$modules" ci --ignore-scripts --no-audit --no-fund --loglevel error >&2 ||
        fail "npm could not install: see its words above"
    cp "$here/package-lock.json" "$modules/.installed-from"
fi

# From here on there is only this machine.
export NO_PROXY=127.0.0.1 no_proxy=127.0.0.1

data=$(mktemp --directory)
touch "$data/said" "$data/checks"
demo=
end() {
    if [ -n "$demo" ]; then
        kill "$demo" 2>/dev/null || true
        wait "$demo" || true
    fi
    rm -rf "$data"
}
trap end EXIT

# Port 0 is a free one; the demo says which.
"$weir" demo --port 0 --simulator-port 0 --data "$data/weir" --quiet >"$data/said" 2>"$data/log" &
demo=$!
address() { sed --quiet "s/^$1 is ready at //p" "$data/said"; }
is_ready() {
    WEIR=$(address weir) SIMULATOR=$(address 'the simulator')
    [ -n "$WEIR" ] && [ -n "$SIMULATOR" ] &&
        "$venv/bin/python" "$here/python/healthy.py" "$WEIR/api/health" "$SIMULATOR/_sim/health"
}
for _ in $(seq 300); do
    is_ready && break
    kill -0 "$demo" 2>/dev/null || break
    sleep 0.1
done
is_ready || fail "weir demo is not ready: $(tail --lines 20 "$data/log")"
command_of_weir() {
    "$weir" "$@" --data "$data/weir" 2>>"$data/log" || fail "weir $1 failed: $(tail --lines 20 "$data/log")"
}
WEIR_KEY=$(command_of_weir key create --scope tokens:read)
HOST_TOKEN=$(command_of_weir token --sub 106)
PICTURES=$data/pictures
mkdir "$PICTURES"
export WEIR SIMULATOR WEIR_KEY HOST_TOKEN PICTURES

ended_well=yes
suite() { "$@" 2>&1 | tee --append "$data/checks" || ended_well=; }
suite env PYTHONDONTWRITEBYTECODE=1 "$venv/bin/python" "$here/python/main.py"
if [ -n "$node" ]; then
    suite env NODE_PATH="$modules/node_modules" node "$here/node/main.js"
else
    echo "SKIPPED node: node or npm is missing, so no Node SDK was tried"
fi

count() { grep --count "^$1 " "$data/checks" || true; }
echo "sdk: $(count ok) passed, $(count FAILED) failed"
[ -n "$ended_well" ]
