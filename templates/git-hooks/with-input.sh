#!/bin/sh
# Written by `skein init`. What was here before is kept beside it, in before-skein/, and called first; `skein uninstall`
# puts it back. Both read the refs of the push on stdin.
kept="$(dirname "$0")/before-skein/__hook__"
# The dot keeps the last line break, which $( ) would cut off.
refs="$(cat; echo .)"
refs="${refs%.}"
if [ -x "$kept" ]; then
  printf '%s' "$refs" | "$kept" "$@" || exit $?
fi
command -v skein >/dev/null || exit 0
printf '%s' "$refs" | skein hook __hook__ "$@"
