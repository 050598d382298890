#!/bin/sh
# Write requirements/*.txt from requirements/*.in: every file hashed, no host named. `make lock UPGRADE=1` moves
# to the newest versions; otherwise only what the .in files changed is changed.
set -eu
cd "$(dirname "$0")/.."
export UV_NO_CONFIG=1
compile() {
    .bootstrap/uv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
        ${UPGRADE:+--upgrade} --output-file "requirements/$1.txt" "requirements/$1.in" ${2:+--constraints "$2"} >/dev/null
}
compile bootstrap
compile base
compile dev requirements/base.txt # what is tested is what runs
if grep -n '://' requirements/*.txt; then
    echo "A lock file names a host (above)." >&2
    exit 1
fi
