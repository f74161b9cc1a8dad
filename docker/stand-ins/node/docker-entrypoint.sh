#!/bin/sh
# Options, scripts and whatever else is no command are arguments of node; commands run as they are.
set -e
first="${1-}"
case "$first" in
  -*) set -- node "$@" ;;
  *)
    # A file that cannot be executed is a script, even where `command -v` finds it.
    if ! command -v "$first" >/dev/null || { [ -f "$first" ] && ! [ -x "$first" ]; }; then
      set -- node "$@"
    fi
    ;;
esac
exec "$@"
