# How the service itself answers.
--- the process answers
GET /livez
<<< 200
.status == "ok"
nohead Set-Cookie
nohead RateLimit-Limit

--- the database answers and fits
GET /readyz
<<< 200

--- health names its parts with their latency
GET /healthz
<<< 200
(.components | map(.name) | sort) == ["api","database","live","run"]
(.components[] | select(.name == "database") | .latency_ms) > 0
(.components[] | select(.name == "database") | .status) == "ok"

--- the version is said
GET /version
<<< 200
.name == "orch"

--- metrics are text for Prometheus and name templates only
GET /metrics
<<< 200
head Content-Type ~ ^text/plain; version=0.0.4
run> grep -q '^http_requests_total{' "$T/body"
run> ! grep -q 'route="/api/v1/tokens/[0-9]' "$T/body"

--- the API describes itself, and says when that has not changed
GET /api/openapi.json
<<< 200
.openapi == "3.1.0"
(.paths["/api/v1/login"].post.operationId) == "login"
head Cache-Control ~ no-cache
head ETag ~ ^(W/)?"
savehead TAG ETag
GET /api/openapi.json
+ If-None-Match: ${TAG}
<<< 304
GET /api/openapi.json
+ If-None-Match: "something-else"
<<< 200

--- an unknown path is a problem
GET /api/v1/nothing
<<< 404
.code == "NOTFOUND"
head Cache-Control ~ no-store
head X-Content-Type-Options ~ nosniff
head Content-Security-Policy ~ default-src 'none'

--- a method that a path does not have is named 405 with Allow
DELETE /api/v1/login
<<< 405
head Allow = POST
PUT /api/v1/tokens/1
<<< 405
head Allow = DELETE

--- HEAD is GET without the body
HEAD /api/openapi.json
<<< 200
head Content-Type ~ ^application/json

--- a preflight from an origin that is not listed is refused
OPTIONS /api/v1/me
+ Origin: https://evil.example
+ Access-Control-Request-Method: GET
<<< 405
nohead Access-Control-Allow-Origin

--- a preflight from a listed origin is answered
OPTIONS /api/v1/me
+ Origin: https://app.example
+ Access-Control-Request-Method: GET
<<< 204
head Access-Control-Allow-Origin = https://app.example
nohead Access-Control-Allow-Credentials

--- what a proxy might say is not believed
GET /api/v1/nothing
+ X-Real-IP: 10.1.2.3
+ X-Forwarded-For: 10.1.2.3
+ Proxy: http://10.1.2.3/
<<< 404
run> ! grep -q 10.1.2.3 "$T"/log/*.log

--- paths that are not ours lead nowhere
GET /api/v1/tokens/../../../api/v2/me
<<< 404
GET /api/v1/me%2f..%2fnothing
<<< 404
GET /api/v1/me/
<<< 404
GET /api/v1//me
<<< 401
