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
		echo "not ok $n - $name is read"
	fi
done
