#!/bin/sh
# Make .venv and install requirements.lock into it. Called by the Makefile; a second call does nothing.
# uv installs; where it cannot be had or fails, pip does. Both check the hashes.
# Works with Python 3.11, 3.12 or 3.13; PYTHON=/path/to/python chooses one.
#
# .venv belongs to one folder and one Python. In a copied or moved folder, with another PYTHON, or
# after an installation that was killed, it is made again. Only one call at a time installs.
set -eu
cd "$(dirname "$0")/.."

python=.venv/bin/python
stamp=.venv/.installed        # what was installed (a checksum), and in which folder
unfinished=.venv/.unfinished  # is there while an installation is under way
here=$(pwd -P)
wanted="$(cat requirements.txt requirements.lock pyproject.toml | cksum)
$here"

fail() {
    printf '%s\n' "$@" >&2
    exit 1
}

version_of() {
    "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null || true
}

is_supported() {
    case $(version_of "$1") in 3.11 | 3.12 | 3.13) ;; *) return 1 ;; esac
}

has_wanted_version() {
    [ -z "${PYTHON:-}" ] || [ "$(version_of "$PYTHON")" = "$(version_of "$python")" ]
}

is_ready() {
    [ -x "$python" ] && [ ! -e "$unfinished" ] &&
        [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && has_wanted_version
}

choose_python() {
    if [ -n "${PYTHON:-}" ]; then
        command -v "$PYTHON" >/dev/null || fail "PYTHON=$PYTHON: there is no such program."
        is_supported "$PYTHON" && found=$PYTHON && return
        have="PYTHON=$PYTHON, which says: $("$PYTHON" --version 2>&1 | tail -n 1)"
    else
        # The one that .venv was made with comes first.
        former=$(sed -n 's/^executable *= *//p' .venv/pyvenv.cfg 2>/dev/null || true)
        for found in "$former" python3 python3.13 python3.12 python3.11 python; do
            is_supported "$found" && return
        done
        have=$(python3 --version 2>&1 | tail -n 1)
        command -v python3 >/dev/null || have="no python3"
    fi
    fail "Python 3.11, 3.12 or 3.13 is needed; found: $have." \
        "Debian or Ubuntu: apt-get install python3 python3-venv.  macOS: brew install python@3.13." \
        "Others: https://www.python.org/downloads/.  Or name one: make PYTHON=/path/to/python3.12 ..."
}

# Say why the .venv that is here cannot be used; nothing if it can, or if there is none.
reason_to_make_again() {
    [ -e .venv ] || return 0
    folder=$(sed -n 2p "$stamp" 2>/dev/null || true)
    if [ -e "$unfinished" ]; then
        echo "The last installation into .venv was stopped half-way"
    elif [ -n "$folder" ] && [ "$folder" != "$here" ]; then
        echo "This .venv was made for the folder $folder"
    elif ! is_supported "$python" || ! "$python" -m pip --version >/dev/null 2>&1; then
        echo "The .venv that is here has no working Python 3.11, 3.12 or 3.13 with pip"
    elif ! has_wanted_version; then
        echo "The .venv that is here has Python $(version_of "$python"), not that of PYTHON=$PYTHON"
    fi
}

# The first requirement of requirements.txt that requirements.lock does not have; nothing if it has all.
not_in_lock() {
    awk 'NR == FNR { locked[$1]; next } /^[A-Za-z].*==/ && !($1 in locked) { print $1; exit }' \
        requirements.lock requirements.txt
}

pip_install() {
    "$python" -m pip install --quiet "$@"
}

install_with_uv() {
    awk '/^[^ #]/ { mine = /^uv==/ } mine && !/#/' requirements.lock >.venv/uv.txt
    pip_install --retries 1 --require-hashes --requirement .venv/uv.txt || return
    settings=$("$python" -m pip config list | "$python" tools/uv_settings.py) || return
    eval "$settings"
    "$python" -m uv pip install --quiet --python "$python" --compile-bytecode --require-hashes \
        --requirement requirements.lock || return
    "$python" -m uv pip install --quiet --python "$python" --no-deps --no-build-isolation --editable .
}

install_with_pip() {
    pip_install --require-hashes --requirement requirements.lock &&
        pip_install --no-deps --no-build-isolation --editable .
}

install_all() {
    behind=$(not_in_lock)
    if [ -n "$behind" ]; then
        echo "requirements.lock does not have $behind: requirements.txt is installed, what lies below it" \
            "is not pinned. To pin it: make lock"
        pip_install --requirement requirements.txt
    elif ! install_with_uv 2>.venv/uv.log; then
        echo "uv could not install it (.venv/uv.log says why): pip does, which takes longer ..."
        install_with_pip
    fi
}

owner_of() {
    ls -ld "$1" | awk '{ print $3 }'
}

if is_ready; then
    exit 0
fi
if [ ! -w . ]; then
    fail "$(owner_of .) owns this folder and you may not write here: clone the project as yourself."
fi
if [ -e .venv ] && [ ! -w .venv ]; then
    fail "$(owner_of .venv) made .venv and you cannot use it as it is. Have it removed, and call" \
        "make again as yourself:   sudo rm -rf '$here/.venv'"
fi
reason=$(reason_to_make_again)
if [ -d .venv ] && [ -z "$reason" ]; then
    found=$python
else
    choose_python
fi
if ! "$found" -c 'import venv, ensurepip' 2>/dev/null; then
    fail "$found has no venv module. Debian or Ubuntu: apt-get install python3-venv."
fi

# One at a time: hold a lock on this folder, which ends with this process however it ends.
if [ -z "${VENV_LOCKED:-}" ]; then
    exec "$found" -c '
import fcntl, os, signal
signal.signal(signal.SIGINT, signal.SIG_DFL)
folder = os.open(".", os.O_RDONLY)
try:
    fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError:
    print("Another make is installing here; waiting until it is done ...", flush=True)
    fcntl.flock(folder, fcntl.LOCK_EX)
except OSError:
    pass  # a file system without locks
os.set_inheritable(folder, True)
os.execvpe("sh", ["sh", "tools/make_venv.sh"], {**os.environ, "VENV_LOCKED": "1"})
'
fi

if [ -n "$reason" ]; then
    echo "$reason: it is made again."
    rm -rf .venv
fi
echo "Installing into .venv with Python $(version_of "$found") (once; a few minutes) ..."
if [ -d .venv ]; then
    : >"$unfinished"
else
    mkdir .venv
    : >"$unfinished"
    "$found" -m venv .venv || fail "$found could not make .venv (its message is above)."
fi
if ! install_all; then
    rm -f "$unfinished"
    fail "" "pip could not install what the lessons need; its message is above. Most often the network is" \
        "the cause: can this computer reach https://pypi.org? Call make again when it can: what is" \
        "already here is kept, and the installation goes on."
fi
printf '%s\n' "$wanted" >"$stamp"
rm "$unfinished"
