#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/log_i.h"
#include "core/str.h"

/* A line is at most PIPE_BUF long and written at once, so that lines of
 * several processes on one pipe or file never mix.  The head always fits; the
 * message and each field have a share; what does not fit is left out and the
 * line says so. */
#define LINE_SIZE	4096
#define TAIL_ROOM	32
#define MSG_ROOM	2048
#define VALUE_ROOM	256
#define FIELDS_MAX	16
#define JOURNAL_SOCKET	"/run/systemd/journal/socket"

/* Not const: where the whole process logs to; set at its start. */
static struct {
	const char *program;
	enum log_level level;
	enum log_format format;
	int fd, journal;
	log_sink_fn *sink, *tap;
	void *sink_ctx, *tap_ctx;
} self = { "orch", LOG_L_WARN, LOG_F_TEXT, STDERR_FILENO, -1,
	   NULL, NULL, NULL, NULL };

struct line {
	size_t n;
	bool cut;
	char b[LINE_SIZE];
};

enum style { PLAIN, QUOTED };	/* QUOTED: within a JSON string */

struct entry {
	enum log_level level;
	const char *file, *msg;
	int line_no;
	size_t n_fields;
	const struct logctx *fields[FIELDS_MAX];	/* outermost first */
};

const char *log_level_name(enum log_level level)
{
	switch (level) {
	case LOG_L_DEBUG:
		return "debug";
	case LOG_L_INFO:
		return "info";
	case LOG_L_WARN:
		return "warn";
	case LOG_L_ERROR:
		return "error";
	}
	return "?";
}

bool log_level_parse(const char *name, enum log_level *ret)
{
	for (enum log_level l = LOG_L_DEBUG; l <= LOG_L_ERROR; l++) {
		if (strcmp(name, log_level_name(l)) == 0) {
			*ret = l;
			return true;
		}
	}
	return false;
}

void log_set_level(enum log_level level)
{
	self.level = level;
}

bool log_enabled(enum log_level level)
{
	return level >= self.level;
}

void log_set_sink(log_sink_fn *fn, void *ctx)
{
	self.sink = fn;
	self.sink_ctx = ctx;
}

void log_set_tap(log_sink_fn *fn, void *ctx)
{
	self.tap = fn;
	self.tap_ctx = ctx;
}

void log_to_fd(int fd)
{
	self.fd = fd >= 0 ? fd : STDERR_FILENO;
}

bool log_to_journal(const char *socket_path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd;

	if (self.journal >= 0)
		close(self.journal);
	self.journal = -1;
	if (socket_path == NULL || strlen(socket_path) >= sizeof(sun.sun_path))
		return socket_path == NULL;
	memcpy(sun.sun_path, socket_path, strlen(socket_path) + 1);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	if (connect(fd, (struct sockaddr *)&sun, sizeof(sun)) < 0) {
		close(fd);
		return false;
	}
	self.journal = fd;
	return true;
}

/* systemd says in JOURNAL_STREAM which file the journal listens on; a stderr
 * that was redirected since is another one. */
static bool stderr_is_journal(void)
{
	const char *s = getenv("JOURNAL_STREAM");
	uint64_t dev, ino;
	struct str rest, part;
	struct stat st;

	if (s == NULL)
		return false;
	rest = str_c(s);
	return str_split(&rest, ':', &part) && str_u64(part, &dev) &&
	       str_u64(rest, &ino) && fstat(STDERR_FILENO, &st) == 0 &&
	       st.st_dev == dev && st.st_ino == ino;
}

void log_init(const char *program, enum log_level level, enum log_format format)
{
	self.program = program;
	self.level = level;
	self.format = format;
	if (stderr_is_journal())
		(void)log_to_journal(JOURNAL_SOCKET);
}

static void put(struct line *l, const char *s, size_t n, size_t limit)
{
	if (n > limit || l->n > limit - n) {
		l->cut = true;
		return;
	}
	memcpy(l->b + l->n, s, n);
	l->n += n;
}

static void putz(struct line *l, const char *s)
{
	put(l, s, strlen(s), sizeof(l->b));
}

static void putf(struct line *l, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void putf(struct line *l, const char *fmt, ...)
{
	char tmp[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(tmp, sizeof(tmp), fmt, ap);
	va_end(ap);
	putz(l, tmp);
}

/* What a terminal, a log reader or a browser would act upon instead of
 * showing: controls, line separators, marks that turn the direction. */
static bool acts(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

/* One character of the message as it is written; returns the bytes of s. */
static size_t escape(const char *s, size_t n, enum style style, char out[16],
		     size_t *ret_n)
{
	const char *bs = style == QUOTED ? "\\\\" : "\\";
	size_t len = utf8_len(s, n);
	uint32_t c;

	if (len == 0) {
		*ret_n = (size_t)snprintf(out, 16, "%sx%02x", bs,
					  (unsigned char)*s);
		return 1;
	}
	c = utf8_decode(s, len);
	if (c == '\n' || c == '\r' || c == '\t')
		*ret_n = (size_t)snprintf(out, 16, "\\%c", c == '\n' ? 'n' :
					  c == '\r' ? 'r' : 't');
	else if (acts(c))
		*ret_n = (size_t)snprintf(out, 16, "\\u%04" PRIx32, c);
	else if (style == QUOTED && (c == '"' || c == '\\'))
		*ret_n = (size_t)snprintf(out, 16, "\\%c", (char)c);
	else
		memcpy(out, s, *ret_n = len);
	return len;
}

/* At most `room` bytes of text, never half an escape. */
static void put_text(struct line *l, const char *s, enum style style,
		     size_t room)
{
	size_t limit = sizeof(l->b) - TAIL_ROOM, n = strlen(s), len;
	char e[16];

	if (room < limit - l->n)
		limit = l->n + room;
	for (size_t i = 0; i < n && !l->cut; i += len) {
		size_t n_e;

		len = escape(s + i, n - i, style, e, &n_e);
		put(l, e, n_e, limit);
	}
}

static bool is_secret_word(struct str w)
{
	static const char *const words[] = { "password", "passwd", "secret",
		"token", "key", "cookie", "authorization", "signature", "csrf",
		"dsn" };

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		struct str word = str_c(words[i]);

		if (w.n >= word.n &&
		    str_eq_nocase(str_n(w.p + (w.n - word.n), word.n), word))
			return true;
	}
	return false;
}

/* Any word of the name ends like a secret: api_key, apiKey, set-cookie. */
static bool is_secret(const char *name)
{
	struct str rest = str_c(name), part, dash;

	while (str_split(&rest, '_', &part))
		while (str_split(&part, '-', &dash))
			if (is_secret_word(dash))
				return true;
	return false;
}

static const char *value_of(const struct logctx *f)
{
	return f->value == NULL ? "" : is_secret(f->key) ? "***" : f->value;
}

/* Room for a whole field, or none of it. */
static bool field_fits(struct line *l, const struct logctx *f)
{
	if (l->n + strlen(f->key) + VALUE_ROOM + 8 <= sizeof(l->b) - TAIL_ROOM)
		return true;
	l->cut = true;
	return false;
}

static void format_json(struct line *l, const struct entry *e, const char *ts)
{
	bool cut = false;

	putf(l, "{\"ts\":\"%s\",\"level\":\"%s\",\"prog\":\"%.60s\",\"pid\":%d,"
	     "\"src\":\"%.60s:%d\",\"msg\":\"", ts, log_level_name(e->level),
	     self.program, (int)getpid(), e->file, e->line_no);
	put_text(l, e->msg, QUOTED, MSG_ROOM);
	putz(l, "\"");
	for (size_t i = 0; i < e->n_fields; i++) {
		cut = cut || l->cut;
		l->cut = false;
		if (!field_fits(l, e->fields[i]))
			break;
		putz(l, ",\"");
		putz(l, e->fields[i]->key);
		putz(l, "\":\"");
		put_text(l, value_of(e->fields[i]), QUOTED, VALUE_ROOM);
		putz(l, "\"");
	}
	putz(l, cut || l->cut ? ",\"cut\":true}" : "}");
}

static bool needs_quotes(const char *s)
{
	return *s == '\0' || strpbrk(s, " \"=()") != NULL;
}

static void format_text(struct line *l, const struct entry *e, const char *ts)
{
	bool cut = false;

	putf(l, "%s %-5s %.60s[%d] ", ts, log_level_name(e->level),
	     self.program, (int)getpid());
	put_text(l, e->msg, PLAIN, MSG_ROOM);
	for (size_t i = 0; i < e->n_fields; i++) {
		const char *v = value_of(e->fields[i]);

		cut = cut || l->cut;
		l->cut = false;
		if (!field_fits(l, e->fields[i]))
			break;
		putz(l, " ");
		putz(l, e->fields[i]->key);
		putz(l, needs_quotes(v) ? "=\"" : "=");
		put_text(l, v, needs_quotes(v) ? QUOTED : PLAIN, VALUE_ROOM);
		if (needs_quotes(v))
			putz(l, "\"");
	}
	if (cut || l->cut)
		putz(l, " [cut]");
	if (l->n < sizeof(l->b) - 100)
		putf(l, " (%.60s:%d)", e->file, e->line_no);
}

/* The journal's native protocol: NAME=value lines in one datagram. */
static bool send_journal(const struct entry *e)
{
	static const int priority[] = { 7, 6, 4, 3 };
	struct line l = { 0 };

	putf(&l, "PRIORITY=%d\nSYSLOG_IDENTIFIER=%.60s\nCODE_FILE=%.60s\n"
	     "CODE_LINE=%d\nMESSAGE=", priority[e->level], self.program,
	     e->file, e->line_no);
	put_text(&l, e->msg, PLAIN, MSG_ROOM);
	putz(&l, "\n");
	for (size_t i = 0; i < e->n_fields; i++) {
		l.cut = false;
		if (!field_fits(&l, e->fields[i]))
			break;
		putz(&l, "ORCH_");
		for (const char *k = e->fields[i]->key; *k != '\0'; k++) {
			char c = *k >= 'a' && *k <= 'z' ? (char)(*k - 32) : *k;

			if ((c < 'A' || c > 'Z') && (c < '0' || c > '9'))
				c = '_';
			put(&l, &c, 1, sizeof(l.b));
		}
		putz(&l, "=");
		put_text(&l, value_of(e->fields[i]), PLAIN, VALUE_ROOM);
		putz(&l, "\n");
	}
	return send(self.journal, l.b, l.n, MSG_DONTWAIT | MSG_NOSIGNAL) ==
	       (ssize_t)l.n;
}

/* Outermost first; of two with one name the inner one stands. */
static void collect_fields(struct entry *e, const struct logctx *lc)
{
	const struct logctx *f[FIELDS_MAX];
	size_t n = 0;

	for (; lc != NULL && n < FIELDS_MAX; lc = lc->parent) {
		bool again = lc->key == NULL;

		for (size_t i = 0; i < n && !again; i++)
			again = strcmp(f[i]->key, lc->key) == 0;
		if (!again)
			f[n++] = lc;
	}
	for (e->n_fields = 0; n > 0; n--)
		e->fields[e->n_fields++] = f[n - 1];
}

static void emit(struct line *l, const struct entry *e)
{
	if (e->level >= LOG_L_WARN && self.tap != NULL)
		self.tap(e->level, l->b, self.tap_ctx);
	if (self.sink != NULL) {
		self.sink(e->level, l->b, self.sink_ctx);
		return;
	}
	if (self.journal >= 0 && send_journal(e))
		return;
	l->b[l->n++] = '\n';
	/* A log that cannot be written has nowhere to say so. */
	while (write(self.fd, l->b, l->n) < 0 && errno == EINTR)
		;
}

void log_write(const struct logctx *lc, enum log_level level, const char *file,
	       int line, const char *fmt, ...)
{
	const char *slash = strrchr(file, '/');
	struct entry e = { .level = level, .line_no = line };
	char msg[MSG_ROOM + 8], ts[TIME_TEXT_MAX];
	int saved = errno;
	struct line l;
	va_list ap;

	l.n = 0;
	l.cut = false;
	e.file = slash != NULL ? slash + 1 : file;
	e.msg = msg;
	va_start(ap, fmt);
	if (vsnprintf(msg, sizeof(msg), fmt, ap) < 0)
		msg[0] = '\0';
	va_end(ap);
	collect_fields(&e, lc);
	time_format(ts, clock_ms(&clock_real));
	if (self.format == LOG_F_JSON)
		format_json(&l, &e, ts);
	else
		format_text(&l, &e, ts);
	l.b[l.n] = '\0';
	emit(&l, &e);
	errno = saved;
}
