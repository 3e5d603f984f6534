#!/bin/sh
# Rules a compiler cannot know.  TAP: one line per rule, the offenders as
# comments below it.
cd "${top_srcdir:-.}" || exit 99
n=0
rule() { # name, offenders
	n=$((n + 1))
	if [ -z "$2" ]; then echo "ok $n - $1"
	else echo "not ok $n - $1"; echo "$2" | sed 's/^/# /'; fi
}
src=$(find src -name '*.c' -o -name '*.h' | sort)
echo 1..7
rule "no banned function" "$(grep -nE '\b(strcpy|strcat|sprintf|vsprintf|gets|strtok|atoi|atol|atof|localtime|gmtime|strncpy|alloca|setjmp|longjmp)\(' $src)"
rule "malloc family only in core" "$(grep -nE '\b(malloc|calloc|realloc|free)\(' $src | grep -v '^src/core/')"
rule "money members only in core/money" "$(grep -nE '(\.|->)e18\b' $src | grep -v '^src/core/money')"
rule "config.h first in every .c" "$(for f in $(echo "$src" | grep '\.c$'); do grep -m1 '#include' $f | grep -q '"config.h"' || echo $f; done)"
# The layers, lowest first: a module includes itself and lower ones only.
layers="core json conf proc db cache http fcgi sign market auth ind ml script xchg order risk bt bot ops api live prog"
bad=$(for f in $src; do
	m=${f#src/}; m=${m%%/*}
	low=$(echo " $layers" | sed "s/ $m.*/ $m/")
	grep -oE '#include "[a-z]+/' $f | sed 's/.*"//; s,/,,' | sort -u |
	while read d; do case " $low " in *" $d "*) ;; *) echo "$f includes $d";; esac; done
done)
rule "one-way dependencies: $layers" "$bad"
bad=$(for f in $src; do m=${f#src/}; m=${m%%/*}
	grep -nE '#include "[a-z]+/[a-z]+_i\.h"' $f | grep -v "\"$m/" | sed "s,^,$f:,"; done)
rule "private headers stay in their module" "$bad"
# A foreign library is included by one module only.
bad=
foreign() { # header pattern, module
	bad="$bad$(grep -nE "#include <($1)>" $src | grep -v "^src/$2/")"
}
foreign 'json\.h|json-c/.*' json
foreign 'mysql\.h|mariadb/.*|mysql/.*' db
foreign 'hiredis/.*' cache
foreign 'curl/.*' http
foreign 'fcgiapp\.h|fcgi_stdio\.h' fcgi
foreign 'zstd\.h|zlib\.h' market
foreign 'sodium\.h' auth
foreign 'libwebsockets\.h' live
rule "each foreign library has one module" "$bad"
