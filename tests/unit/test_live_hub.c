#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/arena.h"
#include "live/hub_i.h"
#include "proc/board.h"
#include "test.h"

#define BASE 1000u

static struct arena *a;
static struct hub *h;
static unsigned woken;
static struct err err;

static void on_wake(void *ctx)
{
	(void)ctx;
	woken++;
}

static int setup(void **state)
{
	(void)state;
	a = arena_new("test", 64 << 20);
	h = hub_new(a, 32 << 20, BASE);
	woken = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(&a);
	return 0;
}

static void join(struct hub_client *c, uint64_t user, bool admin)
{
	client_open(h, c, user, admin, 1 << 20, on_wake, c);
}

static int sub(struct hub_client *c, const char *topic, uint64_t since)
{
	return client_subscribe(h, c, str_c(topic), since, &err);
}

static void publish(const char *topic, uint64_t user, const char *data)
{
	assert_int_equal(hub_publish(h, str_c(topic), STR("state"), user,
				     str_c(data), &err), 0);
}

/* What waits for the client, taken off: one text after the other. */
static const char *take(struct hub_client *c)
{
	struct hub_event *e = client_next(h, c);
	const char *text;

	if (e == NULL)
		return NULL;
	text = arena_strdup(a, e->text);
	client_sent(h, c, 1);
	return text;
}

static void an_event_reaches_who_subscribed(void **state)
{
	struct hub_client in, out;

	(void)state;
	join(&in, 3, false);
	join(&out, 3, false);
	assert_int_equal(sub(&in, "bot:7", 0), 0);
	publish("bot:7", 3, "{\"a\":1}");
	assert_int_equal(woken, 1);
	assert_string_equal(take(&in), "{\"topic\":\"bot:7\",\"id\":1001,"
			    "\"type\":\"state\",\"data\":{\"a\":1}}");
	assert_null(take(&in));
	assert_null(take(&out));
	client_unsubscribe(h, &in, STR("bot:7"));
	publish("bot:7", 3, "2");
	assert_null(take(&in));
	client_close(h, &in);
	client_close(h, &out);
	assert_int_equal(h->queued, 0);
}

static void nobody_sees_what_is_anothers(void **state)
{
	struct hub_client owner, other, admin;

	(void)state;
	join(&owner, 3, false);
	join(&other, 4, false);
	join(&admin, 5, true);
	sub(&owner, "bot:7", 0);
	sub(&other, "bot:7", 0);
	sub(&admin, "bot:7", 0);
	publish("bot:7", 3, "1");
	assert_non_null(take(&owner));
	assert_null(take(&other));
	assert_non_null(take(&admin));
	/* Nor later, from the ring. */
	client_unsubscribe(h, &other, STR("bot:7"));
	sub(&other, "bot:7", BASE);
	assert_null(take(&other));
	/* What has no owner is everybody's. */
	sub(&other, "ticker:1", 0);
	publish("ticker:1", 0, "2");
	assert_non_null(take(&other));
	client_close(h, &owner);
	client_close(h, &other);
	client_close(h, &admin);
}

static void bots_is_a_topic_per_owner(void **state)
{
	struct hub_client one, two, admin;

	(void)state;
	join(&one, 1, false);
	join(&two, 2, false);
	join(&admin, 9, true);
	sub(&one, "bots", 0);
	sub(&two, "bots", 0);
	sub(&admin, "bots", 0);
	publish("bots", 1, "{\"id\":7}");
	assert_non_null(strstr(take(&one), "\"topic\":\"bots\""));
	assert_null(take(&two));
	assert_non_null(take(&admin));
	assert_null(take(&admin));
	/* A busy neighbour pushes nobody else's events out of the ring. */
	for (int i = 0; i < 2 * HUB_RING; i++)
		publish("bots", 2, "0");
	client_close(h, &one);
	join(&one, 1, false);
	sub(&one, "bots", BASE);
	assert_non_null(strstr(take(&one), "\"id\":1001"));
	assert_null(take(&one));
	client_close(h, &one);
	client_close(h, &two);
	client_close(h, &admin);
}

static void who_comes_back_gets_what_was_missed(void **state)
{
	struct hub_client c;

	(void)state;
	for (int i = 0; i < 5; i++)
		publish("bot:7", 3, "1");
	publish("bot:8", 3, "1");
	join(&c, 3, false);
	sub(&c, "bot:7", 1003);
	assert_non_null(strstr(take(&c), "\"id\":1004"));
	assert_non_null(strstr(take(&c), "\"id\":1005"));
	assert_null(take(&c));
	client_close(h, &c);
}

static void what_is_gone_is_called_a_gap(void **state)
{
	static const char gap[] = "{\"op\":\"gap\",\"topic\":\"bot:7\"}";
	struct hub_client c;

	(void)state;
	join(&c, 3, false);
	for (int i = 0; i < HUB_RING + 2; i++)
		publish("bot:7", 3, "1");
	/* 1001 and 1002 have left the ring. */
	sub(&c, "bot:7", 1001);
	assert_string_equal(take(&c), gap);
	assert_null(take(&c));
	client_close(h, &c);
	join(&c, 3, false);
	sub(&c, "bot:7", 1002);
	assert_non_null(strstr(take(&c), "\"id\":1003"));
	client_close(h, &c);
	/* From a process before this one; from another host. */
	join(&c, 3, false);
	sub(&c, "bot:7", BASE - 1);
	assert_string_equal(take(&c), gap);
	client_close(h, &c);
	join(&c, 3, false);
	sub(&c, "bot:7", 999999);
	assert_string_equal(take(&c), gap);
	client_close(h, &c);
	/* Nothing happened since: no gap. */
	join(&c, 3, false);
	sub(&c, "bot:9", BASE);
	assert_null(take(&c));
	client_close(h, &c);
}

static void a_slow_client_is_told_and_starts_anew(void **state)
{
	struct hub_client c;

	(void)state;
	join(&c, 3, false);
	sub(&c, "bot:7", 0);
	for (int i = 0; i < HUB_QUEUE; i++)
		publish("bot:7", 3, "1");
	assert_int_equal(c.n, HUB_QUEUE);
	publish("bot:7", 3, "1");
	assert_int_equal(c.n, 0);
	assert_int_equal(h->queued, 0);
	publish("bot:7", 3, "\"new\"");
	/* The gap is said before what came after it is sent. */
	assert_non_null(strstr(take(&c), "\"new\""));
	assert_string_equal(take(&c), "{\"op\":\"gap\",\"topic\":\"bot:7\"}");
	assert_null(take(&c));
	client_close(h, &c);
}

static void no_more_bytes_wait_than_allowed(void **state)
{
	struct hub_client c;
	char *data = arena_alloc(a, 1001);

	(void)state;
	memset(data, '1', 1000);
	client_open(h, &c, 3, false, 10000, on_wake, &c);
	sub(&c, "bot:7", 0);
	for (int i = 0; i < 100; i++) {
		publish("bot:7", 3, data);
		assert_true(c.bytes <= 10000);
	}
	client_close(h, &c);
}

static void topics_are_what_we_have_and_nothing_else(void **state)
{
	static const char *const good[] = { "bots", "bot:1", "ticker:12",
		"backtest:7", "sweep:7",
		"market:3:1h", "market:3:15m", "job:9" };
	static const char *const bad[] = { "", "bot", "bot:", "bot:x", "bot:1:2",
		"market:1", "market:1:", "market:x:1h", "bots#3", "bots:3",
		"bot:7\"", "market:1:1h\"}", "nothing:1", "bots ",
		"bot:99999999999999999999", "BOT:1",
		"market:1:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" };
	struct hub_client c;

	(void)state;
	join(&c, 3, false);
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_int_equal(sub(&c, good[i], 0), 0);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(sub(&c, bad[i], 0), -E_INVAL);
	assert_int_equal(hub_publish(h, STR("x"), STR("y"), 0, STR("1"), &err),
			 -E_INVAL);
	assert_int_equal(hub_publish(h, STR("bots"), STR("\""), 0, STR("1"),
				     &err), -E_INVAL);
	client_close(h, &c);
}

static void a_client_has_so_many_topics_and_no_more(void **state)
{
	struct hub_client c;
	char name[20];

	(void)state;
	join(&c, 3, false);
	for (int i = 0; i < HUB_SUBS; i++) {
		snprintf(name, sizeof(name), "bot:%d", i);
		assert_int_equal(sub(&c, name, 0), 0);
	}
	assert_int_equal(sub(&c, "bot:99999", 0), -E_LIMIT);
	assert_int_equal(sub(&c, "bot:5", 0), 0);	/* has it */
	client_close(h, &c);
}

static void memory_is_bounded_and_comes_back(void **state)
{
	struct hub_client c;
	char name[24], *data = arena_alloc(a, 4001);
	size_t taken;

	(void)state;
	memset(data, '1', 4000);
	join(&c, 3, false);
	sub(&c, "ticker:1", 0);
	/* 40,000 topics with 160 MB of events go through 32 MB. */
	for (int i = 0; i < 40000; i++) {
		snprintf(name, sizeof(name), "bot:%d", i);
		publish(name, 3, data);
	}
	assert_true(h->n_topics <= HUB_TOPICS);
	taken = h->pool.taken;
	assert_true(taken <= 32u << 20);
	for (int i = 0; i < 10000; i++)
		publish("ticker:1", 0, data);
	assert_true(h->pool.taken <= 32u << 20);
	/* One that was forgotten cannot promise that nothing is missing. */
	sub(&c, "bot:1", 1500);
	while (client_next(h, &c) != NULL) {
		const char *t = take(&c);

		if (strcmp(t, "{\"op\":\"gap\",\"topic\":\"bot:1\"}") == 0) {
			client_close(h, &c);
			return;
		}
	}
	fail_msg("no gap was said");
}

static void clients_come_and_go_without_a_trace(void **state)
{
	struct hub_client c;
	size_t used = 0;

	(void)state;
	for (int i = 0; i < 10000; i++) {
		join(&c, 3, false);
		sub(&c, "bot:7", 0);
		sub(&c, "bots", 0);
		publish("bot:7", 3, "1");
		client_close(h, &c);
		if (i == 1000)
			used = h->pool.used;
	}
	assert_int_equal(h->pool.used, used);
}

static void pieces_are_kept_apart_and_used_again(void **state)
{
	struct pool p;
	char *x, *y;

	(void)state;
	pool_init(&p, a, 4096);
	x = pool_get(&p, 100);
	y = pool_get(&p, 100);
	memset(x, 'x', 100);
	memset(y, 'y', 100);
	assert_int_equal(x[99], 'x');
	pool_put(&p, x);
	assert_ptr_equal(pool_get(&p, 90), x);
	assert_null(pool_get(&p, 4096));
	assert_null(pool_get(&p, SIZE_MAX / 2));
	pool_put(&p, NULL);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(an_event_reaches_who_subscribed),
		T(nobody_sees_what_is_anothers),
		T(bots_is_a_topic_per_owner),
		T(who_comes_back_gets_what_was_missed),
		T(what_is_gone_is_called_a_gap),
		T(a_slow_client_is_told_and_starts_anew),
		T(no_more_bytes_wait_than_allowed),
		T(topics_are_what_we_have_and_nothing_else),
		T(a_client_has_so_many_topics_and_no_more),
		T(memory_is_bounded_and_comes_back),
		T(clients_come_and_go_without_a_trace),
		T(pieces_are_kept_apart_and_used_again),
	};

	return cmocka_run_group_tests_name("live hub", tests, NULL, NULL);
}
