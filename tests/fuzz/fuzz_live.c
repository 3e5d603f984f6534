#include "config.h"

#include <string.h>

#include "core/arena.h"
#include "fuzz.h"
#include "live/access_i.h"
#include "live/hub_i.h"

/* Topics, types and owners as they may come from a page or a datagram, and
 * the headers of a handshake: the hub's counts stay right. */

static void on_wake(void *ctx)
{
	(void)ctx;
}

static void step(struct hub *h, struct hub_client *c, struct str word)
{
	struct str kind, topic;
	struct err err;
	int rc;

	if (!str_split(&word, ' ', &kind) || !str_split(&word, ' ', &topic))
		return;
	if (str_eqc(kind, "sub"))
		rc = client_subscribe(h, c, topic, word.n, &err);
	else if (str_eqc(kind, "unsub"))
		rc = (client_unsubscribe(h, c, topic), 0);
	else
		rc = hub_publish(h, topic, kind, word.n % 4, word, &err);
	promise("refused or done", rc == 0 || rc == -E_INVAL || rc == -E_LIMIT);
	promise("no more waits than fits", c->n <= HUB_QUEUE &&
		c->bytes <= c->max_bytes && c->n_subs <= HUB_SUBS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct arena *a = arena_new("fuzz", 64 << 20);
	struct hub *h = hub_new(a, 4 << 20, 100);
	struct str rest = str_n((const char *)data, n), line, v;
	const char *text = str_dup(a, rest);
	struct conf *conf = conf_defaults(a, "/tmp");
	struct live_ask q = { text, text, text, text, text, false, true };
	struct hub_client c;

	client_open(h, &c, 1, false, 2000, on_wake, NULL);
	while (str_split(&rest, '\n', &line))
		step(h, &c, line);
	while (client_next(h, &c) != NULL)
		client_sent(h, &c, 1);
	client_close(h, &c);
	promise("nothing is left in queues", h->queued == 0);
	(void)access_origin_ok(conf, &q);
	(void)access_bearer(&q);
	if (access_cookie(conf, &q, &v))
		promise("a cookie ends at ;",
			v.n == 0 || memchr(v.p, ';', v.n) == NULL);
	arena_free(&a);
	return 0;
}
