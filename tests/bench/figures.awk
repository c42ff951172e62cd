# SPDX-License-Identifier: Apache-2.0
# Reads the rounds of tests/bench/run.sh, prints medians, ratios and verdicts; exit 1 when a bound is
# missed. Lines in: about NAME TEXT | skipped NAME REASON | figure NAME CONNECTIONS RATE CPU P50 P99.
# -v json=1: one JSON object instead of the table.

$1 == "about" || $1 == "skipped" {
    name = $2; kind = $1
    $1 = $2 = ""; sub(/^ +/, "")
    note[name] = $0
    if (kind == "about") names[++name_count] = name
    else skipped[++skipped_count] = name
}
$1 == "figure" {
    key = $2 SUBSEP $3
    n = ++count[key]
    rate[key, n] = $4; cpu[key, n] = $5; p50[key, n] = $6; p99[key, n] = $7
    if (!($3 in seen)) { seen[$3] = 1; steps[++step_count] = $3 }
}
function median(values, key,    n, i, j, t, s) {
    n = count[key]
    for (i = 1; i <= n; i++) s[i] = values[key, i] + 0
    for (i = 2; i <= n; i++)
        for (j = i; j > 1 && s[j] < s[j - 1]; j--) { t = s[j]; s[j] = s[j - 1]; s[j - 1] = t }
    if (n == 0) return 0
    return n % 2 ? s[(n + 1) / 2] : (s[n / 2] + s[n / 2 + 1]) / 2
}
function quoted(text) {
    gsub(/\\/, "\\\\", text); gsub(/"/, "\\\"", text)
    return "\"" text "\""
}
function number(value) { return sprintf(value < 1000 ? "%.2f" : "%.0f", value) }
function have(name, step) { return ((name, step) in count) }
# value must be at most (or at least) factor times the peer's
function judge(what, step, value, unit, peer, base, factor, most,    good) {
    if (!have(peer, step)) {
        verdicts[++verdict_count] = sprintf("SKIP %s at %d connections: %s did not run", what, step, peer)
        verdict_state[verdict_count] = "skip"
        return
    }
    good = most ? value <= factor * base : value >= factor * base
    if (!good) missed++
    verdicts[++verdict_count] = sprintf("%s %s at %d connections: %s %s = %.2f x %s's %s (%s %.1f)", \
        good ? "ok  " : "MISS", what, step, number(value), unit, base ? value / base : 0, peer, \
        number(base), most ? "at most" : "at least", factor)
    verdict_state[verdict_count] = good ? "ok" : "missed"
}
END {
    for (i = 2; i <= step_count; i++) # by number of connections
        for (j = i; j > 1 && steps[j] + 0 < steps[j - 1] + 0; j--) {
            t = steps[j]; steps[j] = steps[j - 1]; steps[j - 1] = t
        }
    for (s = 1; s <= step_count; s++)
        for (i = 1; i <= name_count; i++) {
            key = names[i] SUBSEP steps[s]
            R[key] = median(rate, key); C[key] = median(cpu, key)
            L[key] = median(p50, key); H[key] = median(p99, key)
        }
    for (s = 1; s <= step_count; s++) {
        step = steps[s]
        if ((step != 64 && step != 512) || !have("cserv", step)) continue
        c = "cserv" SUBSEP step
        judge("CPU per request", step, C[c], "us", "floor", C["floor", step], 1.5, 1)
        judge("requests per second", step, R[c], "/s", "nginx", R["nginx", step], 0.9, 0)
        judge("requests per second", step, R[c], "/s", "tomcat", R["tomcat", step], 2.5, 0)
    }
    if (json) print_json(); else print_table()
    exit missed ? 1 : 0
}
function print_table(    i, s, key, floor) {
    for (s = 1; s <= step_count; s++) {
        printf "\n%d connections%s\n", steps[s], \
            steps[s] == 64 || steps[s] == 512 ? " (judged)" : ""
        printf "  %-14s %10s %9s %8s %8s %9s %9s\n", "", "req/s", "x floor", "us CPU", "x floor", "p50 us", "p99 us"
        for (i = 1; i <= name_count; i++) {
            key = names[i] SUBSEP steps[s]
            if (!(key in count)) continue
            floor = "floor" SUBSEP steps[s]
            printf "  %-14s %10.0f %9s %8.2f %8s %9.0f %9.0f\n", names[i], R[key], \
                R[floor] ? sprintf("%.2f", R[key] / R[floor]) : "-", C[key], \
                C[floor] ? sprintf("%.2f", C[key] / C[floor]) : "-", L[key], H[key]
        }
    }
    print ""
    for (i = 1; i <= skipped_count; i++) printf "SKIP %s: %s\n", skipped[i], note[skipped[i]]
    for (i = 1; i <= verdict_count; i++) print verdicts[i]
}
function print_json(    i, s, key, comma) {
    printf "{\"peers\":{"
    for (i = 1; i <= name_count; i++)
        printf "%s%s:%s", (i > 1 ? "," : ""), quoted(names[i]), quoted(note[names[i]])
    printf "},\"skipped\":{"
    for (i = 1; i <= skipped_count; i++)
        printf "%s%s:%s", (i > 1 ? "," : ""), quoted(skipped[i]), quoted(note[skipped[i]])
    printf "},\"figures\":["
    for (s = 1; s <= step_count; s++)
        for (i = 1; i <= name_count; i++) {
            key = names[i] SUBSEP steps[s]
            if (!(key in count)) continue
            printf "%s{\"name\":%s,\"connections\":%d,\"rounds\":%d,\"requests_per_second\":%.1f,", \
                comma, quoted(names[i]), steps[s], count[key], R[key]
            printf "\"cpu_us_per_request\":%.3f,\"p50_us\":%.1f,\"p99_us\":%.1f}", C[key], L[key], H[key]
            comma = ","
        }
    printf "],\"verdicts\":["
    for (i = 1; i <= verdict_count; i++)
        printf "%s{\"state\":%s,\"text\":%s}", (i > 1 ? "," : ""), quoted(verdict_state[i]), \
            quoted(substr(verdicts[i], 6))
    printf "]}\n"
}
