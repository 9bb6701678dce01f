#!/usr/bin/env bash
# npm @hey-api/openapi-ts 0.99.0: if a request body may be any image (OpenAPI's media type range "image/*"), the generated client
# sends `Content-Type: image/*` for every Blob. This is not a media type by RFC 9110, and servers that check it answer 415.
# openapi-fetch 0.17.0 sends `application/json` for the same Blob, even with a bodySerializer that returns the Blob. Neither uses the
# Blob's own type, as fetch does.
set -uo pipefail
for tool in npm node; do command -v "$tool" >/dev/null || { echo "needs $tool" >&2; exit 2; }; done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 2
cat >openapi.json <<'EOF'
{ "openapi": "3.1.0", "info": { "title": "x", "version": "1" },
  "paths": { "/look": { "post": { "operationId": "look",
    "requestBody": { "content": { "image/*": { "schema": { "type": "string", "format": "binary" } } } },
    "responses": { "200": { "description": "ok" } } } } } }
EOF
echo '{ "type": "module" }' >package.json
npm install --silent --no-audit --no-fund @hey-api/openapi-ts@0.99.0 typescript@5.9.3 esbuild@0.28.2 openapi-fetch@0.17.0 ||
  exit 2
npx openapi-ts -i openapi.json -o client >/dev/null 2>&1 || exit 2
printf 'export * from "./client/sdk.gen";\nexport { client } from "./client/client.gen";\n' >all.ts
npx esbuild all.ts --bundle --format=esm --outfile=all.mjs --log-level=error || exit 2
cat >send.mjs <<'EOF'
import createClient from "openapi-fetch";
import { client, look } from "./all.mjs";
const sent = [];
const fetch = async (request) => {
  sent.push(request.headers.get("content-type"));
  return new Response();
};
const body = new Blob(["an image"], { type: "image/jpeg" });
client.setConfig({ baseUrl: "http://127.0.0.1", fetch });
await look({ body });
await createClient({ baseUrl: "http://127.0.0.1", fetch }).POST("/look", { body, bodySerializer: (blob) => blob });
console.log(`content-type of a Blob of image/jpeg: hey-api ${sent[0]}, openapi-fetch ${sent[1]}`);
process.exit(sent[0] === "image/*" && sent[1] === "application/json" ? 0 : 1);
EOF
echo "@hey-api/openapi-ts $(node -p 'require("./node_modules/@hey-api/openapi-ts/package.json").version' 2>/dev/null || echo 0.99.0)"
node send.mjs
