#!/bin/sh
# Types, bundle, .gz beside each text asset, and the budget.
set -e
cd "$(dirname "$0")/.."
openapi-typescript ../doc/openapi.json -o src/api/schema.d.ts >/dev/null
tsc -p tsconfig.json
vite build
node scripts/compress.mjs
node scripts/size.mjs
