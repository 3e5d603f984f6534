#!/bin/sh
# starters.sh FILE... - the starter strategies as a C file, on standard output.
# The name of a starter is what its strategy() call says; its explanation is the
# file of the same name that ends in .md, when there is one.
set -eu
# Each line a literal of its own; backslashes first, then quotes.
literals() {
	sed 's/\\/\\\\/g; s/"/\\"/g; s/	/\\t/g; s/^/\t  "/; s/$/\\n"/' "$1"
}
echo '/* Made by starters.sh from strategies/ - do not edit. */'
echo '#include "config.h"'
echo '#include "script/script.h"'
echo 'const struct script_starter script_starters[] = {'
for f in "$@"; do
	name=$(sed -n 's/^strategy("\([^"]*\)".*/\1/p' "$f" | head -n 1)
	printf '\t{ "%s",\n' "$name"
	literals "$f"
	printf '\t,\n\t  ""\n'
	md=${f%.pine}.md
	if [ -f "$md" ]; then literals "$md"; fi
	printf '\t},\n'
done
echo '};'
echo 'const size_t script_starters_n = sizeof(script_starters) / sizeof(script_starters[0]);'
