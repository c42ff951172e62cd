# SPDX-License-Identifier: Apache-2.0
# Builds and unit tests, for tests/run.sh, which sources this. Builds are kept in build-test-KIND, which
# git ignores, so that the next run builds only what has changed; where this user may not write there,
# they are made in the temporary folder.

build_folder() {
    folder=$root/build-test-$1
    if { [ -e "$folder" ] && [ ! -w "$folder/." ]; } || { [ ! -e "$folder" ] && [ ! -w "$root" ]; } ||
        { [ -e "$folder/.ninja_log" ] && [ ! -w "$folder/.ninja_log" ]; }; then
        folder=$work/build-$1
    fi
    echo "$folder"
}

# build KIND CMAKE-OPTION...: the whole tree with its tests, warnings being errors.
build() {
    kind=$1
    shift
    folder=$(build_folder "$kind")
    log=$work/build-$kind.log
    if [ -e "$folder/CMakeCache.txt" ] &&
        ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$root" "$folder/CMakeCache.txt"; then
        rm -rf "$folder" # made for another place
    fi
    echo "Building: $kind"
    if cmake -S "$root" -B "$folder" -G Ninja -DCSERV_TESTS=ON -DCSERV_WERROR=ON "$@" >"$log" 2>&1 &&
        cmake --build "$folder" --parallel "$(nproc)" >>"$log" 2>&1; then
        pass
        return 0
    fi
    fail "build/$kind" "it does not build without warnings" "$log"
    return 1
}

# makebase copies conf/server.xml of the build folder; the next configuring puts it right again.
three_groups() {
    [ ! -f "$1/conf/server.xml" ] || sed -i 's/<Connector /<Connector groups="3" /' "$1/conf/server.xml"
}

# Sets the environment in which programs of a sanitizer build run. SANITIZER is address, thread or "".
# With a FOLDER reports go to files in it, otherwise to stderr.
sanitizer_environment() { # SANITIZER [FOLDER]
    path=${2:+:log_path=$2/report}
    ASAN_OPTIONS=halt_on_error=1:exitcode=99:detect_leaks=1:strict_string_checks=1$path
    UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1$path
    TSAN_OPTIONS=halt_on_error=1:exitcode=66:second_deadlock_stack=1:history_size=4$path
    export ASAN_OPTIONS UBSAN_OPTIONS TSAN_OPTIONS
    # The sanitizers of gcc 12 and clang 14 cannot place their shadow memory where the kernel
    # randomises addresses by more than 28 bits.
    fixed_addresses=
    bits=$(cat /proc/sys/vm/mmap_rnd_bits 2>/dev/null) || bits=28
    if [ -n "$1" ] && [ "${bits:-28}" -gt 28 ] && setarch -R true 2>/dev/null; then
        fixed_addresses='setarch -R'
    fi
}

# run_ctest LOG OPTION...
run_ctest() {
    log=$1
    shift
    $fixed_addresses ctest --test-dir "$folder" --output-on-failure "$@" >"$log" 2>&1 &
    child=$!
    wait "$child"
    code=$?
    child=
}

# unit_tests KIND SANITIZER: every program of ctest is one test. A program that fails without a sanitizer's
# report runs once more, alone: some tests watch the clock, and a busy machine is no defect of ours.
unit_tests() {
    folder=$(build_folder "$1")
    sanitizer_environment "$2"
    run_ctest "$work/unit-$1.log" --parallel "$(nproc)" --no-tests=error
    good=$(grep -Ec '^ *[0-9]+/[0-9]+ Test .* Passed ' "$log")
    if [ "$code" -ne 0 ] && [ "$good" -gt 0 ] &&
        ! grep -qE 'WARNING: ThreadSanitizer|ERROR: (Address|Leak)Sanitizer|runtime error:' "$log"; then
        echo "[$1] unit: failed once, run again alone:" \
            "$(sed -nE 's/^ *[0-9]+\/[0-9]+ Test +#[0-9]+: ([^ ]*) .*\*\*\*.*/\1/p' "$log" | tr '\n' ' ')"
        run_ctest "$work/unit-$1-again.log" --rerun-failed
        good=$((good + $(grep -Ec '^ *[0-9]+/[0-9]+ Test .* Passed ' "$log")))
    fi
    bad=$(grep -Ec '^ *[0-9]+/[0-9]+ Test .*(\*\*\*|Not Run)' "$log")
    [ "$code" -eq 0 ] || [ "$bad" -gt 0 ] || bad=1
    passed=$((passed + good))
    failed=$((failed + bad))
    echo "[$1] unit: $good ok, $bad failed"
    if [ "$bad" -gt 0 ]; then
        sed -nE 's/^ *[0-9]+\/[0-9]+ Test +#[0-9]+: ([^ ]*) .*(\*\*\*.*|Not Run.*)/FAIL \1: \2/p' "$log" |
            sed "s/^FAIL /FAIL [$1] /"
        show "$log"
    fi
}
