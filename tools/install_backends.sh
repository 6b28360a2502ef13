#!/bin/sh
# Install the other Keras backends into .venv, as far as CPU builds of them can be had, for tests/test_backends.
# Prints one line per backend and never fails: what is not installed is not tested, and the tests say so.
cd "$(dirname "$0")/.." || exit 0
python=.venv/bin/python

if [ ! -x "$python" ]; then
    echo "backends: none installed, there is no .venv yet (run: make venv)"
    exit 0
fi

# What pip would take for a requirement, as "version file-name"; empty if it finds nothing.
candidate() {
    "$python" -m pip install --dry-run --ignore-installed --no-deps --quiet --disable-pip-version-check \
        --retries 1 --report - "$1" 2>/dev/null |
        "$python" -c '
import json, sys
try:
    (found,) = json.load(sys.stdin)["install"]
except ValueError:
    raise SystemExit
print(found["metadata"]["version"], found["download_info"]["url"].rsplit("/", 1)[-1])'
}

is_installed() {
    "$python" -c '
import importlib.metadata, sys
name, version = sys.argv[1].split("==")
found = importlib.metadata.version(name).split("+")[0]
raise SystemExit(found != version)' "$1" 2>/dev/null
}

# On Linux the torch of the package index is a CUDA build of several GB; CPU builds are marked +cpu.
is_cpu_build() {
    case "$1" in
        jax*) true ;; # a CPU build unless jax[cuda] is asked for
        *+cpu* | *macosx* | *win_amd64* | *win_arm64*) true ;;
        *) false ;;
    esac
}

grep '^[a-z]' requirements-backends.txt | while read -r requirement; do
    if is_installed "$requirement"; then
        echo "backend $requirement: already installed"
        continue
    fi
    found=$(candidate "$requirement")
    if [ -z "$found" ]; then
        echo "backend $requirement: not installed, pip finds no build for this Python (or no network)"
    elif ! is_cpu_build "${requirement%%=*} $found"; then
        echo "backend $requirement: not installed, pip finds no CPU build (only ${found#* })"
    elif "$python" -m pip install --quiet --disable-pip-version-check "$requirement" >/dev/null 2>&1; then
        echo "backend $requirement: installed, ${found#* }"
    else
        echo "backend $requirement: not installed, pip failed (run: $python -m pip install $requirement)"
    fi
done
exit 0
