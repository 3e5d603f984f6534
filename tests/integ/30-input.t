# What is malformed is refused with the place and the reason, and nothing is
# written.
--- broken JSON
POST /api/v1/tokens as anna
{"name":
<<< 400
.code == "INVAL"

--- no body
POST /api/v1/tokens as anna
<<< 415

--- an empty body
POST /api/v1/tokens as anna
+ Content-Type: application/json
<<< 400

--- the wrong content type
POST /api/v1/tokens as anna
+ Content-Type: text/plain
{"name":"x","scopes":["read"]}
<<< 415
.code == "MEDIA"
POST /api/v1/tokens as anna
+ Content-Type: application/x-www-form-urlencoded
{"name":"x","scopes":["read"]}
<<< 415
POST /api/v1/tokens as anna
+ Content-Type: multipart/form-data; boundary=x
{"name":"x","scopes":["read"]}
<<< 415

--- something after the value
POST /api/v1/tokens as anna
{"name":"x","scopes":["read"]} {}
<<< 400

--- JSON that is too deep
POST /api/v1/tokens as anna
[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]
<<< 400

--- the same name twice
POST /api/v1/tokens as anna
{"name":"x","name":"y","scopes":["read"]}
<<< 400

--- names that are not in the table, all faults at once
POST /api/v1/tokens as anna
{"name":"","scopes":["admin"],"expires_days":0,"user_id":1}
<<< 400
(.errors | map(.field) | sort) == ["expires_days","name","scopes[0]","user_id"]
.field == .errors[0].field

--- a number where text is wanted, and text where a number is
POST /api/v1/tokens as anna
{"name":1,"scopes":["read"],"expires_days":"7"}
<<< 400
(.errors | length) == 2

--- numbers that are no integers
POST /api/v1/tokens as anna
{"name":"x","scopes":["read"],"expires_days":1.5}
<<< 400
POST /api/v1/tokens as anna
{"name":"x","scopes":["read"],"expires_days":1e2}
<<< 400
POST /api/v1/tokens as anna
{"name":"x","scopes":["read"],"expires_days":99999999999999999999}
<<< 400

--- control characters and broken UTF-8
POST /api/v1/tokens as anna
{"name":"a\u0000b","scopes":["read"]}
<<< 400
POST /api/v1/tokens as anna
{"name":"a\nb","scopes":["read"]}
<<< 400
POST /api/v1/tokens as anna
{"name":"\ud800","scopes":["read"]}
<<< 400

--- text that looks like SQL or markup is text
POST /api/v1/tokens as anna
{"name":"'; DROP TABLE user; -- <b>","scopes":["read"],"expires_days":3}
<<< 201
.name == "'; DROP TABLE user; -- <b>"
sql> SELECT COUNT(*) > 0 FROM user => 1

--- a body larger than the operation takes
POST /api/v1/tokens as anna
body 5000
<<< 413
.code == "TOOBIG"

--- a body larger than nginx lets through
POST /api/v1/tokens as anna
body 300000
<<< 413

--- a body where none belongs
DELETE /api/v1/tokens/1 as anna
{}
<<< 400

--- parameters that do not exist, come twice, or are out of range
GET /api/v1/logs?colour=red as anna
<<< 400
.field == "colour"
GET /api/v1/logs?limit=1&limit=2 as anna
<<< 400
.field == "limit"
GET /api/v1/logs?limit=501 as anna
<<< 400
GET /api/v1/logs?limit=0 as anna
<<< 400
GET /api/v1/logs?limit=abc as anna
<<< 400
GET /api/v1/logs?level=fatal as anna
<<< 400
(.errors[0].detail | test("debug, info, warn, error"))
GET /api/v1/me?x=1 as anna
<<< 400

--- escapes that are broken
GET /api/v1/logs?q=%zz as anna
<<< 400
GET /api/v1/logs?q=%ff as anna
<<< 400
GET /api/v1/logs?q=%00 as anna
<<< 400

--- cursors of nowhere
GET /api/v1/logs?cursor=abc as anna
<<< 400
GET /api/v1/logs?cursor=AAAAAAAAAAAAAAAAAAAAAAAAAAA as anna
<<< 400

--- ids that are none
DELETE /api/v1/tokens/abc as anna
<<< 404
DELETE /api/v1/tokens/0 as anna
<<< 404
DELETE /api/v1/tokens/-1 as anna
<<< 404
DELETE /api/v1/tokens/18446744073709551616 as anna
<<< 404
