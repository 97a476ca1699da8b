#!/bin/sh
# Runs a command with a screen of its own, drawn in software: what the OpenGL tests need where there is no display.
set -eu
exec xvfb-run --auto-servernum --server-args="-screen 0 1920x1080x24" \
    env QT_QPA_PLATFORM=xcb LIBGL_ALWAYS_SOFTWARE=1 "$@"
