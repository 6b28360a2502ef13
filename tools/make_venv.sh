#!/bin/sh
# Make .venv and install requirements.txt into it. Called by the Makefile; a second call does nothing.
# Works with Python 3.11, 3.12 or 3.13; PYTHON=/path/to/python chooses one.
set -eu
cd "$(dirname "$0")/.."

stamp=.venv/.installed
wanted=$(cat requirements.txt pyproject.toml | cksum)
if [ -x .venv/bin/python ] && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then
    exit 0
fi

is_right_version() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null
}

found=
for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11 python}; do
    if is_right_version "$candidate"; then
        found=$candidate
        break
    fi
done

if [ -z "$found" ]; then
    have=$(python3 --version 2>&1) || have="no python3"
    echo "Python 3.11, 3.12 or 3.13 is needed; found: ${PYTHON:-$have}." >&2
    echo "Debian or Ubuntu: apt-get install python3 python3-venv.  macOS: brew install python@3.13." >&2
    echo "Others: https://www.python.org/downloads/.  Or name one: make PYTHON=/path/to/python3.12 ..." >&2
    exit 1
fi

if ! "$found" -c 'import venv, ensurepip' 2>/dev/null; then
    echo "$found has no venv module. Debian or Ubuntu: apt-get install python3-venv." >&2
    exit 1
fi

echo "Installing into .venv with $("$found" --version) (once; a few minutes) ..."
[ -x .venv/bin/python ] && is_right_version .venv/bin/python || "$found" -m venv --clear .venv
.venv/bin/python -m pip install --quiet --requirement requirements.txt
echo "$wanted" > "$stamp"
