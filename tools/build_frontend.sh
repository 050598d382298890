#!/bin/sh
# Build the TypeScript islands into frontend/dist, unless what is there is up to date.
set -eu
cd "$(dirname "$0")/.."
. tools/odd_path.sh

fail() {
    printf '%s\n' "$*" >&2
    exit 1
}

if [ ! -f package.json ]; then
    echo "No package.json: the pages are served without built islands."
    exit 0
fi
mkdir -p .bootstrap
exec 9>.bootstrap/frontend.lock
flock 9

packages=$(cat package.json package-lock.json .npmrc | sha256sum | cut -d ' ' -f 1)
sources=$(find frontend/islands frontend/styles frontend/public frontend/vite.config.ts tsconfig.json -type f 2>/dev/null |
    LC_ALL=C sort | xargs sha256sum | sha256sum | cut -d ' ' -f 1)

needs_packages=
[ "$(cat node_modules/.stemma-stamp 2>/dev/null || true)" = "$packages" ] || needs_packages=yes
needs_build=
[ "$(cat frontend/dist/.stemma-stamp 2>/dev/null || true)" = "$packages $sources" ] || needs_build=yes
if [ -z "$needs_packages$needs_build" ]; then
    exit 0
fi

command -v npm >/dev/null || fail "npm is missing: Stemma's pages are built with Node 20 (Debian: nodejs and npm)."
node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' ||
    fail "Node $(node --version) is too old: Stemma's pages are built with Node 20 or newer."

if [ -n "$needs_packages" ]; then
    echo "Installing the front-end packages"
    rm -f node_modules/.stemma-stamp
    npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >.bootstrap/npm.log 2>&1 || {
        tail -n 20 .bootstrap/npm.log >&2
        fail "The front-end packages could not be installed. Is the network there? Start again when it is."
    }
    printf '%s\n' "$packages" >node_modules/.stemma-stamp
fi
if [ -n "$needs_build" ]; then
    echo "Building the pages"
    rm -f frontend/dist/.stemma-stamp
    npx --no-install vite build --config frontend/vite.config.ts --logLevel warn >.bootstrap/vite.log 2>&1 || {
        tail -n 30 .bootstrap/vite.log >&2
        fail "The front end does not build; the lines above say where."
    }
    printf '%s\n' "$packages $sources" >frontend/dist/.stemma-stamp
fi
