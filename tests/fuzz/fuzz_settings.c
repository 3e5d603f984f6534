#include "config.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"
#include "t_env.h"
#include "conf/conf_i.h"

/* Any file is refused with a sentence or loaded; what was loaded, written in
 * the file's own syntax, loads as the same again. */

static int load(struct arena *a, const char *text, size_t n, struct conf **ret,
		struct err *err)
{
	char path[40];
	int fd = memfd_create("settings", 0), rc;

	promise("a file can be made", fd >= 0 && fchmod(fd, 0600) == 0 &&
		write(fd, text, n) == (ssize_t)n);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	rc = conf_load(a, path, ret, err);
	close(fd);
	return rc;
}

static void values(struct sbuf *b, const struct conf *c, bool lines)
{
	for (size_t i = 0; i < CONF__MAX; i++) {
		const struct setting *s = &conf_settings[i];

		if (s->type == T_SECRET ||
		    (lines && c->origin[i].from != CONF_FROM_FILE))
			continue;
		sbuf_addf(b, "%s = ", s->name);
		conf_value(b, s, c);
		sbuf_add_c(b, '\n');
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new("fuzz", (size_t)1 << 30);
	struct sbuf text, one, two;
	struct conf *c, *again;
	struct err err = { 0 };

	t_env_clear();
	setenv("ORCH_ENABLE_SENTRY", "false", 1);
	if (load(a, (const char *)data, size, &c, &err) == 0) {
		sbuf_init(&text, a, 1 << 24);
		values(&text, c, true);
		if (load(a, text.buf, text.len, &again, &err) < 0)
			promise(err.msg, false);
		sbuf_init(&one, a, 1 << 24);
		sbuf_init(&two, a, 1 << 24);
		values(&one, c, false);
		values(&two, again, false);
		promise("written and loaded, the same",
			strcmp(one.buf, two.buf) == 0);
	} else {
		promise("a refusal has its sentence", err.code == E_INVAL &&
			strlen(err.msg) > 5);
	}
	arena_free(&a);
	return 0;
}
