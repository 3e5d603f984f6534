# What browsers report.
--- a page reports an error, in the form that sendBeacon can send
POST /api/logs as anna
- X-CSRF-Token
+ Origin: http://localhost
{"entries":[{"time":1764000000000,"level":"error","message":"it broke","stack":"at f (x.js:1)","url":"/bots/7","count":2,"context":{"a":[1,null,true]}}],"app_version":"1.0"}
<<< 202
sql> SELECT message, count, user_id IS NOT NULL FROM app_log => it broke	2	1

--- a page that is not signed in reports too
POST /api/v1/logs
{"entries":[{"time":1764000000000,"level":"warn","message":"signed out"}]}
<<< 202
sql> SELECT COUNT(*) FROM app_log WHERE user_id IS NULL => 1

--- another site's page does not
POST /api/logs
+ Origin: https://evil.example
{"entries":[{"time":1764000000000,"level":"warn","message":"evil"}]}
<<< 403

--- a text/plain beacon is refused
POST /api/logs
+ Content-Type: text/plain
{"entries":[{"time":1764000000000,"level":"warn","message":"plain"}]}
<<< 415

--- the user finds it again
GET /api/v1/logs?source=client&level=error&q=broke as anna
<<< 200
.items[0].message == "it broke"
.items[0].context.a == [1,null,true]
.items[0].stack == "at f (x.js:1)"
.items[0].app_version == "1.0"
GET /api/v1/logs as bert
<<< 200
.items == []
GET /api/v1/logs as olga
<<< 200
(.items | length) == 2

--- a forged line stays one entry and never becomes a line of ours
POST /api/logs as anna
{"entries":[{"time":1764000000000,"level":"info","message":"a\n2026-01-01T00:00:00Z ERROR forged"}]}
<<< 202
run> ! grep -q '^2026-01-01T00:00:00Z ERROR forged' "$T"/log/*.log
GET /api/v1/logs?q=forged as anna
<<< 200
(.items | length) == 1

--- a user name cannot forge one either
POST /api/v1/login
{"name":"a\n2026-01-01 ERROR forged","password":"x"}
<<< 400
run> ! grep -q '^2026-01-01 ERROR forged' "$T"/log/*.log

--- too much is refused
POST /api/logs as anna
{"entries":[]}
<<< 400
POST /api/logs as anna
body 200000
<<< 413
