#!/bin/sh
# The virtual environment at .venv: the locked packages, this project (editable) and the MicroPython stubs.
# usage: hwsim/setup/python.sh        from the root of the project; safe to run again.
set -eu
cd "$(dirname "$0")/../.."
. hwsim/setup/apt.sh
VENV=.venv
STUBS=$VENV/stubs       # outside site-packages: CPython must not import these, or `import machine` would seem to work
EMPTY=$VENV/stubs/empty # what the firmware is type-checked in: an environment without packages

# A candidate is tried by running it: a version switcher's shim can exist and still refuse to run.
usable() { timeout 20 "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

find_python() {
    for python in python3 python3.14 python3.13 python3.12 python3.11 \
        /usr/bin/python3 /usr/local/bin/python3 /usr/bin/python3.13 /usr/bin/python3.12 /usr/bin/python3.11; do
        if usable "$python"; then
            printf '%s\n' "$python"
            return
        fi
    done
    return 1
}

pip() {
    limit_s=$1
    shift
    PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 timeout "$limit_s" \
        "$VENV/bin/python" -m pip -qq --retries 3 --timeout 60 "$@"
}

if [ -x $VENV/bin/python ] && usable $VENV/bin/python; then
    say "virtual environment $VENV is there: $($VENV/bin/python --version)"
else
    if ! python=$(find_python); then
        # Debian and Ubuntu keep venv and ensurepip in a package of their own.
        say "no Python 3.11 or newer with the modules venv and ensurepip; trying apt-get install python3-venv"
        apt_install python3-venv || true
        python=$(find_python) || fail "no Python 3.11 or newer with the modules venv and ensurepip;" \
            "on Debian and Ubuntu run: sudo apt-get update && sudo apt-get install python3 python3-venv"
    fi
    say "virtual environment $VENV from $python ($("$python" --version))"
    timeout 120 "$python" -m venv --clear $VENV || fail "'$python -m venv $VENV' did not work (see above)"
fi

say "Python packages of requirements.lock"
pip 1200 install --require-hashes -r requirements.lock \
    || fail "pip could not install requirements.lock (see above); is the package index reachable?"

say "this project, editable"
pip 120 install --no-deps --no-build-isolation --editable . || fail "pip could not install the project (see above)"

for port in rp2 esp32; do
    lock=hwsim/setup/stubs.lock
    [ $port = rp2 ] || lock=hwsim/setup/stubs-$port.lock
    if [ -f $STUBS/$port/.lock ] && cmp -s $lock $STUBS/$port/.lock; then
        say "MicroPython stubs for $port are there"
    else
        say "MicroPython stubs of $lock"
        rm -rf $STUBS/$port
        pip 300 install --no-deps --require-hashes --target $STUBS/$port -r $lock \
            || fail "pip could not install $lock (see above); is the package index reachable?"
        cp $lock $STUBS/$port/.lock
    fi
done
mkdir -p $EMPTY/lib/python3.11/site-packages
