#include "config.h"
#include <string.h>
#include <zlib.h>
#include "core/array.h"
#include "market/import_i.h"

/* An honest file of numbers shrinks to a tenth, a very dull one to a
 * hundredth. */
#define RATIO_MAX 250
#define RATIO_SLACK (1u << 20)
#define ENTRIES_MAX 1000
#define NAME_LEN_MAX 255

/* The most that `n` packed bytes may become. */
static uint64_t room_for(uint64_t n)
{
	uint64_t room = n * RATIO_MAX + RATIO_SLACK;

	return room < IMPORT_FILE_MAX ? room : IMPORT_FILE_MAX;
}

static void end_inflate(void *z)
{
	inflateEnd(z);
}

/* ---- gzip ---- */

static uint32_t le32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
		(uint32_t)p[3] << 24;
}

static unsigned le16(const uint8_t *p)
{
	return (unsigned)p[0] | (unsigned)p[1] << 8;
}

static void grow(struct arena *a, uint8_t **buf, size_t used, size_t *size,
		 uint64_t max)
{
	size_t want = *size * 2 < max ? *size * 2 : (size_t)max;
	uint8_t *p = NEW_N(a, uint8_t, want);

	memcpy(p, *buf, used);
	*buf = p;
	*size = want;
}

/* Members one after the other, as `cat a.gz b.gz` makes them. */
static int inflate_all(struct arena *out, z_stream *z, struct str data,
		       struct str *ret, struct err *err)
{
	const uint64_t max = room_for(data.n);
	/* The last four bytes tell the size, of honest data. */
	uint64_t guess = (uint64_t)le32((const uint8_t *)data.p + data.n - 4) + 1;
	uint64_t usual = 20 * (uint64_t)data.n + 4096;
	size_t size = (size_t)(guess < usual ? guess : usual), used = 0;
	uint8_t *buf = NEW_N(out, uint8_t, size);
	int rc = Z_OK;

	z->next_in = (Bytef *)(uintptr_t)data.p;
	z->avail_in = (uInt)data.n;
	for (;;) {
		if (used == size) {
			if (size >= max)
				return FAIL(err, E_TOOBIG, "unpacks to more than "
					    "%llu bytes", (unsigned long long)max);
			grow(out, &buf, used, &size, max);
		}
		z->next_out = buf + used;
		z->avail_out = (uInt)(size - used < UINT32_MAX ? size - used :
				      UINT32_MAX);
		rc = inflate(z, Z_NO_FLUSH);
		used = (size_t)(z->next_out - buf);
		if (rc == Z_STREAM_END) {
			if (z->avail_in == 0)
				break;
			if (inflateReset(z) != Z_OK)
				return FAIL(err, E_BUG, "inflateReset");
		} else if (rc != Z_OK && rc != Z_BUF_ERROR) {
			return FAIL(err, E_INVAL, "gzip data is damaged: %s",
				    z->msg != NULL ? z->msg : "bad stream");
		} else if (z->avail_in == 0 && z->avail_out != 0) {
			return FAIL(err, E_INVAL, "gzip data ends early");
		}
	}
	*ret = str_n((const char *)buf, used);
	return 0;
}

int gzip_unpack(struct arena *out, struct str data, struct str *ret,
		struct err *err)
{
	if (data.n < 18)
		return FAIL(err, E_INVAL, "gzip data ends early");
	if (data.n > UINT32_MAX)
		return FAIL(err, E_TOOBIG, "more than 4 GiB");
	SCOPE(tmp, out) {
		z_stream *z = NEW(tmp, z_stream);

		if (inflateInit2(z, 16 + MAX_WBITS) != Z_OK)
			return FAIL(err, E_BUG, "inflateInit");
		arena_defer(tmp, end_inflate, z);
		return inflate_all(out, z, data, ret, err);
	}
	return 0;
}

/* ---- zip ---- */

#define END_SIG 0x06054b50u
#define END_SIZE 22u
#define DIR_SIG 0x02014b50u
#define DIR_SIZE 46u
#define LOCAL_SIG 0x04034b50u
#define LOCAL_SIZE 30u
#define FLAG_ENCRYPTED 1u

struct dir_entry {		/* of the central directory */
	unsigned flags, method;
	uint32_t crc, packed, size, offset;
	struct str name;
	uint64_t from, to;	/* its bytes within the archive */
};

/* The end record lies in the last 64 KiB, behind at most a comment. */
static const uint8_t *find_end(const uint8_t *p, size_t n)
{
	size_t lowest = n > END_SIZE + 65535 ? n - END_SIZE - 65535 : 0;

	for (size_t i = n - END_SIZE + 1; i-- > lowest;)
		if (le32(p + i) == END_SIG &&
		    i + END_SIZE + le16(p + i + 20) == n)
			return p + i;
	return NULL;
}

static int damaged(struct err *err, const char *what)
{
	return FAIL(err, E_INVAL, "zip archive is damaged: %s", what);
}

/* One entry of the central directory at p; `left` bytes remain there. */
static int read_dir(const uint8_t *p, size_t left, struct dir_entry *ret,
		    size_t *ret_size, struct err *err)
{
	struct dir_entry e;
	size_t size;

	if (left < DIR_SIZE || le32(p) != DIR_SIG)
		return damaged(err, "directory");
	e = (struct dir_entry){
		.flags = le16(p + 8), .method = le16(p + 10),
		.crc = le32(p + 16), .packed = le32(p + 20),
		.size = le32(p + 24), .offset = le32(p + 42),
		.name = str_n((const char *)p + DIR_SIZE, le16(p + 28)),
	};
	size = DIR_SIZE + e.name.n + le16(p + 30) + le16(p + 32);
	if (size > left)
		return damaged(err, "directory");
	if (e.packed == UINT32_MAX || e.size == UINT32_MAX ||
	    e.offset == UINT32_MAX)
		return FAIL(err, E_MEDIA, "zip64 archives are not read");
	*ret = e;
	*ret_size = size;
	return 0;
}

/* Where the bytes of an entry are. */
static int locate(struct dir_entry *e, const uint8_t *p, size_t n,
		  struct err *err)
{
	if ((uint64_t)e->offset + LOCAL_SIZE > n ||
	    le32(p + e->offset) != LOCAL_SIG)
		return damaged(err, "an entry lies outside");
	e->from = (uint64_t)e->offset + LOCAL_SIZE +
		le16(p + e->offset + 26) + le16(p + e->offset + 28);
	e->to = e->from + e->packed;
	if (e->to > n)
		return damaged(err, "an entry lies outside");
	if (e->flags & FLAG_ENCRYPTED)
		return FAIL(err, E_MEDIA, "the zip archive is encrypted");
	if (e->method != 0 && e->method != Z_DEFLATED)
		return FAIL(err, E_MEDIA, "zip method %u is not read",
			    e->method);
	if (e->method == 0 && e->packed != e->size)
		return damaged(err, "sizes");
	if (e->size > room_for(e->packed))
		return FAIL(err, E_TOOBIG, "a zip entry of %u bytes unpacks to "
			    "%u", e->packed, e->size);
	return 0;
}

static int unpack(struct arena *out, const struct dir_entry *e,
		  const uint8_t *p, struct str *ret, struct err *err)
{
	uint8_t *buf = NEW_N(out, uint8_t, (size_t)e->size + 1);

	if (e->method == 0) {
		memcpy(buf, p + e->from, e->size);
	} else {
		SCOPE(tmp, out) {
			z_stream *z = NEW(tmp, z_stream);

			if (inflateInit2(z, -MAX_WBITS) != Z_OK)
				return FAIL(err, E_BUG, "inflateInit");
			arena_defer(tmp, end_inflate, z);
			z->next_in = (Bytef *)(uintptr_t)(p + e->from);
			z->avail_in = e->packed;
			z->next_out = buf;
			z->avail_out = e->size + 1;
			if (inflate(z, Z_FINISH) != Z_STREAM_END ||
			    z->total_out != e->size || z->avail_in != 0)
				return damaged(err, "compressed data");
		}
	}
	if (crc32(crc32(0, NULL, 0), buf, e->size) != e->crc)
		return damaged(err, "checksum");
	*ret = str_n((const char *)buf, e->size);
	return 0;
}

/* Entries that share bytes are how a small archive becomes a huge one. */
static bool overlap(const struct dir_entry *e, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = i + 1; k < n; k++)
			if (e[i].offset < e[k].to && e[k].offset < e[i].to)
				return true;
	return false;
}

static int read_entries(const uint8_t *p, size_t n, struct dir_entry *e,
			size_t n_e, const uint8_t *dir, size_t dir_size,
			struct err *err)
{
	uint64_t total = 0;

	for (size_t i = 0; i < n_e; i++) {
		size_t size = 0;
		int rc = read_dir(dir, dir_size, &e[i], &size, err);

		if (rc == 0)
			rc = locate(&e[i], p, n, err);
		if (rc < 0)
			return rc;
		dir += size;
		dir_size -= size;
		total += e[i].size;
		if (total > IMPORT_FILE_MAX)
			return FAIL(err, E_TOOBIG, "the zip archive unpacks to "
				    "more than 2 GiB");
	}
	return overlap(e, n_e) ? damaged(err, "entries overlap") : 0;
}

/* Names are shown on terminals, so that control characters are no part of one. */
static bool is_name(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ' || s.p[i] == 127)
			return false;
	return s.n > 0 && s.n <= NAME_LEN_MAX;
}

int zip_unpack(struct arena *out, struct str data, struct zip_entry **ret,
	       size_t *ret_n, struct err *err)
{
	const uint8_t *p = (const uint8_t *)data.p, *end;
	size_t n_e, dir_at, dir_size, n = 0;
	struct zip_entry *files;
	struct dir_entry *e;
	int rc;

	if (data.n < END_SIZE || (end = find_end(p, data.n)) == NULL)
		return damaged(err, "it has no end record");
	n_e = le16(end + 10);
	dir_size = le32(end + 12);
	dir_at = le32(end + 16);
	if (le16(end + 4) != 0 || le16(end + 6) != 0 || le16(end + 8) != n_e)
		return FAIL(err, E_MEDIA, "zip archives in parts are not read");
	if (dir_at + dir_size > (size_t)(end - p))
		return damaged(err, "directory");
	if (n_e > ENTRIES_MAX)
		return FAIL(err, E_TOOBIG, "the zip archive has more than %d "
			    "entries", ENTRIES_MAX);
	files = NEW_N(out, struct zip_entry, n_e + 1);
	e = NEW_N(out, struct dir_entry, n_e + 1);
	rc = read_entries(p, data.n, e, n_e, p + dir_at, dir_size, err);
	for (size_t i = 0; rc == 0 && i < n_e; i++) {
		if (!is_name(e[i].name))
			return damaged(err, "the name of an entry");
		if (str_ends(e[i].name, "/"))
			continue;		/* a folder */
		files[n].name = str_dup(out, e[i].name);
		rc = unpack(out, &e[i], p, &files[n++].data, err);
	}
	if (rc < 0)
		return rc;
	*ret = files;
	*ret_n = n;
	return 0;
}
