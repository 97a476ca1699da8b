#!/bin/sh
# Qt's window needs a few system libraries. As root they are installed; otherwise the line to type is printed.
set -eu
packages="libegl1 libgl1 libfontconfig1 libdbus-1-3 libxkbcommon-x11-0 libxcb-cursor0 libxcb-icccm4 libxcb-keysyms1
 libxcb-image0 libxcb-render-util0 libxcb-shape0 libxcb-xinerama0 $*"
command -v dpkg-query >/dev/null 2>&1 || exit 0
missing=""
for package in $packages; do
    case "$(dpkg-query -W -f='${Status}' "$package" 2>/dev/null || true)" in
        "install ok installed") ;;
        *) missing="$missing $package" ;;
    esac
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" -eq 0 ]; then
    echo "Installing system packages:$missing"
    export DEBIAN_FRONTEND=noninteractive
    # shellcheck disable=SC2086
    apt-get install -y -q $missing >/dev/null 2>&1 || { apt-get update -q >/dev/null && apt-get install -y -q $missing >/dev/null; }
else
    echo "System packages are missing. Type:" >&2
    echo "    sudo apt-get install$missing" >&2
    exit 1
fi
