#!/bin/sh
# shellcheck source=tests/integ/env.sh
# orchctl nginx: what it writes is what nginx takes, and what the settings say.
. "${top_srcdir:-.}/tests/integ/env.sh"
env_dir
command -v nginx >/dev/null || skip_all "nginx is not installed"
ORCH_DATADIR=$top_srcdir
export ORCH_DATADIR
conf=$T/nginx/nginx.conf
valid() { nginx -t -q -p "$T/nginx" -c "$conf"; }

ok "the defaults are rendered" orchctl nginx
ok "nginx takes them" valid
is "and has nothing to remark" "$(valid 2>&1)" ""
ok "another name is refused by a server of its own" grep -q 'return 444' "$conf"
like "there is no HSTS without TLS" "$(grep -c Strict-Transport "$conf")" '^0$'
like "the backend connection is not kept" "$(cat "$T/nginx/api.conf")" 'fastcgi_keep_conn off;'
like "no request is sent twice" "$(cat "$T/nginx/api.conf")" 'fastcgi_next_upstream off;'

env_set max_connections 2345
env_set keepalive_timeout 77
env_set request_timeout 12
env_set max_body 100K
env_set metrics_allow '10.1.2.0/24, ::1'
env_set port 18123
env_set live_ping_interval 30
env_set live_ping_timeout 5
orchctl nginx 2>/dev/null
like "max_connections" "$(cat "$conf")" 'worker_connections 2345;'
like "keepalive_timeout" "$(cat "$conf")" 'keepalive_timeout 77s;'
like "request_timeout" "$(cat "$T/nginx/api.conf")" 'fastcgi_read_timeout 12s;'
like "max_body" "$(cat "$conf")" 'client_max_body_size 102400;'
like "metrics_allow" "$(cat "$conf")" 'allow 10.1.2.0/24;'
like "port" "$(cat "$conf")" 'listen 127.0.0.1:18123 default_server;'
like "the live channel outlives two pings" "$(cat "$conf")" 'proxy_read_timeout 75s;'
ok "nginx takes these too" valid

env_set listen_address ::
orchctl nginx 2>/dev/null
ok "an IPv6 address is taken" valid
is "all addresses: any name is answered" "$(grep -c 'return 444' "$conf")" 0
env_set server_name 'bots.example.org, www.example.org'
orchctl nginx 2>/dev/null
like "server_name" "$(cat "$conf")" 'server_name bots.example.org www.example.org'
is "with names of our own others are refused" "$(grep -c 'return 444' "$conf")" 1

if command -v openssl >/dev/null; then
	openssl req -x509 -newkey rsa:2048 -nodes -keyout "$T/k.pem" -out "$T/c.pem" \
		-subj /CN=localhost -days 2 2>/dev/null
	env_set tls_certificate c.pem
	nok "a certificate without its key is refused" orchctl nginx
	like "in a sentence" "$(cat "$T/ok.out")" 'tls_key'
	env_set tls_key k.pem
	orchctl nginx 2>/dev/null
	ok "TLS is taken" valid
	like "HSTS comes with it" "$(cat "$conf")" 'Strict-Transport-Security'
	like "old TLS is off" "$(cat "$conf")" 'ssl_protocols TLSv1.2 TLSv1.3;'
fi

before=$(cksum "$conf")
# shellcheck disable=SC2016
env_set server_name 'x;}root'
nok "a name that would end a directive is refused" orchctl nginx
is "and nothing was written" "$(cksum "$conf")" "$before"
env_set server_name localhost
ORCH_DATADIR=/nonexistent
nok "a template that is not there is an error" orchctl nginx
like "that names it" "$(cat "$T/ok.out")" '/nonexistent/nginx/nginx.conf.in'
done_testing
