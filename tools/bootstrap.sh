#!/bin/sh
# Make .venv hold exactly the locked packages: `tools/bootstrap.sh base` to run Stemma, `dev` to work on it.
#
# Needs Python 3.11 with pip, nothing else: uv is fetched beside the checkout (Debian's own Python refuses
# `pip install` and may come without venv), and uv makes the virtual environment. A second run ends at once.
# A killed run is noticed by the stamp, which is written last, and by the mark of an unfinished installation.
set -eu
wanted=$1
cd "$(dirname "$0")/.."
. tools/odd_path.sh

fail() {
    printf '%s\n' "$*" >&2
    exit 1
}

find_python() {
    set -- python3.11 python3
    [ -z "${PYTHON:-}" ] || set -- "$PYTHON"
    for candidate; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    fail "Stemma needs Python 3.11, and neither python3.11 nor python3 is one." \
        "Install it, or name it: make PYTHON=/path/to/python3.11 up"
}

install_uv() {
    "$python" -m pip --version >/dev/null 2>&1 ||
        fail "This Python has no pip: as root, apt-get install python3-pip; then start again."
    echo "Fetching the installer (uv)"
    rm -rf .bootstrap/uv.new
    "$python" -m pip install --quiet --disable-pip-version-check --root-user-action ignore --no-deps \
        --require-hashes --target .bootstrap/uv.new -r requirements/bootstrap.txt ||
        fail "The installer could not be fetched. Is the network there? Start again when it is."
    rm -rf .bootstrap/uv
    mv .bootstrap/uv.new .bootstrap/uv
    printf '%s\n' "$tool" >.bootstrap/uv/.complete
}

pip_setting() {
    "$python" -m pip config list 2>/dev/null | sed -n "s/^\(:env:\|install\|global\)\.$1='\(.*\)'\$/\2/p" | head -n 1
}

# uv does not read what pip was told about this network: where packages come from, whose certificates count.
adopt_pip_settings() {
    index=$(pip_setting index-url)
    [ -z "$index" ] || [ -n "${UV_INDEX_URL:-}" ] || export UV_DEFAULT_INDEX="${UV_DEFAULT_INDEX:-$index}"
    certificates=$(pip_setting cert)
    [ -z "$certificates" ] || export SSL_CERT_FILE="${SSL_CERT_FILE:-$certificates}"
}

# pip fetched uv, so pip gets through; it is slower, and takes nothing away.
install_packages() {
    "$uv" pip sync $quiet --python .venv/bin/python --require-hashes --compile-bytecode "$1" && return
    echo "Trying once more with pip" >&2
    "$python" -m pip --python .venv/bin/python install --quiet --disable-pip-version-check --no-deps \
        --require-hashes -r "$1"
}

digest() {
    cat "$@" | sha256sum | cut -d ' ' -f 1
}

mkdir -p .bootstrap 2>/dev/null && [ -w .bootstrap ] ||
    fail "$(pwd) cannot be written by $(id -un). Clone it as the account that runs it, or give it the folder."
exec 9>.bootstrap/lock
flock 9 # two commands at once: the second waits and finds everything done

python=$(find_python)
tool=$(digest requirements/bootstrap.txt)
build=client/pyproject.toml
[ -f "$build" ] || build=/dev/null
want=$(digest requirements/base.txt requirements/dev.txt "$build")

found=$(cat .venv/.stemma-stamp 2>/dev/null || true)
# The programs in it name the folder they were installed in: in a checkout that was moved, they lead elsewhere.
[ "$(cat .venv/.stemma-place 2>/dev/null || pwd -P)" = "$(pwd -P)" ] || rm -f .venv/bin/python
if [ -x .venv/bin/python ] && .venv/bin/python -c '' 2>/dev/null; then
    case $found in
    "$wanted:$want" | "dev:$want") exit 0 ;;
    dev:*) wanted=dev ;; # never take the tools away from somebody who works on Stemma
    esac
else
    found=broken
fi

[ "$(cat .bootstrap/uv/.complete 2>/dev/null || true)" = "$tool" ] || install_uv
uv=.bootstrap/uv/bin/uv
export UV_PYTHON_DOWNLOADS=never UV_NO_CONFIG=1
# An account without a home folder of its own still needs a place for the downloads.
[ -w "${HOME:-/nonexistent}" ] || export UV_CACHE_DIR="$PWD/.bootstrap/cache"
quiet=--quiet
[ -t 2 ] && quiet=

if [ "$found" = broken ] || [ -e .venv/.unfinished ]; then
    "$uv" venv $quiet --clear --python "$python" .venv
fi
rm -f .venv/.stemma-stamp
: >.venv/.unfinished
echo "Installing $(grep -c '^[a-z0-9].*==' "requirements/$wanted.txt") Python packages ($wanted)"
adopt_pip_settings
install_packages "requirements/$wanted.txt" ||
    fail "The Python packages could not be installed. Is the network there, and room on the disk? Start again then."
if [ -f client/pyproject.toml ]; then
    "$uv" pip install $quiet --python .venv/bin/python --no-deps --no-build-isolation --editable ./client
fi
rm .venv/.unfinished
pwd -P >.venv/.stemma-place
printf '%s\n' "$wanted:$want" >.venv/.stemma-stamp
