#!/bin/sh
# What is made from a table and committed must be what the table makes now.
n=0
same() { # committed file, command...
	n=$((n + 1))
	file=$1
	shift
	if "$@" | cmp -s - "$top_srcdir/$file"; then
		echo "ok $n - $file is what $* prints"
	else
		echo "not ok $n - $file is what $* prints"
		echo "# stale: run make update-docs and commit"
		"$@" | diff -u "$top_srcdir/$file" - | head -20 | sed 's/^/# /'
	fi
}
ctl=${top_builddir:-.}/src/prog/orchctl
top_srcdir=${top_srcdir:-.}
echo 1..3
same dist/orch.conf.example "$ctl" config example
same man/orch.conf.5 "$ctl" config man
same doc/openapi.json "$ctl" openapi
