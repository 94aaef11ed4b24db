#!/usr/bin/env bash
# The API of a running engine against the document that it serves: schemathesis makes requests from
# the document, and every answer must be one that the document has.
#
#   tests/openapi/run.sh target/release/pinnaclemm
set -euo pipefail
program=$(realpath "$1")
home=$(mktemp -d)
trap 'kill "$engine" 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$home"' EXIT
(umask 077 && echo "a-token-of-tests-0123456789" >"$home/token")
(cd "$home" && exec "$program" --duration 900s --data-dir d --log-dir l --token-file token \
  --api-port 0 --ws-port 0 2>log >out) &
engine=$!
for _ in $(seq 100); do
  api=$(sed -n 's/.*"event":"web","api":"\([^"]*\)".*/\1/p' "$home/log" | head -n 1)
  [ -n "$api" ] && curl -fs "http://$api/api/ready" >/dev/null && break
  sleep 0.1
done
python3 -m venv "$home/venv"
"$home/venv/bin/pip" install --quiet schemathesis
# A 503 is a good answer where the document has it: what is asked here halts the engine and trips its
# breaker. A 500 stands nowhere in the document, so it fails.
"$home/venv/bin/schemathesis" run "http://$api/api/openapi.json" --url "http://$api" \
  --header "Authorization: Bearer a-token-of-tests-0123456789" \
  --checks status_code_conformance,content_type_conformance,response_schema_conformance \
  --max-examples "${EXAMPLES:-20}" --workers 1
curl -fs "http://$api/api/health" >/dev/null
echo "the API keeps to its document"
