#!/usr/bin/env bash
# nginx 1.22.1: if the two servers of an `upstream` are restarted one after the other, nginx answers 502 ("no live upstreams") although
# one of them always accepts connections. The server that was restarted first counts as failed for ten seconds (max_fails=1,
# fail_timeout=10s), and nginx does not try it when the other one refuses. With max_fails=0, no request is lost.
# Debian 12: nginx-light, python3, curl.
set -euo pipefail
PATH=$PATH:/usr/sbin
for tool in nginx python3 curl; do command -v "$tool" >/dev/null || { echo "needs $tool" >&2; exit 2; }; done
folder=$(mktemp -d)
stop() { kill "$1" 2>/dev/null || :; wait "$1" 2>/dev/null || :; }
a='' b='' proxy=''
trap 'stop "$proxy"; stop "$a"; stop "$b"; rm -rf "$folder"' EXIT
cd "$folder"
read -r first second front < <(python3 -c '
import socket
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
print(*(s.getsockname()[1] for s in sockets))')
serve() { python3 -m http.server --bind 127.0.0.1 "$1" >/dev/null 2>&1 & }
up() { until curl -s -o /dev/null "http://127.0.0.1:$1/"; do sleep 0.1; done; }
ask() { curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$front/"; }

# restart_both OPTION: stops each server in turn, and prints the status of a request meanwhile. The first server is started again
# before the second one is stopped.
restart_both() {
  temporary=$(printf "%s_temp_path $folder/%s; " client_body client_body proxy proxy fastcgi fastcgi uwsgi uwsgi scgi scgi)
  cat >nginx.conf <<EOF
daemon off; pid $folder/nginx.pid; error_log $folder/error.log; events {}
http {
  access_log off; $temporary
  upstream two { server 127.0.0.1:$first $1; server 127.0.0.1:$second $1; }
  server { listen 127.0.0.1:$front; location / { proxy_pass http://two; } }
}
EOF
  serve "$first"; a=$!
  serve "$second"; b=$!
  up "$first"
  up "$second"
  nginx -e "$folder/error.log" -c "$folder/nginx.conf" & proxy=$!
  up "$front"
  stop "$a"
  without_first="$(ask) $(ask)"
  serve "$first"; a=$!
  up "$first"
  stop "$b"
  without_second="$(ask) $(ask)"
  stop "$proxy"
  stop "$a"
  echo "${1:-default}: status $without_first without the first server, $without_second without the second"
}

nginx -v 2>&1
restart_both ""
default=$without_second
grep -o 'no live upstreams' error.log | sort | uniq -c
restart_both max_fails=0
case "$default / $without_second" in *502*" / 200 200") exit 0 ;; *) exit 1 ;; esac
