#!/bin/sh
# After npm ci: npm leaves out the native parts of the tools when the Node
# that runs it is older than they ask for, as Debian 12's is.  Our own Node is
# there by now; with it npm adds what is missing.
[ -n "$ORCH_COMPLETING" ] && exit 0
major=$("${npm_node_execpath:-node}" -p 'process.versions.node.split(".")[0]')
[ "$major" -ge 20 ] && exit 0
cd "$(dirname "$0")/.." || exit 1
rm -f node_modules/.package-lock.json
export ORCH_COMPLETING=1
exec sh scripts/run.sh node "${npm_execpath:?run it through npm}" install --no-save --ignore-scripts
