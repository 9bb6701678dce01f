#!/usr/bin/env bash
# npm @hey-api/openapi-ts 0.99.0 fails if it is installed alone: "Cannot read properties of undefined (reading 'AnyKeyword')". Its peer
# range (typescript >=5.5.3) lets npm install TypeScript 7.0.2, which does not have this API. With typescript@5.9.3, it works.
set -uo pipefail
for tool in npm node; do command -v "$tool" >/dev/null || { echo "needs $tool" >&2; exit 2; }; done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 2
cat >openapi.json <<'EOF'
{ "openapi": "3.1.0", "info": { "title": "x", "version": "1" },
  "paths": { "/": { "get": { "operationId": "home", "responses": { "200": { "description": "ok" } } } } } }
EOF
npm init -y >/dev/null
generate() {
  npm install --silent --no-audit --no-fund @hey-api/openapi-ts@0.99.0 "typescript@$1" || exit 2
  said=$(npx openapi-ts -i openapi.json -o client 2>&1)
  status=$?
  echo "typescript $1, which the peer range allows: exit code $status; $(echo "$said" | grep -m 1 -o "TypeError.*" || echo "client: $(ls client)" | tr '\n' ' ')"
}
generate 7.0.2
with_7=$status
generate 5.9.3
if [ "$with_7" -ne 0 ] && [ "$status" -eq 0 ]; then exit 0; fi
exit 1
