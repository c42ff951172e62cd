# SPDX-License-Identifier: Apache-2.0
# The servers that tests/bench/run.sh compares; sourced by it after support/load_server.sh. For each:
#   NAME_ready   0, or 1 with the reason in $reason (then it is skipped)
#   NAME_start   runs it below $WORK/NAME on $port; sets $pid (whose tree's CPU time counts), $path
#   NAME_about   version and configuration, one line
# None of Debian's services is started: the programs run from a temporary folder.

# Installs packages as root, else says what is missing. policy-rc.d keeps their services from starting.
install_packages() {
    missing=''
    for p; do
        dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null | grep -qx installed ||
            missing="$missing $p"
    done
    [ -n "$missing" ] || return 0
    reason="not installed:$missing"
    [ "$(id -u)" = 0 ] || { reason="$reason (as root: apt-get install$missing)"; return 1; }
    command -v apt-get >/dev/null || return 1
    echo "installing$missing (no service is started)" >&2
    policy=/usr/sbin/policy-rc.d
    made=0
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy" && made=1
    fi
    { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        $missing; } >"$WORK/apt.out" 2>&1
    code=$?
    [ "$made" = 0 ] || rm -f "$policy"
    if [ "$code" != 0 ]; then
        reason="apt-get install$missing failed: $(grep -m1 '^E:' "$WORK/apt.out")"
        return 1
    fi
    if [ "$made" = 1 ] && command -v systemctl >/dev/null; then
        # they were not there before: keep them from starting at the next boot
        for s in $missing; do systemctl disable "${s%-light}" >/dev/null 2>&1; done
    fi
    return 0
}

floor_ready() { "$CC" -std=c11 -O2 -o "$WORK/floor" "$ROOT/tests/bench/floor.c"; }
floor_start() {
    "$WORK/floor" "$port" &
    pid=$! path=/
}
floor_about() { echo "tests/bench/floor.c, one thread, bare epoll, -O2"; }

nginx_ready() {
    command -v nginx >/dev/null || install_packages nginx-light || return 1
    nginx=$(command -v nginx || echo /usr/sbin/nginx)
}
nginx_start() {
    mkdir -p "$WORK/nginx"
    cat >"$WORK/nginx/nginx.conf" <<END
daemon off;
worker_processes auto;
pid $WORK/nginx/pid;
error_log $WORK/nginx/error.log;
events { worker_connections 4096; }
http {
    access_log off;
    default_type text/plain;
    keepalive_requests 1000000000;
    keepalive_timeout 1h;
    client_body_temp_path $WORK/nginx/body;
    proxy_temp_path $WORK/nginx/proxy;
    fastcgi_temp_path $WORK/nginx/fastcgi;
    uwsgi_temp_path $WORK/nginx/uwsgi;
    scgi_temp_path $WORK/nginx/scgi;
    server {
        listen 127.0.0.1:$port backlog=1024;
        location / { return 200 "Hello, World!"; }
    }
}
END
    "$nginx" -p "$WORK/nginx" -e "$WORK/nginx/error.log" -c "$WORK/nginx/nginx.conf" &
    pid=$! path=/
}
nginx_about() {
    echo "$("$nginx" -v 2>&1 | sed 's/.*: //'), worker_processes auto, access_log off, return 200"
}

tomcat_ready() {
    [ -e /usr/share/tomcat10/bin/bootstrap.jar ] || install_packages tomcat10 || return 1
    command -v java >/dev/null || install_packages default-jre-headless || return 1
}
tomcat_start() {
    home=/usr/share/tomcat10
    base=$WORK/tomcat
    mkdir -p "$base/conf" "$base/temp" "$base/logs" "$base/webapps/ROOT/WEB-INF/classes"
    cat >"$base/conf/server.xml" <<END
<Server port="-1">
  <Service name="Catalina">
    <Connector port="$port" address="127.0.0.1" protocol="HTTP/1.1" maxKeepAliveRequests="-1"
               keepAliveTimeout="3600000" connectionTimeout="20000"/>
    <Engine name="Catalina" defaultHost="localhost">
      <Host name="localhost" appBase="webapps" autoDeploy="false"/>
    </Engine>
  </Service>
</Server>
END
    if command -v javac >/dev/null; then
        javac -cp "$home/lib/servlet-api.jar" -d "$base/webapps/ROOT/WEB-INF/classes" \
            "$ROOT/tests/bench/Hello.java" || return 1
        cat >"$base/webapps/ROOT/WEB-INF/web.xml" <<END
<web-app xmlns="https://jakarta.ee/xml/ns/jakartaee" version="5.0" metadata-complete="true">
  <servlet><servlet-name>h</servlet-name><servlet-class>Hello</servlet-class></servlet>
  <servlet-mapping><servlet-name>h</servlet-name><url-pattern>/hello</url-pattern></servlet-mapping>
</web-app>
END
        path=/hello tomcat_servlet="compiled servlet"
    else # its own compiler makes a servlet of this
        printf '%s' '<%@page contentType="text/plain" session="false"%>Hello, World!' \
            >"$base/webapps/ROOT/hello.jsp"
        cp /etc/tomcat10/web.xml "$base/conf/web.xml"
        path=/hello.jsp tomcat_servlet="no javac: a JSP instead of a compiled servlet"
    fi
    java -Djava.awt.headless=true -Dcatalina.home="$home" -Dcatalina.base="$base" \
        -Djava.io.tmpdir="$base/temp" -cp "$home/bin/bootstrap.jar:$home/bin/tomcat-juli.jar" \
        org.apache.catalina.startup.Bootstrap start >"$base/logs/out" 2>&1 &
    pid=$!
}
tomcat_about() {
    echo "tomcat $(dpkg-query -W -f '${Version}' tomcat10 2>/dev/null), $(java -version 2>&1 |
        head -n 1), NIO, no access log, $tomcat_servlet"
}

libmicrohttpd_ready() {
    echo '#include <microhttpd.h>' | "$CC" -E - >/dev/null 2>&1 ||
        install_packages libmicrohttpd-dev || return 1
    "$CC" -std=c11 -O2 -o "$WORK/microhttpd" "$ROOT/tests/bench/microhttpd.c" -lmicrohttpd ||
        { reason="tests/bench/microhttpd.c does not compile"; return 1; }
}
libmicrohttpd_start() {
    "$WORK/microhttpd" "$port" &
    pid=$! path=/
}
libmicrohttpd_about() {
    echo "libmicrohttpd $(dpkg-query -W -f '${Version}' libmicrohttpd-dev 2>/dev/null)," \
        "epoll, pool of 2 threads, tests/bench/microhttpd.c"
}

cserv_ready() {
    reason="no $CSERV: build it first (sh container/run.sh, or cmake)"
    [ -x "$CSERV" ] || return 1
}
cserv_start() {
    server_make
    server_set maxKeepAliveRequests -1
    server_without_access_log
    flags=$(PKG_CONFIG_PATH=$BUILD pkg-config --cflags --libs cserv) || return 1
    # shellcheck disable=SC2086 # flags are words
    "$CC" -O2 -shared -fPIC "$ROOT/tests/bench/hello.c" -o "$BASE/webapps/bench.so" $flags || return 1
    server_start
    port=$PORT pid=$SUPERVISOR path=/bench/hello
}
cserv_about() {
    echo "$("$CSERV" version 2>/dev/null | head -n 1), maxKeepAliveRequests=-1, no access log, else makebase's" \
        "defaults, servlet tests/bench/hello.c"
}
