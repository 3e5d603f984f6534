#ifndef LIVE_LIVE_H
#define LIVE_LIVE_H
/* live.h - events to browsers, as they happen.
 *
 * One process, one event loop.  Events come as datagrams on
 * run_dir/live-in.sock (see proc/events.h) and, when redis_url is set, from
 * other hosts; they go to clients on run_dir/live.sock, behind nginx at /live:
 *
 *   WebSocket  client: {"op":"sub","topics":["bot:7"],"since":{"bot:7":123}}
 *		        {"op":"unsub","topics":[...]}  {"op":"ping"}
 *	        server: {"topic":"bot:7","id":124,"type":"fill","data":{...}}
 *			{"op":"ok"}  {"op":"pong"}  {"op":"gap","topic":...}
 *			{"op":"error","code":...,"detail":...}
 *   SSE        GET /live/sse?topics=bots,bot:7&since=bot:7:123, each event
 *		with `data:` the same JSON and `id:`, so that Last-Event-ID
 *		works for all topics at once.
 *
 * Who comes needs a session cookie and, for a WebSocket, an Origin that is
 * ours or in cors_origins; or an API token with the scope read.  Sessions are
 * asked after again each ping interval, and at once when somebody's changed. */
#include "core/err.h"

struct conf;
struct board_slot;
struct arena;

struct live_opts {
	const struct conf *conf;
	struct board_slot *slot;	/* NULL: none */
};
/* Serves until SIGTERM or SIGINT; returns an exit status. */
int live_serve(struct arena *a, const struct live_opts *o);

#endif /* LIVE_LIVE_H */
