#!/bin/sh
# The browser of the end-to-end tests: there already, or installed by root, or said to be missing.
set -eu
if command -v chromium >/dev/null || command -v chromium-browser >/dev/null; then
    exit 0
fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "No chromium: the browser tests will be skipped (as root: apt-get install chromium)."
    exit 0
fi
echo "Installing chromium for the browser tests"
export DEBIAN_FRONTEND=noninteractive
if ! { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium; } >/tmp/stemma-chromium.$$ 2>&1; then
    tail -n 5 /tmp/stemma-chromium.$$
    echo "chromium could not be installed: the browser tests will be skipped."
fi
rm -f /tmp/stemma-chromium.$$
