#include "config.h"

#include "fuzz.h"
#include "cache/cache_i.h"
#include "core/clock.h"
#include "core/log.h"
#include "json/json.h"

/* Times, numbers, URLs, and a log that nobody can forge. */

static char line[5000];

static void sink(enum log_level level, const char *text, void *ctx)
{
	(void)level;
	(void)ctx;
	snprintf(line, sizeof(line), "%s", text);
}

static void logged(struct arena *a, const char *text)
{
	struct logctx lc = log_child(NULL, "user", text);
	const struct json *j;
	struct err err;

	log_set_sink(sink, NULL);
	log_init("fuzz", LOG_L_INFO, LOG_F_JSON);
	log_info(&lc, "%s", text);
	if (json_parse(a, line, strlen(line), &j, &err) < 0)
		promise(err.msg, false);
	promise("a field is there", json_get(j, "user") != NULL);
	log_init("fuzz", LOG_L_INFO, LOG_F_TEXT);
	log_info(&lc, "%s", text);
	promise("a line is UTF-8", str_utf8_valid(str_c(line)));
	for (const char *p = line; *p != '\0'; p++)
		promise("a line has no control characters",
			(unsigned char)*p >= 0x20 && *p != 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new("fuzz", (size_t)1 << 30);
	const char *text = str_dup(a, str_n((const char *)data, size));
	struct redis_url url;
	struct err err;
	int64_t ms, back;
	double d;

	if (time_parse(&ms, text)) {
		char buf[TIME_TEXT_MAX];

		promise("a time has its room", time_format(buf, ms) < sizeof(buf));
		if (buf[0] != '+' && buf[0] != '-') {
			promise("a time is read back", time_parse(&back, buf));
			promise("as the same", ms == back);
		}
	}
	if (str_double(str_n((const char *)data, size), &d))
		promise("a number is what strtod says", d == strtod(text, NULL));
	if (redis_url_parse(a, text, &url, &err) == 0)
		promise("a URL has one end", (url.path == NULL) != (url.host == NULL));
	logged(a, text);
	arena_free(&a);
	return 0;
}
