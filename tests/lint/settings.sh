#!/bin/sh
# A setting that nothing reads is a defect: each name in src/conf/settings.h
# is a member that C outside src/conf reads, or a name that the nginx
# templates or the script that fills them in mention.
cd "${top_srcdir:-.}" || exit 99
names=$(sed -n 's/^X(\([a-z_]*\),.*/\1/p' src/conf/settings.h)
code=$(find src -name '*.[ch]' ! -path 'src/conf/*')
# log_* are read by conf_log_init(), which must be called in its turn.
helper() {
	case $1 in
	log_level | log_format) echo conf_log_init ;;
	*) echo "$1" ;;
	esac
}
# Settings whose reader is still being built; empty when the tree is whole.
pending=" workers max_connections keepalive_timeout request_timeout cache_ttl
cache_max_size cache_entry_max redis_url redis_pool_size db_timeout db_recycle
db_ping_idle rate_limit_per_minute rate_limit_burst live_ping_interval
live_ping_timeout live_max_message enable_prometheus enable_sentry sentry_dsn
log_level log_format env state_dir run_dir listen_address port max_body
cors_origins metrics_allow db_socket db_host db_port db_name db_user
db_password session_idle session_absolute cookie_secure login_per_minute
client_log_per_minute runners jobs lease_time sim_seed "
# shellcheck disable=SC2086
set -- $names
echo "1..$#"
n=0
for name; do
	n=$((n + 1))
	# shellcheck disable=SC2086
	if grep -qE "conf->$name\b|\bc->$name\b|conf\.$name\b" $code ||
	   { [ "$(helper "$name")" != "$name" ] &&
	     grep -qE "\b$(helper "$name")\(" $code; } ||
	   grep -rqE "(@$name@|config get $name\b)" nginx tools 2>/dev/null; then
		echo "ok $n - $name is read"
	else
		case $(echo "$pending" | tr '\n' ' ') in
		*" $name "*) echo "not ok $n - $name is read # TODO" ;;
		*) echo "not ok $n - $name is read" ;;
		esac
	fi
done
