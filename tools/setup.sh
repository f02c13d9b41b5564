#!/usr/bin/env bash
# Make .venv and install everything into it; quick where it is already as it should be.
#
# Only the set-up is here; what is run afterwards is in the Makefile. Settings, as environment
# variables: PYTHON (the Python to use; default: the first 3.11 or newer that is found), TORCH (a
# requirement such as torch==2.13.0+cpu that takes the place of the one in constraints.txt).
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '%s\n' "set-up: $*"; }
fail() { printf '%s\n' "set-up: $*" >&2; exit 1; }

# ---- Python ---------------------------------------------------------------------------------

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        new_enough "$PYTHON" || fail "$PYTHON is not a Python of 3.11 or newer; set PYTHON to one"
        printf '%s' "$PYTHON"
        return
    fi
    local name
    for name in python3 python3.13 python3.12 python3.11; do
        if new_enough "$name"; then printf '%s' "$name"; return; fi
    done
    fail "no Python of 3.11 or newer was found; install one, or set PYTHON to its path"
}

# ---- system libraries -----------------------------------------------------------------------

# Xvfb, the virtual screen of the tests, and what PyQt6's X11 plugin links to.
LIBRARIES="xvfb xauth libegl1 libgl1 libgl1-mesa-dri libglx-mesa0 libdbus-1-3 libfontconfig1
    libglib2.0-0 libxkbcommon-x11-0 libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1
    libxcb-randr0 libxcb-render-util0 libxcb-shape0 libxcb-sync1 libxcb-util1 libxcb-xfixes0
    libxcb-xkb1"

is_installed() {
    # Debian 13 adds t64 to some names; dpkg-query fails where one of the two is unknown.
    local states
    states=$(dpkg-query -W -f '${db:Status-Status}\n' "$1" "$1t64" 2>/dev/null || true)
    grep -qx installed <<<"$states"
}

install_packages() {
    # Return 1, having named the command, where they cannot be installed from here.
    if [ "$(id -u)" != 0 ]; then
        say "missing system packages; install them with:"
        printf '    sudo apt-get install -y --no-install-recommends %s\n' "$*"
        return 1
    fi
    say "installing system packages: $*"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

add_libraries() {
    [ "$(uname -s)" = Linux ] || return 0
    if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
        command -v Xvfb >/dev/null ||
            say "no apt-get here: install Xvfb and the X11 libraries of Qt 6 by hand"
        return 0
    fi
    local missing=() name
    for name in $LIBRARIES; do
        is_installed "$name" || missing+=("$name")
    done
    # Without them only the window is missing, not the alignment: go on.
    [ ${#missing[@]} = 0 ] || install_packages "${missing[@]}" || true
}

# ---- .venv ----------------------------------------------------------------------------------

describe() {
    # What .venv was made from. A copied or moved tree has another path; its .venv would run the
    # code of the tree that it came from.
    printf 'tree %s\npython %s\ntorch %s\n' "$PWD" \
        "$("$1" -c 'import sys; print(sys.base_prefix, sys.version)')" "${TORCH:-as constrained}"
    cat pyproject.toml constraints.txt tools/setup.sh
}

is_healthy() {
    [ -f .venv/set-up ] && cmp -s .venv/set-up <(describe "$1") && .venv/bin/python - <<'EOF' 2>/dev/null
import importlib.metadata, pathlib, sys
import napari_seamnet
importlib.metadata.version("torch")
here = pathlib.Path.cwd()
ours = pathlib.Path(napari_seamnet.__file__).is_relative_to(here / "src")
sys.exit(not (ours and pathlib.Path(sys.prefix).samefile(here / ".venv")))
EOF
}

make_venv() {
    say "making .venv with $("$1" --version)"
    rm -rf .venv
    if ! "$1" -m venv .venv 2>/dev/null; then
        rm -rf .venv
        # Debian keeps the module that makes pip in a package of its own.
        local package
        package="python$("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv"
        command -v apt-get >/dev/null || fail "$1 -m venv does not work; install its venv module"
        install_packages "$package" || fail "then run this again"
        "$1" -m venv .venv
    fi
}

install_all() {
    cp constraints.txt .venv/constraints.txt
    if [ -n "${TORCH:-}" ]; then
        grep -v '^torch==' constraints.txt >.venv/constraints.txt
        printf '%s\n' "$TORCH" >>.venv/constraints.txt
    fi
    say "installing everything; this takes some minutes the first time"
    .venv/bin/python -m pip install -qq --disable-pip-version-check \
        -c .venv/constraints.txt -e '.[all,dev]'
}

python=$(find_python)
add_libraries
if is_healthy "$python"; then exit 0; fi
# A .venv of this same tree and Python only wants the changed requirements; any other is made anew.
if ! .venv/bin/python -m pip --version >/dev/null 2>&1 ||
    ! head -2 .venv/set-up 2>/dev/null | cmp -s - <(describe "$python" | head -2); then
    make_venv "$python"
fi
rm -f .venv/set-up
install_all
describe "$python" >.venv/set-up
say "done"
