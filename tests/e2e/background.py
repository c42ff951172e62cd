#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# builds: release address thread
"""What a webapp does beside its requests, through a real module (modules/background.c): its threads and timers,
the values of its workers, and their end with the server. A C++ one that throws; one that does not end."""
import os
import re
import time
from served import HERE, Client, Server, becomes, check, compile_module, crash_environment, end, read, same, work, write

SOURCE = read(os.path.join(HERE, "modules", "background.c"))
THROWS = r"""
#include <cserv/servlet.h>
#include <stdexcept>
static void fail_too(cs_timer *, void *) { throw std::runtime_error("the timer threw <this>"); }
static void fail(cs_thread *, void *) { throw std::runtime_error("the thread threw <this>"); }
static int number;
static int tries;
static void *make(void *) { tries++; throw std::runtime_error("make threw <this>"); }
static int init(cs_ctx *ctx)
{
    number = cs_ctx_slot(ctx, make, nullptr, nullptr);
    return number < 0 ? CS_EFAIL : CS_OK;
}
static int get(cs_request *req, cs_response *res)
{
    if (cs_req_param(req, "slot")) {
        int got = cs_slot_get(cs_req_ctx(req), number) != nullptr;
        got += cs_slot_get(cs_req_ctx(req), number) != nullptr;
        return cs_res_printf(res, "%d %d", got, tries);
    }
    if (cs_req_param(req, "thread"))
        cs_ctx_thread(cs_req_ctx(req), "thrower", fail, nullptr);
    if (cs_req_param(req, "timer"))
        cs_ctx_timer(cs_req_ctx(req), 0, 5, fail_too, nullptr);
    return cs_res_puts(res, "served");
}
static const cs_servlet rows[] = {{.name = "s", .url_patterns = "/*", .get = get}};
CS_WEBAPP("throws", "1", .init = init, .servlets = CS_ROWS(rows))
"""
server = Server()
compile_module(server.webapp("background.so"), SOURCE, more=("-pthread",))
compile_module(server.webapp("throws.so"), THROWS, "c++")


def folder(server, name, context):
    """The same module as a webapp with a context.xml."""
    place = server.webapp(name + "/WEB-INF/lib/background.so")
    compile_module(place, SOURCE, more=("-pthread",))
    os.chmod(place, 0o644)
    write(server.webapp(name + "/META-INF/context.xml"), context)


folder(server, "narrow", "<Context maxThreads=\"1\"/>")
server.configure(edit=lambda text: re.sub(r' groups="\d+"', "", text)) # each would have a thread for it
server.start()


def get(path):
    return server.get("/background" + path).text


def thread_names():
    """As the kernel has them."""
    folder = "/proc/%d/task" % server.status()["container"]
    return sorted(read(os.path.join(folder, number, "comm")).strip() for number in os.listdir(folder))


def log_has(name, pattern, times=1):
    check(name, becomes(lambda: len(re.findall(pattern, server.log())) >= times), server.log()[-1200:])


# ---- threads ----
same("thread/named", sorted(set(thread_names()) & {"feeder", "sleeper"}), ["feeder", "sleeper"])
check("thread/runs", becomes(lambda: int(get("/threads").split()[0]) > 3))
log_has("thread/in-the-log", r"feeder\S* .*the feeder of /background begins")
same("thread/not-told", get("/threads?told=1"), "0")
same("thread/async", get("/async"), "from a thread 0")
for number, name in enumerate(("no-name", "empty-name", "long-name")):
    same("thread/" + name, get("/threads?bad=%d" % number), "1")
same("thread/no-function", get("/threads?no-function=1"), "1")
log_has("thread/refusals-are-told", "is not started: it needs a function, and a name", 4)
get("/threads?short=100")
check("thread/many", becomes(lambda: get("/threads").split()[1] == "100"))
check("thread/none-left", becomes(lambda: not [n for n in thread_names() if n == "short_one"]), thread_names())
server.get("/throws/x?thread=1")
log_has("thread/throws", "the thread thrower failed and has ended: the thread threw <this>")
same("thread/throws-serves-on", server.get("/throws/x").text, "served")

# ---- timers ----
def timers(what, webapp="background"):
    return server.get("/%s/timers?what=%s" % (webapp, what)).text


check("timer/periodic", becomes(lambda: int(timers("beats").split()[0]) > 5))
same("timer/not-before-it-serves", timers("beats").split()[1], "0")
same("timer/once", timers("once"), "1 1")
log_has("timer/logs", "fired once")
same("timer/cancels-itself", timers("itself"), "1 3 3")
same("timer/cancelled-by-a-thread-that-waits", timers("thread"), "1")
same("timer/one-run-at-a-time", timers("overlap"), "0 0 8")
same("timer/two-cancel-each-other", timers("pair"), "-3")
same("timer/bad", timers("bad"), "11")
log_has("timer/bad-is-told", "a timer is not set: it needs a function, and a period that is not negative", 2)
check("timer/narrow-runs", becomes(lambda: int(timers("beats", "narrow").split()[0]) > 5))
same("timer/cap-counts", server.get("/narrow/busy").text, "0")
before = int(timers("beats", "narrow").split()[0])
check("timer/runs-behind-the-busy-one", becomes(lambda: int(timers("beats", "narrow").split()[0]) > before))
same("timer/cancelled-by-a-request", timers("cancel", "narrow"), "0 0 -2")
server.get("/throws/x?timer=1")
log_has("timer/throws-and-goes-on", "/throws: a timer failed: the timer threw <this>", 3)
same("timer/throws-serves-on", server.get("/throws/x").text, "served")
same("timer/long", timers("long"), "1 1")

# ---- values of workers ----
def slots(what, webapp="background"):
    return server.get("/%s/slots?what=%s" % (webapp, what)).text


def ask_many(webapp, count):
    """Answers of COUNT requests at once."""
    clients = [Client(server.port) for _ in range(count)]
    for client in clients:
        client.send("/%s/slots" % webapp)
    texts = [client.take_answer().text for client in clients]
    for client in clients:
        client.socket.close()
    return texts


for _ in range(3):
    same("slot/own-value", set(ask_many("background", 8)), {"1"})
made, freed, nested = (int(number) for number in slots("made").split())
check("slot/one-for-each-worker", 1 <= made <= 24 and freed == 0 and nested == 0, (made, freed, nested))
same("slot/timer", slots("timer"), "1")
same("slot/not-in-a-thread", slots("thread"), "1")
same("slot/late", slots("late"), "-3")
same("slot/wrong", slots("wrong"), "11")
same("slot/no-value", slots("none"), "11")
same("slot/throws", server.get("/throws/x?slot=1").text, "0 2")
log_has("slot/throws-is-told", "/throws: making of a worker's value failed: make threw <this>")
made = int(slots("made").split()[0])

# ---- the end ----
same("stop", server.stop().returncode, 0)
log = server.log()
said = [re.search(text, log).start() if re.search(text, log) else -1 for text in
        ("stop 1, told 0", "stop 2, told 0", "the feeder was told, 1", "beats since stop 0, late timer 0, -2", "destroy, late thread 0")]
check("stop/order", -1 not in said and said == sorted(said), (said, log[-1500:]))
ran, destroyed = log.rfind("/background: the long run ends"), log.find("/background: destroy")
check("stop/waits-for-a-run", 0 < ran < destroyed and log.count("the long run ends") == 2, (ran, destroyed))
gone = re.findall("/background: value (\\d+) of (\\d+) freed, by its worker 1", log)
check("stop/frees-values", len(gone) >= made and len(gone) == int(gone[0][1]), (made, gone))
check("stop/sleeper-told", "the sleeper was told, 1" in log)
check("stop/late-is-told", re.search("the thread late is not started: the webapp ends", log))

hangs = Server("hangs", crash_environment(os.path.join(work, "reports")))
folder(hangs, "hangs", "<Context stopTimeout=\"300\"/>")
hangs.start()
same("hangs/starts", hangs.get("/hangs/threads?never=1").text, "1")
since = time.monotonic()
hangs.stop()
check("hangs/stops-in-time", time.monotonic() - since < 20, time.monotonic() - since)
check("hangs/is-named", re.search("ERROR.*its thread never-ends does not end within stopTimeout", hangs.log()),
      hangs.log()[-1500:])
check("hangs/only-it", "its thread feeder" not in hangs.log() and "destroy, late" not in hangs.log())
end()
