#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The test kit as an author meets it: what `cmake --install` put below a prefix, found with pkg-config alone;
the servlet and the test of the authors' page, taken out of it and run as written, in C and C++; a C++ webapp
that throws; and that the archive brings no names but its own."""
import glob
import html
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.environ.get("ROOT", os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
BUILD = os.environ["BUILD"]
STRICT = ["-Wall", "-Wextra", "-Wconversion", "-Werror"]
work = tempfile.mkdtemp(prefix="cserv-testkit.", dir=os.environ.get("TMPDIR"))
prefix = os.path.join(work, "prefix")
failed = False


def tell(name, why):
    global failed
    failed = failed or bool(why)
    print("FAIL %s: %s" % (name, why[:900].replace("\n", " ")) if why else "ok %s" % name, flush=True)
    return not why


def run(*command, more=None):
    """"" or what is wrong."""
    done = subprocess.run(command, cwd=work, env=dict(os.environ, **(more or {})), timeout=300, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    run.said = done.stdout
    return "" if done.returncode == 0 else "ended with %d: %s" % (done.returncode, done.stdout.strip())


def write(name, text):
    with open(os.path.join(work, name), "w", encoding="utf-8") as file:
        file.write(text)


def page_block(mark):
    """The text of the first <pre> of the authors' page at or behind the element with MARK."""
    with open(os.path.join(ROOT, "webapps", "docs", "authors.html"), encoding="utf-8") as file:
        page = file.read()
    found = re.search(r"<pre[^>]*>(.*?)</pre>", page[page.rindex("<", 0, page.index(mark)):], re.S)
    return html.unescape(found[1]) + "\n"


def ours():
    """The compiler of the build."""
    with open(os.path.join(BUILD, "CMakeCache.txt"), encoding="utf-8") as file:
        return re.search(r"^CMAKE_C_COMPILER:\w+=(.*)$", file.read(), re.M)[1]


def compilers():
    """(name, command) for C and C++; a sanitizer's runtime belongs to one compiler."""
    for family, cxx in (("gcc", "g++"), ("clang", "clang++")):
        if os.environ.get("SANITIZER") and ("clang" in ours()) != (family == "clang"):
            print("skip %s: the archive has the sanitizer of another compiler" % family)
        elif not shutil.which(family) or not shutil.which(cxx):
            print("skip %s: it is not installed" % family)
        else:
            yield family + "-c11", [family, "-std=c11"]
            yield cxx + "-c++17", [cxx, "-std=c++17", "-x", "c++"]
            yield cxx + "-c++20", [cxx, "-std=c++20", "-x", "c++"]


CXX_TEST = """#include <cserv/test.h>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>

namespace
{
struct Shelf { /* a name of the author's own, as the functions below: the archive must not have them */
    std::string last;
};
int shelf_init(cs_config *, void **self) { *self = new Shelf; return CS_OK; }
void shelf_destroy(cs_ctx *, void *self) { delete static_cast<Shelf *>(self); }
int shelf_get(cs_request *req, cs_response *res)
{
    if (const char *text = cs_req_param(req, "throw"))
        throw std::runtime_error(std::string("the shelf broke: ") + text);
    static_cast<Shelf *>(cs_req_self(req))->last = "book";
    return cs_res_puts(res, "book");
}
int filter(cs_request *req, cs_response *res, cs_chain *chain, void *)
{
    if (cs_req_param(req, "early"))
        throw 7;
    return cs_chain_next(chain, req, res);
}
const cs_servlet servlets[] = {{.name = "shelf", .url_patterns = "/shelf", .init = shelf_init,
                                .destroy = shelf_destroy, .get = shelf_get}};
const cs_filter filters[] = {{.name = "filter", .url_patterns = "/*", .filter = filter}};

int failed = 0;
void is(const char *what, bool good)
{
    if (!good)
        std::printf("%s: %s\\n", what, cs_test_error());
    failed |= !good;
}
}

extern "C" int arena_alloc(int); /* names that the container has, too */
extern "C" int map_get(int);
extern "C" int log_line(int);
extern "C" int arena_alloc(int i) { return i; }
extern "C" int map_get(int i) { return i; }
extern "C" int log_line(int i) { return i; }

int main()
{
    cs_test_options options = {.servlets = CS_ROWS(servlets), .filters = CS_ROWS(filters)};
    std::unique_ptr<cs_test_app, int (*)(cs_test_app *)> app(cs_test_app_new(&options), cs_test_app_free);
    is("book", std::string(cs_test_text(cs_test_get(app.get(), "/shelf"))) == "book");
    cs_test_request *req = cs_test_get(app.get(), "/shelf?throw=oak");
    is("status", cs_test_status(req) == 500);
    is("detail", std::string(cs_test_detail(req)) == "the shelf broke: oak");
    req = cs_test_get(app.get(), "/shelf?early");
    is("a filter's", std::string(cs_test_detail(req)) == "an exception that is not a std::exception");
    is("log", cs_test_logged(app.get(), "the shelf broke: oak"));
    is("after", cs_test_status(cs_test_get(app.get(), "/shelf")) == 200);
    return failed;
}
"""


def main():
    if not tell("install", run("cmake", "--install", BUILD, "--prefix", prefix)):
        return
    folder = glob.glob(os.path.join(prefix, "**", "pkgconfig"), recursive=True)
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "cserv-test"], text=True, check=False,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           env=dict(os.environ, PKG_CONFIG_PATH=folder[0] if folder else "")).stdout.split()
    if not tell("pkg-config", "" if any(prefix in f for f in flags) else " ".join(flags)):
        return
    os.environ["PKG_CONFIG_PATH"] = folder[0]
    write("hello.c", page_block('id="content"'))
    write("test_hello.c", page_block('id="test-code"'))
    write("as_written.sh", "set -e\n" + page_block('id="test-build"'))
    write("shelf.cpp", CXX_TEST)
    tell("as-written", run("sh", "as_written.sh") or ("" if run.said == "ok\n" else run.said))
    for name, command in compilers():
        program = os.path.join(work, "program")
        wrong = run(*command, *STRICT, "hello.c", "test_hello.c", "-o", program, *flags) or run(program)
        tell(name, wrong or ("" if run.said == "ok\n" else run.said))
        if "++" in name:
            tell(name + "-throws", run(*command, *STRICT, "shelf.cpp", "-o", program, *flags) or run(program))
    write("test_filter.c", page_block('id="test-filter"'))
    cmocka = subprocess.run(["pkg-config", "--cflags", "--libs", "cmocka"], text=True, check=False,
                            stdout=subprocess.PIPE).stdout.split()
    tell("filter-as-written", run(ours(), *STRICT, "test_filter.c", "-o", "filter", *flags, *cmocka) or
         run(os.path.join(work, "filter")) or ("" if "PASSED  ] 2 test" in run.said else run.said))
    tell("cmake", cmake_package())
    tell("red", "" if red() else "a wrong expectation is not seen: " + run.said)
    archive = glob.glob(os.path.join(prefix, "**", "libcserv-test.a"), recursive=True)[0]
    names = subprocess.run(["nm", "-g", "--defined-only", archive], text=True, check=True,
                           stdout=subprocess.PIPE).stdout
    names = [line.split()[2] for line in names.splitlines() if len(line.split()) == 3]
    ours_only = [n for n in names if n.startswith("cs_test_")]
    tell("names", ", ".join(set(names) - set(ours_only) - {n for n in names if n.startswith("__odr_asan")}))
    tell("documented", ", ".join(undocumented(ours_only)) if len(ours_only) > 10 else "no names")


def cmake_package():
    """find_package(cserv) and the target cserv::test."""
    write("CMakeLists.txt", "cmake_minimum_required(VERSION 3.13)\nproject(hello C)\n"
          "find_package(cserv 0.1 REQUIRED)\nadd_executable(test_hello hello.c test_hello.c)\n"
          "target_link_libraries(test_hello PRIVATE cserv::test)\n")
    return run("cmake", "-G", "Ninja", "-S", ".", "-B", "made", "-DCMAKE_PREFIX_PATH=" + prefix,
               "-DCMAKE_C_COMPILER=" + ours()) or \
        run("cmake", "--build", "made") or run("made/test_hello")


def undocumented(names):
    """What the header declares and the authors' page does not say."""
    with open(os.path.join(ROOT, "webapps", "docs", "authors.html"), encoding="utf-8") as file:
        page = file.read()
    return [name for name in names + ["cs_test_app_new"] if not name.endswith("_") and name + "(" not in page]


def red():
    """The page's test, with a servlet that says something else."""
    with open(os.path.join(work, "hello.c"), encoding="utf-8") as file:
        write("hello.c", file.read().replace("Hello, %s!", "Good day, %s!"))
    return run("sh", "as_written.sh") and run.said == "FAIL\n"


try:
    main()
finally:
    shutil.rmtree(work, ignore_errors=True)
sys.exit(1 if failed else 0)
