# SPDX-License-Identifier: Apache-2.0
# Test scripts, for tests/run.sh, which sources this: which there are, how one is run, how its lines are
# counted.

# run_folder KIND SANITIZER FOLDER: the .sh and .py files of tests/FOLDER with a first line #!; others
# are parts of them. One whose head says "# builds: release" has nothing to show a sanitizer that others do
# not, and takes long: it runs with the builds it names.
run_folder() {
    for candidate in "$root/tests/$3"/*.sh "$root/tests/$3"/*.py; do
        if [ -f "$candidate" ] && head -n 1 "$candidate" | grep -q '^#!'; then
            kinds=$(builds_of "$candidate")
            case " ${kinds:-$1} " in
            *" $1 "*) run_script "$1" "$2" "$candidate" ;;
            *) skip "[$1] ${candidate#"$root/tests/"}" "runs with the build $kinds" ;;
            esac
        fi
    done
}

# What a script says of its builds in its head; "" when nothing.
builds_of() {
    sed -n 's/^# builds: *//p' "$1" | head -n 1
}

# Ends the servers whose pid files are below FOLDER and tells which; a pid is believed only while it is
# a cserv.
end_servers() {
    find "$1" -name cserv.pid -type f 2>/dev/null | while read -r file; do
        pid=$(tr -dc 0-9 <"$file")
        case ${pid:+$(readlink "/proc/$pid/exe" 2>/dev/null)} in
        */cserv)
            echo "$file"
            # Its child, the container, sees that its parent has gone.
            kill -KILL "$pid" 2>/dev/null
            ;;
        esac
    done
}

# run_script KIND SANITIZER SCRIPT: one that fails without a sanitizer's report runs once more, see
# unit_tests.
run_script() {
    run_script_once "$@"
    if [ "$code" -ne 0 ] && [ "$code" -ne 77 ] && [ "$script_limit" -ne 0 ] &&
        [ -z "$(ls "$place/reports")" ]; then
        echo "$label: failed once, run again: $(grep -m 3 '^FAIL ' "$place/log" | cut -c 1-200)"
        end_servers "$place" >/dev/null
        run_script_once "$@"
    fi
    shift 2
    count_lines "$1"
}

run_script_once() {
    kind=$1
    sanitizer=$2
    shift 2
    place=$work/script
    rm -rf "$place"
    mkdir -p "$place/tmp" "$place/reports"
    label="[$kind] ${1#"$root/tests/"}"
    sanitizer_environment "$sanitizer" "$place/reports"
    start_script "$1" >"$place/log" 2>&1 </dev/null &
    child=$!
    follower=
    if [ "$script_limit" -eq 0 ]; then # a long one: let people watch it
        tail -n +1 -f --pid="$child" "$place/log" &
        follower=$!
    fi
    wait "$child"
    code=$?
    child=
    [ -z "$follower" ] || wait "$follower"
}

start_script() {
    folder=$(build_folder "$kind")
    interpreter='sh'
    case $1 in *.py) interpreter='python3' ;; esac
    if head -n 1 "$1" | grep -q 'bash'; then interpreter='bash'; fi
    # shellcheck disable=SC2086 # empty, or a command with its option
    exec env TMPDIR="$place/tmp" BUILD="$folder" CSERV="$folder/bin/cserv" ROOT="$root" \
        SANITIZER="$sanitizer" PYTHONDONTWRITEBYTECODE=1 \
        timeout -k 20 "$script_limit" $fixed_addresses $interpreter "$1"
}

count_lines() {
    good=$(grep -c '^ok ' "$place/log")
    out=$(grep -c '^skip ' "$place/log")
    bad=$(grep -c '^FAIL ' "$place/log")
    problem=
    left=$(end_servers "$place")
    if [ -n "$(ls "$place/reports")" ]; then
        problem="a sanitizer has something to report"
    elif [ "$code" -eq 124 ] || [ "$code" -eq 137 ]; then
        problem="it did not end within $script_limit s"
    elif [ "$code" -eq 77 ] && [ $((good + bad + out)) -eq 0 ]; then
        skip "$label" "$(tail -n 1 "$place/log")"
        return
    elif [ "$code" -ne 0 ] && [ "$bad" -eq 0 ] && { [ "$code" -ne 77 ] || [ "$out" -eq 0 ]; }; then
        problem="it ended with $code"
    elif [ -n "$left" ]; then
        problem="it left a server running: $left"
    elif [ $((good + bad + out)) -eq 0 ]; then
        if [ "$script_limit" -eq 0 ]; then good=1; else problem="it printed no result"; fi
    fi
    passed=$((passed + good))
    failed=$((failed + bad))
    skipped=$((skipped + out))
    echo "$label: $good ok, $bad failed, $out skipped"
    sed -n 's/^\(skip\|FAIL\) /    &/p' "$place/log"
    [ -z "$problem" ] || fail "$label" "$problem"
    if [ -n "$problem" ] || [ "$bad" -gt 0 ]; then
        echo "    what it printed:"
        show "$place/log"
        show_files "a sanitizer's report" "$place/reports" '*'
        show_files "a server's log" "$place/tmp" '*cserv*.log' 'cserv.out'
    fi
}

show_files() { # WHAT FOLDER PATTERN...
    what=$1
    where=$2
    shift 2
    for pattern in "$@"; do
        find "$where" -type f -name "$pattern" | head -n 5 | while read -r file; do
            echo "    $what, ${file##*/}:"
            show "$file"
        done
    done
}
