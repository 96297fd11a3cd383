#!/bin/sh
# ngspice and its shared library, by the system's package client. Without the rights: one line that says what to run.
# usage: hwsim/setup/system.sh        from the root of the project; safe to run again.
set -eu
cd "$(dirname "$0")/../.."
. hwsim/setup/apt.sh

loadable() {
    timeout 20 .venv/bin/python -c 'import ctypes; ctypes.CDLL("libngspice.so.0")' >/dev/null 2>&1
}

if loadable && command -v ngspice >/dev/null; then
    say "ngspice and libngspice are there"
    exit 0
fi
command -v apt-get >/dev/null || fail "no libngspice, and this system has no apt-get:" \
    "install ngspice with its shared library by your package client, then run make again"
say "ngspice and libngspice, by apt-get"
apt_install ngspice libngspice0 || fail "ngspice is missing; run: sudo apt-get update && sudo apt-get install ngspice libngspice0"
loadable || fail "libngspice0 is installed, but $(.venv/bin/python --version) cannot load libngspice.so.0;" \
    "is this Python of the same architecture as the system?"
