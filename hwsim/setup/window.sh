#!/bin/sh
# What Qt needs of the system to draw a window, also without a screen: libraries and a font, by the package client.
# usage: hwsim/setup/window.sh        from the root of the project; safe to run again.
set -eu
cd "$(dirname "$0")/../.."
. hwsim/setup/apt.sh
PACKAGES="libegl1 libgl1 libxkbcommon0 libfontconfig1 libfreetype6 libglib2.0-0 libdbus-1-3 fonts-dejavu-core"

draws() {
    QT_QPA_PLATFORM=offscreen timeout 60 .venv/bin/python -c '
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QApplication
application = QApplication([])
raise SystemExit(not QFontDatabase.families())' >/dev/null 2>&1
}

if draws; then
    say "what Qt needs is there"
    exit 0
fi
command -v apt-get >/dev/null || fail "Qt cannot draw here, and this system has no apt-get:" \
    "install EGL, OpenGL, xkbcommon, fontconfig, GLib, D-Bus and a font by your package client, then run make again"
say "libraries for Qt and a font, by apt-get"
apt_install $PACKAGES || fail "Qt's libraries are missing; run: sudo apt-get update && sudo apt-get install $PACKAGES"
draws || fail "$PACKAGES are installed, but Qt still cannot draw;" \
    "run: QT_QPA_PLATFORM=offscreen QT_DEBUG_PLUGINS=1 .venv/bin/python -c 'from PySide6.QtWidgets import QApplication; QApplication([])'"
