#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# builds: release
# alone: it builds
# What README.md promises an author, done as written: the C block and the compile line are taken out of
# README.md and run; then the same file with every supported compiler and language, and a C++ servlet
# with everything that makes C++ modules difficult.
#
# CSERV: path of the command (default: build/bin/cserv beside README.md). cserv.pc is looked for in the
# folder above the command's. Prints one line per case, "ok NAME", "FAIL NAME: why" or
# "skip NAME: why"; ends with 1 if a case failed. Leaves nothing behind.
set -u

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
readme=$root/README.md
CSERV=${CSERV:-$root/build/bin/cserv}
case $CSERV in /*) ;; *) CSERV=$PWD/$CSERV ;; esac
build=$(dirname "$(dirname "$CSERV")")
strict='-Wall -Wextra -Wconversion -Werror'
failed=0

work=$(mktemp -d) || exit 1
export CSERV_BASE="$work/build/base"

finish() {
    if [ -S "$CSERV_BASE/run/cserv.sock" ]; then
        "$CSERV" stop >/dev/null 2>&1
    fi
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 1' HUP INT TERM

ok() { echo "ok $1"; }
fail() {
    echo "FAIL $1: $2"
    failed=1
}
# The text of a file on one line, for a reason.
one_line() { tr '\n' ' ' <"$1" | cut -c1-600; }

# block LANGUAGE N: the N-th block of LANGUAGE in README.md below "First servlet".
block() {
    awk -v fence="\`\`\`$1" -v wanted="$2" '
        /^## First servlet/ { below = 1; next }
        /^## / { below = 0 }
        inside && /^```$/ { inside = 0; next }
        inside && seen == wanted { print }
        below && $0 == fence { inside = 1; seen++ }' "$readme"
}

# Exactly one export, nothing shared between two versions of it, nothing wanted from the server.
check_symbols() { # NAME FILE
    exports=$(nm -D --defined-only "$2" | awk '{ print $2, $3 }')
    imports=$(nm -D --undefined-only "$2" | awk '{ print $NF }' | grep -E '^(cs_|cserv)')
    if [ "$exports" != "T cs_module_describe" ]; then
        fail "$1" "exports: $(echo "$exports" | tr '\n' ',')"
    elif [ -n "$imports" ]; then
        fail "$1" "imports: $imports"
    else
        ok "$1"
    fi
}

# compile NAME COMMAND...: the README's compile line with COMMAND in the place of its "cc".
compile() {
    name=$1
    shift
    rm -f hello.so
    line=$(echo "$compile_line" | sed "s|^cc |$* |")
    if ! sh -c "$line" >out 2>&1; then
        fail "compile/$name" "$(one_line out)"
    elif [ -s out ]; then
        fail "compile/$name" "it is not silent: $(one_line out)"
    else
        check_symbols "compile/$name" hello.so
    fi
}

# usable NAME COMPILER: otherwise it says why not. A sanitizer's runtime belongs to one compiler.
usable() {
    case $(sed -n 's/^CMAKE_C_COMPILER:[A-Z]*=//p' "$build/CMakeCache.txt" 2>/dev/null) in
    *clang*) servers=clang ;;
    *) servers=g ;;
    esac
    if ! command -v "$2" >/dev/null; then
        echo "skip $1: $2 is not installed"
        return 1
    fi
    case ${SANITIZER:+$2} in
    "" | $servers*) return 0 ;;
    esac
    echo "skip $1: the server has the sanitizer of another compiler"
    return 1
}

compile_all() {
    compile as-written cc
    for compiler in gcc clang; do
        usable "compile/$compiler" "$compiler" || continue
        compile $compiler $compiler
        compile $compiler-c11 "$compiler -std=c11 $strict"
        cxx=$(echo $compiler | sed 's/gcc/g++/; s/clang/clang++/')
        usable "compile/$cxx" "$cxx" || continue
        for std in c++17 c++20; do
            compile "$cxx-$std" "$cxx -x c++ -std=$std $strict"
        done
    done
}

write_cxx_servlet() {
    cat >trouble.cpp <<'END'
#include <cserv/servlet.h>
#include <map>
#include <regex>
#include <stdexcept>
#include <string>

namespace
{
struct Counter {
    static inline std::map<std::string, int> seen; // STB_GNU_UNIQUE without the version script
};

int words_get(cs_request *req, cs_response *res)
{
    const char *text = cs_req_param(req, "text");
    std::map<std::string, int> words;
    std::string copy = text ? text : "";
    std::regex word("[a-z]+");
    for (std::sregex_iterator it(copy.begin(), copy.end(), word), end; it != end; ++it)
        words[it->str()]++;
    for (const auto &[key, count] : words) {
        int rc = cs_res_printf(res, "%s %d\n", key.c_str(), count);
        if (rc != CS_OK)
            return rc;
    }
    return CS_OK;
}

int throw_get(cs_request *, cs_response *)
{
    throw std::runtime_error("the soup is cold " + std::to_string(Counter::seen.size()));
}

const cs_servlet servlets[] = {
    {.name = "words", .url_patterns = "/words", .get = words_get},
    {.name = "throw", .url_patterns = "/throw", .get = throw_get},
};
}

CS_WEBAPP("trouble", "1.0.0", .servlets = CS_ROWS(servlets))
END
}

compile_cxx_servlet() {
    write_cxx_servlet
    flags=$(pkg-config --cflags --libs build/cserv.pc)
    for cxx in clang++ g++; do # g++ last: its module is the one that is served
        usable "compile/$cxx-servlet" "$cxx" || continue
        # shellcheck disable=SC2086
        if $cxx -std=c++17 $strict -shared -fPIC trouble.cpp -o trouble.so $flags >out 2>&1; then
            check_symbols "compile/$cxx-servlet" trouble.so
        else
            fail "compile/$cxx-servlet" "$(one_line out)"
        fi
    done
}

# fetch NAME PATH STATUS TEXT: the answer has this status and exactly this body; with a TEXT that begins
# with "...", the body has the rest of TEXT in it.
fetch() {
    status=$(curl -s -m 10 -o body -w '%{http_code}' "http://127.0.0.1:$port$2")
    body=$(cat body 2>/dev/null)
    rm -f body
    case $4 in
    ...*) expected=${4#...} && matches=$(printf '%s' "$body" | grep -cF -- "$expected") ;;
    *) expected=$4 && { [ "$body" = "$4" ] && matches=1 || matches=0; } ;;
    esac
    if [ "$status" = "$3" ] && [ "$matches" != 0 ]; then
        ok "$1"
    else
        fail "$1" "status $status instead of $3, or the body lacks '$expected': $(echo "$body" |
            tr '\n' ' ' | cut -c1-300)"
    fi
}

serve() {
    if [ ! -x "$CSERV" ]; then
        echo "skip serve: no command at $CSERV"
        return
    fi
    if ! "$CSERV" makebase "$CSERV_BASE" --port 0 --loopback --bare >out 2>&1; then
        fail serve "makebase: $(one_line out)"
        return
    fi
    compile as-written-again cc
    block sh 1 | grep '^cp ' >copy.sh
    if ! sh -e copy.sh >out 2>&1; then
        fail serve "the README's copy line: $(one_line out)"
        return
    fi
    cp trouble.so "$CSERV_BASE/webapps/"
    if ! "$CSERV" start >out 2>&1; then
        fail serve "start: $(one_line out)"
        return
    fi
    port=$(sed -n 's|.* serves http://[^ ]*:\([0-9][0-9]*\).*|\1|p' out | head -n 1)
    if [ -z "$port" ]; then
        fail serve "start does not tell its port: $(one_line out)"
        return
    fi

    curl_line=$(block sh 2 | sed "s|:8080/|:$port/|; s|^curl |curl -s -m 10 |")
    answer=$(sh -c "$curl_line")
    if [ "$answer" = "Hello, you!" ]; then
        ok serve/readme
    else
        fail serve/readme "instead of 'Hello, you!': '$answer'"
    fi
    fetch serve/default /hello/hello 200 'Hello, world!'
    fetch serve/second-pattern '/hello/greet/x?name=%C3%A9' 200 "Hello, $(printf '\303\251')!"
    fetch serve/elsewhere /hello/nothing 404 '...404'
    fetch serve/cxx '/trouble/words?text=b+a+b' 200 "$(printf 'a 1\nb 2')"
    fetch serve/cxx-exception /trouble/throw 500 '...the soup is cold 0'
    fetch serve/cxx-afterwards '/trouble/words?text=still+up' 200 "$(printf 'still 1\nup 1')"
    fetch serve/afterwards /hello/hello 200 'Hello, world!'

    if "$CSERV" stop >out 2>&1; then
        ok serve/stop
    else
        fail serve/stop "$(one_line out)"
    fi
}

cd "$work" || exit 1
if [ ! -f "$build/cserv.pc" ]; then
    fail readme "no $build/cserv.pc: build first, or set CSERV"
    exit 1
fi
mkdir build && ln -s "$build/cserv.pc" build/cserv.pc
block c 1 >hello.c
compile_line=$(block sh 1 | grep '^cc ')
if [ ! -s hello.c ] || [ -z "$compile_line" ]; then
    fail readme "no C block or no compile line below 'First servlet' in README.md"
    exit 1
fi
compile_all
compile_cxx_servlet
serve
exit $failed
