# SPDX-License-Identifier: Apache-2.0
# Test scripts, for tests/run.sh, which sources this: which there are, how one is run, how its lines are
# counted.

# run_folder KIND SANITIZER FOLDER: the .sh and .py files of tests/FOLDER with a first line #!; others
# are parts of them. One whose head says "# builds: release" has nothing to show a sanitizer that others do
# not, and takes long: it runs with the builds it names. Two run at once, because most of them wait most of
# the time, but those whose head says "# alone: WHY".
run_folder() {
    : >"$work/together"
    : >"$work/alone"
    for candidate in "$root/tests/$3"/*.sh "$root/tests/$3"/*.py; do
        if [ -f "$candidate" ] && head -n 1 "$candidate" | grep -q '^#!'; then
            kinds=$(builds_of "$candidate")
            case " ${kinds:-$1} " in
            *" $1 "*)
                list=together
                ! head -n 20 "$candidate" | grep -q '^# alone: ' || list=alone
                echo "$candidate" >>"$work/$list"
                ;;
            *) skip "[$1] ${candidate#"$root/tests/"}" "runs with the build $kinds" ;;
            esac
        fi
    done
    env root="$root" work="$work" script_limit="$script_limit" xargs -r -P 2 -I '{}' \
        sh "$root/tests/support/run_one.sh" "$1" "$2" '{}' <"$work/together" &
    child=$!
    wait "$child"
    child=
    while read -r candidate <&4; do
        run_again "$1" "$2" "$candidate"
        count_lines "$candidate"
        rm -rf "$place"
    done 4<"$work/together"
    while read -r candidate <&4; do
        run_script "$1" "$2" "$candidate"
    done 4<"$work/alone"
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

# run_script KIND SANITIZER SCRIPT
run_script() {
    run_script_once "$@"
    run_again "$@"
    shift 2
    count_lines "$1"
    rm -rf "$place"
}

# KIND SANITIZER SCRIPT: one that failed without a sanitizer's report runs once more, alone; see unit_tests.
run_again() {
    take_place "$1" "$3"
    code=$(cat "$place/code")
    if [ "$code" -ne 0 ] && [ "$code" -ne 77 ] && [ "$script_limit" -ne 0 ] &&
        [ -z "$(ls "$place/reports")" ]; then
        echo "$label: failed once, run again: $(grep -m 3 '^FAIL ' "$place/log" | cut -c 1-200)"
        end_servers "$place" >/dev/null
        run_script_once "$@"
    fi
}

take_place() { # KIND SCRIPT
    kind=$1
    place=$work/scripts/${2##*/}
    label="[$1] ${2#"$root/tests/"}"
}

run_script_once() { # KIND SANITIZER SCRIPT
    sanitizer=$2
    take_place "$1" "$3"
    rm -rf "$place"
    mkdir -p "$place/tmp" "$place/reports"
    sanitizer_environment "$sanitizer" "$place/reports"
    start_script "$3" >"$place/log" 2>&1 </dev/null &
    child=$!
    echo "$child" >"$place/pid"
    follower=
    if [ "$script_limit" -eq 0 ]; then # a long one: let people watch it
        tail -n +1 -f --pid="$child" "$place/log" &
        follower=$!
    fi
    wait "$child"
    code=$?
    child=
    rm "$place/pid"
    echo "$code" >"$place/code"
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
