#!/usr/bin/env bash
# Runs the fuzz targets one after the other, each with FUZZ_RUNS inputs, and says what each came to. What crashes a
# target is kept in fuzz/artifacts, what reached new code in fuzz/corpus.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../fuzz"

runs=${FUZZ_RUNS:-1000000}
read -r -a targets <<<"${FUZZ_TARGETS:-$(cargo +nightly fuzz list --fuzz-dir . | tr '\n' ' ')}"

# Our crates have no unsafe code (`unsafe_code = "deny"`): what is looked for is panics, overflows, broken promises, and
# memory and time without bound, for which no sanitizer is needed.
build=(--fuzz-dir . --sanitizer none)
cargo +nightly fuzz build "${build[@]}"

log=$(mktemp)
trap 'rm -f "$log"' EXIT
failed=()
for target in "${targets[@]}"; do
    if cargo +nightly fuzz run "${build[@]}" "$target" -- \
        -runs="$runs" -max_len=4096 -rss_limit_mb=1024 -timeout=10 -print_final_stats=1 >"$log" 2>&1; then
        verdict=ok
    else
        verdict=FAILED
        failed+=("$target")
        tail --lines 60 "$log" >&2
    fi
    stat() { sed --quiet "s/^stat::$1: *//p" "$log" | tail --lines 1; }
    printf '%-18s %-6s %12s runs %8s a second %6s MiB\n' \
        "$target" "$verdict" "$(stat number_of_executed_units)" "$(stat average_exec_per_sec)" "$(stat peak_rss_mb)"
done
if [ ${#failed[@]} -gt 0 ]; then
    echo "fuzz: ${failed[*]}: the inputs are in fuzz/artifacts" >&2
    exit 1
fi
