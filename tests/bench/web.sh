#!/bin/sh
# shellcheck source=tests/integ/env.sh
# web.sh - requests per second of the web path beside nginx serving a file of
# that size, in one run: a JSON line each, then the ratios.
#
#	SECONDS_EACH=5 RUNS=5 tests/bench/web.sh
#
# Client, nginx, workers and database share the processors of this machine.
. "${top_srcdir:-.}/tests/integ/env.sh"
command -v wrk >/dev/null || skip_all "wrk is not installed"
each=${SECONDS_EACH:-5}
runs=${RUNS:-5}
workers=${WORKERS:-4}
port=${PORT:-18437}
env_start
sql "CREATE TABLE bench (id INT PRIMARY KEY AUTO_INCREMENT, ts BIGINT NOT NULL,
	o DOUBLE NOT NULL, h DOUBLE NOT NULL, l DOUBLE NOT NULL, c DOUBLE NOT NULL,
	v DOUBLE NOT NULL) ENGINE=InnoDB;
	INSERT INTO bench (ts, o, h, l, c, v) SELECT 1577836800000 + 60000 * seq,
	30000.01 + seq * 0.13, 30010.5 + seq * 0.13, 29990.25 + seq * 0.13,
	30001 + seq * 0.13, ROUND(seq * 1.137, 3) FROM seq_1_to_10000"
mkdir -p "$T/nginx/tmp" "$T/www"
printf '{"hello":"world","status":"ok"}' >"$T/www/hello.json"
cat >"$T/nginx/nginx.conf" <<CONF
worker_processes 2; pid $T/nginx/pid; error_log $T/log/nginx-error.log warn;
$([ "$(id -u)" != 0 ] || echo 'user root;')
events { worker_connections 1024; }
http {
	access_log off; client_body_temp_path $T/nginx/tmp/b; fastcgi_temp_path $T/nginx/tmp/f;
	proxy_temp_path $T/nginx/tmp/p; scgi_temp_path $T/nginx/tmp/s; uwsgi_temp_path $T/nginx/tmp/u;
	default_type application/json; keepalive_requests 1000000; open_file_cache max=100;
	map \$http_x_request_id \$rid { default \$request_id; }
	upstream api { server unix:$T/run/api.sock max_fails=0; }
	server {
		listen 127.0.0.1:$port;
		root $T/www;
		location /api/ { include $T/nginx/api.conf; }
		location @problem_413 { return 413; } location @problem_429 { return 429; }
		location @problem_502 { return 502; } location @problem_503 { return 503; }
		location @problem_504 { return 504; }
	}
}
CONF
sed 's/@REQUEST_TIMEOUT@/30/' "$top_srcdir/nginx/api.conf.in" >"$T/nginx/api.conf"
env_spawn nginx nginx -p "$T/nginx" -c "$T/nginx/nginx.conf" -g 'daemon off;'
# The log goes to a file, as in production.
env_spawn bench "$top_builddir/tests/bench/bench_fcgi" -c "$T/orch.conf" -w "$workers" ${QUIET:+-q}
url=http://127.0.0.1:$port
wait_for 10 curl -sf "$url/api/rows" || { tail -n 5 "$T"/log/*; bail "no answer"; }

median() { sort -n | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}'; }
measure() {	# name path
	: >"$T/rps"; : >"$T/p99"; : >"$T/p50"
	wrk -t1 -c32 -d1 "$url$2" >/dev/null
	i=0
	while [ "$i" -lt "$runs" ]; do
		i=$((i + 1))
		wrk -t1 -c32 -d"$each" --latency "$url$2" >"$T/wrk"
		! grep -q 'Non-2xx\|Socket errors' "$T/wrk" || bail "$1: $(grep 'Non-2xx\|Socket' "$T/wrk")"
		sed -n 's/^Requests\/sec: *//p' "$T/wrk" >>"$T/rps"
		sed -n 's/^ *50% *//p' "$T/wrk" | awk '/us$/{print $1/1000; next} /ms$/{print $1+0; next} {print $1*1000}' >>"$T/p50"
		sed -n 's/^ *99% *//p' "$T/wrk" | awk '/us$/{print $1/1000; next} /ms$/{print $1+0; next} {print $1*1000}' >>"$T/p99"
	done
	eval "$1=\$(median <\"\$T/rps\")"
	printf '{"bench":"web","case":"%s","requests_per_second":%s,"p50_ms":%s,"p99_ms":%s,"runs":%s,"workers":%s}\n' \
		"$1" "$(median <"$T/rps")" "$(median <"$T/p50")" "$(median <"$T/p99")" "$runs" "$workers"
}
measure static /hello.json
measure hello /api/hello
measure row /api/row
measure rows /api/rows
# shellcheck disable=SC2154
awk -v s="$static" -v h="$hello" -v r="$row" -v m="$rows" 'BEGIN {
	printf "{\"bench\":\"web\",\"case\":\"ratios\",\"hello_of_static\":%.3f,\"row_of_hello\":%.3f,\"rows_of_row\":%.3f}\n",
		h / s, r / h, m / r }'
