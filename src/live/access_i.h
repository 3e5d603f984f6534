#ifndef LIVE_ACCESS_I_H
#define LIVE_ACCESS_I_H
/* access_i.h - who may come in; pure functions of what a request says. */
#include "conf/conf.h"
#include "core/str.h"

struct live_ask {
	const char *host, *origin, *cookie, *authorization, *site;
	bool https, websocket;
};

/* May a page of this origin speak to us?  A cookie without an Origin comes
 * from no page's script (WebSocket) or from our own (EventSource, which then
 * says so in Sec-Fetch-Site where it is known). */
bool access_origin_ok(const struct conf *c, const struct live_ask *q);
/* The session in the Cookie header under the name that holds here. */
bool access_cookie(const struct conf *c, const struct live_ask *q,
		   struct str *ret);
/* What follows "Bearer ", or empty. */
struct str access_bearer(const struct live_ask *q);

#endif /* LIVE_ACCESS_I_H */
