#!/bin/sh
# .venv/bin/micropython: the unix port of MicroPython, 1.22 or newer, that runs the firmware. In this order:
#   1. one on PATH;
#   2. the distribution's package, where this user may install it;
#   3. the package unpacked aside (.venv/micropython) and run with its own dynamic loader: for a user without the
#      rights, or a distribution that has none (Debian 12: taken from the next Debian on the machine's own mirror).
#      Private package lists; the machine's apt configuration and packages stay as they are.
# usage: hwsim/setup/micropython.sh        from the root of the project; safe to run again.
set -eu
cd "$(dirname "$0")/../.."
. hwsim/setup/apt.sh
ASIDE=$PWD/.venv/micropython
TARGET=$PWD/.venv/bin/micropython
BY_HAND="put a MicroPython unix port >= 1.22 on PATH as 'micropython' and run make again"

# Prints the version of interpreter $1, and fails if it is not MicroPython 1.22 or newer that can limit its heap.
version() {
    timeout 20 "$1" -X heapsize=192k -c '
import sys
name, version = sys.implementation[0], sys.implementation[1]
print("%d.%d.%d" % tuple(version[:3]))
sys.exit(0 if name == "micropython" and version[:2] >= (1, 22) else 1)' 2>/dev/null
}

use() {
    [ "$1" = "$TARGET" ] || ln -sf "$1" "$TARGET"
    say "MicroPython $(version "$TARGET") ($2)"
    exit 0
}

if version "$TARGET" >/dev/null; then
    use "$TARGET" "is there"
fi
rm -f "$TARGET"
for found in $(command -v micropython) /usr/bin/micropython; do
    if version "$found" >/dev/null; then
        use "$found" "$found"
    fi
done
command -v apt-get >/dev/null || fail "no MicroPython, and this system has no apt-get: $BY_HAND"

# The version of micropython that this machine's own package lists offer, empty if none.
offered() { LC_ALL=C apt-cache policy micropython | sed -n 's/^ *Candidate: //p' | grep -v none || true; }
new_enough() { [ -n "$1" ] && dpkg --compare-versions "$1" ge 1.22; }

if may_install; then
    # A fresh machine has no package lists yet.
    ls /var/lib/apt/lists/*Packages* >/dev/null 2>&1 || apt_get_as_root update >/dev/null \
        || fail "apt-get could not read the package lists (see above); run: sudo apt-get update"
    if new_enough "$(offered)"; then
        say "MicroPython $(offered), by apt-get"
        apt_install micropython || fail "apt-get could not install micropython (see above); run: sudo apt-get install micropython"
        version /usr/bin/micropython >/dev/null || fail "the packaged /usr/bin/micropython does not run: $BY_HAND"
        use /usr/bin/micropython "/usr/bin/micropython"
    fi
fi

# Aside. $ID and $VERSION_CODENAME come from os-release; the suite is this one if it has the package, else a newer one.
. /etc/os-release
case "$ID" in
    debian) newer=trixie ;;
    ubuntu) newer=noble ;;
    *) fail "no MicroPython package is known for $ID: $BY_HAND" ;;
esac
suite=$newer
new_enough "$(offered)" && suite=$VERSION_CODENAME
keyring=/usr/share/keyrings/$ID-archive-keyring.gpg
[ -f "$keyring" ] || fail "no $keyring to check packages with; run: sudo apt-get install $ID-archive-keyring (or ubuntu-keyring)"
# The machine's own mirror: the first source of its own release.
mirror=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' \
    | awk -v release="$VERSION_CODENAME" '$2 == release { print $1; exit }')
[ -n "$mirror" ] || fail "no package source for $VERSION_CODENAME in this machine's apt configuration: $BY_HAND"

say "MicroPython of $suite from $mirror, unpacked in .venv/micropython"
rm -rf "$ASIDE"
mkdir -p "$ASIDE/lists/partial" "$ASIDE/cache/archives/partial" "$ASIDE/root"
echo "deb [signed-by=$keyring] $mirror $suite main universe" > "$ASIDE/sources.list"
[ "$ID" = ubuntu ] || sed -i 's/ universe//' "$ASIDE/sources.list"
: > "$ASIDE/status" # nothing counts as installed, so every library it needs is fetched with it
aside() {
    apt_get -o Dir::Etc::sourcelist="$ASIDE/sources.list" -o Dir::Etc::sourceparts=/dev/null \
        -o Dir::Etc::preferencesparts=/dev/null -o Dir::State="$ASIDE" -o Dir::State::lists="$ASIDE/lists" \
        -o Dir::State::status="$ASIDE/status" -o Dir::Cache="$ASIDE/cache" -o Acquire::Languages=none "$@"
}
aside -o APT::Update::Error-Mode=any update || fail "apt-get could not read the package lists of $suite at $mirror (see above); is it reachable?"
aside install -y --download-only --no-install-recommends micropython >/dev/null \
    || fail "apt-get could not fetch micropython from $suite at $mirror (see above)"
for package in "$ASIDE"/cache/archives/*.deb; do
    timeout 60 dpkg-deb --extract "$package" "$ASIDE/root"
done
rm -rf "$ASIDE/lists" "$ASIDE/cache"

libraries=$(dirname "$(find "$ASIDE/root/usr/lib" "$ASIDE/root/lib" -name 'libc.so.6' 2>/dev/null | head -n 1)")
loader=$(find "$libraries" -name 'ld-linux*.so.*' | head -n 1)
[ -n "$loader" ] || fail "the packages of $suite hold no dynamic loader: $BY_HAND"
cat > "$TARGET" <<END
#!/bin/sh
exec "$loader" --library-path "$libraries" "$ASIDE/root/usr/bin/micropython" "\$@"
END
chmod +x "$TARGET"
version "$TARGET" >/dev/null || fail "the MicroPython of $suite does not run here: $BY_HAND"
use "$TARGET" "$suite, .venv/bin/micropython"
