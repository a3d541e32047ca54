#!/bin/sh
# The linker of this crate on Linux: the C compiler, with one change.
#
# rustc exports every `#[no_mangle]` function of every dependency from a cdylib: some 300 of the crates v8 and
# temporal_capi. Two addons that embed V8 would meet in them. So the list that rustc hands to the linker is cut down
# to those that Node and the launcher look up. scripts/check-addon.sh checks the outcome.
set -eu
for argument in "$@"; do
  case $argument in
    -Wl,--version-script=*)
      list=${argument#-Wl,--version-script=}
      # Only a list that has the entry point is that of the addon.
      if grep -q napi_register_module_v1 "$list"; then
        cat >"$list" <<'LIST'
{
  global:
    napi_register_module_v1;
    codecell_child_main;
  local:
    *;
};
LIST
      fi
      ;;
  esac
done
exec "${CODECELL_CC:-cc}" "$@"
