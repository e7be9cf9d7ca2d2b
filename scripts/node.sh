# Sourced by the scripts that need Node, with the name of what they do things to.
part=$1 action=$2

# Ends the script, and says so, where Node is missing or not wanted.
skip() {
    echo "SKIPPED $part: $1, so $action was not done" >&2
    exit 0
}

if [ "${WEIR_PAGES:-}" = none ]; then
    skip "WEIR_PAGES is none"
fi
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
    skip "node or npm is missing"
fi
major=$(node --version | sed 's/^v\([0-9]*\).*/\1/')
if [ "$major" -lt 20 ]; then
    skip "Node 20 or newer is needed, this is $(node --version)"
fi

# What was installed from this lock file already is used again.
install() {
    cmp --silent package-lock.json node_modules/.installed-from && return
    echo "$part: installing the libraries once" >&2
    npm ci --loglevel error >&2
    cp package-lock.json node_modules/.installed-from
}

# The server that is tried; `binary` is its path.
need_binary() {
    [ -x "$binary" ] && return
    echo "$part: there is no $binary: run cargo build --package weir first" >&2
    exit 1
}
