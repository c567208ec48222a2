#!/bin/sh
# Written by `skein init`. What was here before is kept beside it, in before-skein/, and called first; `skein uninstall`
# puts it back.
kept="$(dirname "$0")/before-skein/__hook__"
if [ -x "$kept" ]; then
  "$kept" "$@" || exit $?
fi
command -v skein >/dev/null || exit 0
exec skein hook __hook__ "$@"
