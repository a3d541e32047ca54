#!/bin/sh
# The linker of this crate on Linux: the C compiler, with two changes.
#
# rustc exports every `#[no_mangle]` function of every dependency from a cdylib: some 300 of the crates v8 and
# temporal_capi. Two addons that embed V8 would meet in them. So the list that rustc hands to the linker is cut down
# to those that Node and the launcher look up. scripts/check-addon.sh checks the outcome.
#
# With CODECELL_GLIBC, a folder of scripts/old-glibc.sh, the outcome runs on systems that are older than this one: with
# that glibc, and with libstdc++ inside. libgcc_s stays outside: it is old everywhere, and has to be one per process.
set -eu
for argument in "$@"; do
  case $argument in
    -Wl,--version-script=*)
      list=${argument#-Wl,--version-script=}
      # Only a list that has the entry point is that of the addon.
      if grep -q napi_register_module_v1 "$list"; then
        # The addon of a bench has no children.
        child=$(grep -o 'codecell_child_main;' "$list" || true)
        cat >"$list" <<LIST
{
  global:
    napi_register_module_v1;
    $child
  local:
    *;
};
LIST
      fi
      ;;
  esac
  if [ -n "${CODECELL_GLIBC:-}" ]; then
    shift
    [ "$argument" != -lstdc++ ] || argument=-l:libstdc++.a
    set -- "$@" "$argument"
  fi
done
if [ -n "${CODECELL_GLIBC:-}" ]; then
  # A name that the old glibc lacks would otherwise be an error only where the addon is loaded. What this machine's own
  # libgcc_s takes from its glibc does not matter.
  set -- "-B$CODECELL_GLIBC" "-L$CODECELL_GLIBC" -Wl,--no-undefined,--allow-shlib-undefined "$@"
fi
exec "${CODECELL_CC:-cc}" "$@"
