#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The rules of the house, checked by machine: first that the checks notice (fixtures), then the tree,
# then what was built into the folder BUILD (environment). Called by tests/run.sh; prints a line
# `ok NAME`, `skip NAME: why` or `FAIL NAME: why` for each, with the findings above it.
here=$(cd -- "$(dirname -- "$0")" && pwd)
root=$(cd -- "$here/../.." && pwd)
PYTHONDONTWRITEBYTECODE=1
export PYTHONDONTWRITEBYTECODE
status=0

check() { # NAME COMMAND...
    name=$1
    shift
    if "$@"; then
        echo "ok $name"
    else
        echo "FAIL $name: see the findings above"
        status=1
    fi
}

# One line for each place would be many: a file is named once, with its first place.
format() {
    find "$root/container" "$root/modules" "$root/webapps" "$root/tests" \
        -path "$here/fixtures" -prune -o \
        \( -name '*.c' -o -name '*.h' -o -name '*.cc' -o -name '*.cpp' \) -print0 |
        xargs -0 "$clang_format" --style=file --dry-run -Werror 2>&1 |
        awk -F: '/: error: / && !seen[$1]++ { print $1 ":" $2 ": format: clang-format would change this" }
                 /: error: / || !/^[^:]*:[0-9]/ && /error/ { bad = 1 } END { exit bad }'
}

python3 "$here/selftest.py" || status=1
python3 "$here/selftest_build.py" || status=1
check includes python3 "$here/check_includes.py"
check text python3 "$here/check_text.py"
check public python3 "$here/check_public.py"
check documented python3 "$here/check_documented.py"
check not-built python3 "$here/check_not_built.py"
check abi-hash python3 "$here/abi_hash.py" --check
check abi-layout python3 "$here/abi_layout.py"
if [ -n "${BUILD-}" ]; then
    check symbols python3 "$here/check_symbols.py" "$BUILD"
    check attribute-effects python3 "$here/attribute_effects.py" "$BUILD"
    check docs-reference python3 "$here/docs_reference.py" "$BUILD"
else
    echo "skip symbols: BUILD names no build folder"
    echo "skip attribute-effects: BUILD names no build folder"
    echo "skip docs-reference: BUILD names no build folder"
fi
clang_format=$(command -v clang-format-14 || command -v clang-format)
case $("${clang_format:-false}" --version 2>/dev/null) in
*' version 14.'*) check format format ;;
*) echo "skip format: clang-format 14 is not here" ;;
esac
exit $status
