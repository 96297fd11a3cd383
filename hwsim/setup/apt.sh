# Sourced by the steps of the set-up: their messages, and apt-get with every wait bounded.

say() { printf 'setup: %s\n' "$*"; }
fail() { printf 'setup: FAILED: %s\n' "$*" >&2; exit 1; }

# Each connection waits at most 30 s and is tried four times; the whole call ends after 10 minutes.
apt_get() {
    timeout 600 ${sudo:-} env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Acquire::Retries=3 \
        -o Acquire::http::Timeout=30 -o Acquire::https::Timeout=30 \
        -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0 -o APT::Sandbox::User=root "$@"
}

# True where this user may install packages: as root, or by a sudo that asks for no password.
may_install() {
    [ "$(id -u)" = 0 ] && return
    command -v sudo >/dev/null && timeout 10 sudo -n true 2>/dev/null
}

apt_get_as_root() {
    if [ "$(id -u)" = 0 ]; then apt_get "$@"; else sudo="sudo -n" apt_get "$@"; fi
}

# $@: packages. A fresh machine has no package lists and an old one has stale ones: what fails is tried again after an update.
apt_install() {
    command -v apt-get >/dev/null && may_install || return 1
    apt_get_as_root install -y --no-install-recommends "$@" >/dev/null 2>&1 && return
    apt_get_as_root update && apt_get_as_root install -y --no-install-recommends "$@" >/dev/null
}
