#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/fault.h"
#include "core/sha256.h"
#include "ml/file_i.h"
#include "ml/ml.h"

#define ALIGN 64
#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"
#define HEAD "{\"__metadata__\":{\"sha256\":\""	/* and 64 digits */

static const struct { enum ml_dtype t; const char *name; } dtypes[] = {
	{ ML_F32, "F32" }, { ML_F64, "F64" }, { ML_I32, "I32" }, { ML_U8, "U8" },
};

static const char *dtype_name(enum ml_dtype t)
{
	for (size_t i = 0; i < ARRAY_LEN(dtypes); i++)
		if (dtypes[i].t == t)
			return dtypes[i].name;
	assert(false);
	return NULL;
}

/* ---- writing ------------------------------------------------------------------- */

static size_t up(size_t n)
{
	return (n + ALIGN - 1) / ALIGN * ALIGN;
}

static void head_tensor(struct jw *w, const char *name, const struct ml_tensor *t,
			size_t from, size_t to)
{
	jw_keyn(w, name, strlen(name));
	jw_obj(w);
	jw_kstr(w, "dtype", dtype_name(t->dtype));
	jw_key(w, "shape");
	jw_arr(w);
	for (uint8_t i = 0; i < t->dims; i++)
		jw_u64(w, t->dim[i]);
	jw_arr_end(w);
	jw_key(w, "data_offsets");
	jw_arr(w);
	jw_u64(w, from);
	jw_u64(w, to);
	jw_arr_end(w);
	jw_obj_end(w);
}

static size_t tensor_bytes(const struct ml_tensor *t)
{
	return ml_tensor_len(t) * ml_dtype_size(t->dtype);
}

/* The header, filled up so that the tensors begin aligned. */
static void head(struct sbuf *b, const struct ml_text *text, size_t n_text,
		 const struct ml_tensor *t, size_t n)
{
	size_t at = 0, pads = 0;
	struct jw w;

	jw_init(&w, b);
	jw_obj(&w);
	jw_key(&w, "__metadata__");
	jw_obj(&w);
	jw_kstr(&w, "sha256", ZEROS);
	for (size_t i = 0; i < n_text; i++) {
		jw_keyn(&w, text[i].key, strlen(text[i].key));
		jw_str(&w, text[i].value);
	}
	jw_obj_end(&w);
	for (size_t i = 0; i < n; i++) {
		size_t to = at + tensor_bytes(&t[i]), next = up(to);

		assert(to > at && to <= ML_FILE_MAX);
		head_tensor(&w, t[i].name, &t[i], at, to);
		if (i + 1 < n && next > to) {
			struct ml_tensor pad = { .dtype = ML_U8, .dims = 1,
						 .dim = { (uint32_t)(next - to) } };
			char name[24];

			(void)snprintf(name, sizeof(name), "pad.%zu", pads++);
			head_tensor(&w, name, &pad, to, next);
		}
		at = next;
	}
	jw_obj_end(&w);
	while ((8 + b->len) % ALIGN != 0)
		sbuf_add_c(b, ' ');
}

static void put_le64(unsigned char *p, uint64_t v)
{
	for (size_t i = 0; i < 8; i++)
		p[i] = (unsigned char)(v >> (8 * i));
}

/* The sum of the file with zeros in the sum's place. */
static void sum_of(const unsigned char *p, size_t n, char ret[static 65])
{
	static const char zeros[] = ZEROS;
	size_t at = 8 + strlen(HEAD);
	unsigned char sum[32];
	struct sha256 s;

	sha256_init(&s);
	sha256_add(&s, p, at);
	sha256_add(&s, zeros, 64);
	sha256_add(&s, p + at + 64, n - at - 64);
	sha256_end(&s, sum);
	str_hex(ret, sum, sizeof(sum));
}

static bool has_sum(const unsigned char *p, size_t n)
{
	return n >= 8 + strlen(HEAD) + 64 && memcmp(p + 8, HEAD, strlen(HEAD)) == 0;
}

bool ml_container_sign(void *bytes, size_t n)
{
	char sum[65];

	if (!has_sum(bytes, n))
		return false;
	sum_of(bytes, n, sum);
	memcpy((char *)bytes + 8 + strlen(HEAD), sum, 64);
	return true;
}

void ml_container_write(struct arena *out, const struct ml_text *text, size_t n_text,
			const struct ml_tensor *t, size_t n, const void **ret,
			size_t *ret_n)
{
	SCOPE(tmp, out) {
		struct sbuf b;
		size_t size, at;
		char *bytes;

		sbuf_init(&b, tmp, ML_HEADER_MAX);
		head(&b, text, n_text, t, n);
		assert(sbuf_finish(&b) != NULL && strncmp(b.buf, HEAD, strlen(HEAD)) == 0);
		size = 8 + b.len;
		for (size_t i = 0; i < n; i++)
			size += i + 1 < n ? up(tensor_bytes(&t[i])) : tensor_bytes(&t[i]);
		bytes = arena_alloc(out, size);
		put_le64((unsigned char *)bytes, b.len);
		memcpy(bytes + 8, b.buf, b.len);
		at = 8 + b.len;
		for (size_t i = 0; i < n; i++) {
			memcpy(bytes + at, t[i].data, tensor_bytes(&t[i]));
			at += up(tensor_bytes(&t[i]));
		}
		if (!ml_container_sign(bytes, size))
			assert(!"the header begins with its sum");
		*ret = bytes;
		*ret_n = size;
	}
}

static int save_failed(const char *path, const char *what, struct err *err)
{
	return FAIL(err, E_IO, "%s: %s: %s", path, what, strerror(errno));
}

static int write_all(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t k = write(fd, p, n);

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return -1;
		p += k;
		n -= (size_t)k;
	}
	return 0;
}

static void sync_folder(struct arena *tmp, const char *path)
{
	char *dir = arena_strdup(tmp, path), *cut = strrchr(dir, '/');
	int fd;

	if (cut != NULL)
		cut[cut == dir ? 1 : 0] = '\0';
	fd = open(cut != NULL ? dir : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		(void)fsync(fd);
		close(fd);
	}
}

int ml_file_save(const char *path, const void *bytes, size_t n, struct err *err)
{
	struct arena *a CLEANUP(arena_free) = arena_new("model file", 1 << 20);
	char *temp = arena_printf(a, "%s.tmp%ld", path, (long)getpid());
	const char *what = NULL;
	int fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640), rc;

	if (fd < 0)
		return save_failed(path, "cannot be created", err);
	if (write_all(fd, bytes, n) < 0 || FAULT("ml.file.write"))
		what = "cannot be written";
	else if (fsync(fd) < 0 || FAULT("ml.file.sync"))
		what = "cannot be synced";
	if (what != NULL) {
		rc = save_failed(path, what, err);
		close(fd);
		(void)unlink(temp);
		return rc;
	}
	close(fd);
	if (FAULT("ml.file.rename") || rename(temp, path) < 0) {
		rc = save_failed(path, "cannot be renamed", err);
		(void)unlink(temp);
		return rc;
	}
	sync_folder(a, path);
	return 0;
}

/* ---- reading ------------------------------------------------------------------- */

struct region { const unsigned char *p; size_t n; };

static int broken(struct err *err, const char *what)
{
	return FAIL(err, E_INVAL, "the model file is broken: %s", what);
}

static uint64_t le64(const unsigned char *p)
{
	uint64_t v = 0;

	for (size_t i = 0; i < 8; i++)
		v |= (uint64_t)p[i] << (8 * i);
	return v;
}

/* Dimensions, and the bytes that follow from them. */
static bool read_shape(const struct json *shape, struct ml_tensor *t, size_t *ret_bytes)
{
	size_t bytes = ml_dtype_size(t->dtype), dims = json_len(shape);

	if (json_type(shape) != JSON_ARR || dims > ARRAY_LEN(t->dim))
		return false;
	t->dims = (uint8_t)dims;
	for (size_t i = 0; i < dims; i++) {
		uint64_t d;

		if (!json_u64(json_at(shape, i), &d) || d == 0 || d > UINT32_MAX ||
		    d > ML_FILE_MAX / bytes)
			return false;
		t->dim[i] = (uint32_t)d;
		bytes *= (size_t)d;
	}
	*ret_bytes = bytes;
	return true;
}

static int read_tensor(struct str name, const struct json *j, struct region data,
		       struct ml_tensor *ret, struct err *err)
{
	const struct json *at = json_get(j, "data_offsets");
	struct ml_tensor t = { .name = name.p };
	struct str dtype;
	uint64_t from, to;
	size_t bytes, k = 0;

	if (!json_str(json_get(j, "dtype"), &dtype))
		return broken(err, "a tensor without a type");
	while (k < ARRAY_LEN(dtypes) && !str_eqc(dtype, dtypes[k].name))
		k++;
	if (k == ARRAY_LEN(dtypes))
		return FAIL(err, E_INVAL, "the tensor \"%.60s\" is of type %.10s; F32, F64, "
			    "I32 and U8 are understood", name.p, dtype.p);
	t.dtype = dtypes[k].t;
	if (json_get(j, "shape") == NULL || !read_shape(json_get(j, "shape"), &t, &bytes))
		return broken(err, "a tensor of an impossible shape");
	if (json_type(at) != JSON_ARR || json_len(at) != 2 ||
	    !json_u64(json_at(at, 0), &from) || !json_u64(json_at(at, 1), &to) ||
	    from > to || to > data.n || to - from != bytes)
		return broken(err, "a tensor that lies beyond its bytes");
	/* Read-only in fact: kinds do not write to what they load. */
	t.data = (void *)(uintptr_t)(data.p + from);
	*ret = t;
	return 0;
}

static int by_place(const void *a, const void *b)
{
	const struct ml_tensor *x = a, *y = b;

	return (x->data > y->data) - (x->data < y->data);
}

/* Without holes, without overlaps, to the end. */
static int check_places(const struct ml_tensor *t, size_t n, struct region data,
			struct err *err)
{
	const unsigned char *at = data.p;

	for (size_t i = 0; i < n; i++) {
		if ((const unsigned char *)t[i].data != at)
			return broken(err, "tensors overlap, or leave a hole");
		at += tensor_bytes(&t[i]);
	}
	return at == data.p + data.n ? 0 : broken(err, "bytes that belong to no tensor");
}

/* Drop the pads; bring the others to where their type may be read. */
static void settle(struct arena *out, struct ml_file *f)
{
	size_t w = 0;

	for (size_t i = 0; i < f->n; i++) {
		struct ml_tensor *t = &f->tensor[i];

		if (strncmp(t->name, "pad.", 4) == 0)
			continue;
		if ((uintptr_t)t->data % ALIGN != 0) {
			size_t n = tensor_bytes(t);
			uintptr_t room;

			room = (uintptr_t)arena_alloc(out, n + ALIGN);
			room = (room + ALIGN - 1) / ALIGN * ALIGN;
			memcpy((void *)room, t->data, n);
			t->data = (void *)room;
		}
		f->tensor[w++] = *t;
	}
	f->n = w;
}

static int check_sum(struct region file, struct ml_file *f, struct err *err)
{
	char sum[65];

	if (!has_sum(file.p, file.n))
		return FAIL(err, E_INVAL, "this is no model file of this program (see "
			    "\"orchctl ml import\")");
	sum_of(file.p, file.n, sum);
	if (memcmp(sum, file.p + 8 + strlen(HEAD), 64) != 0)
		return broken(err, "its checksum is another one");
	memcpy(f->sum, sum, sizeof(f->sum));
	return 0;
}

static int read_meta(const struct json *j, struct ml_file *f, struct err *err)
{
	struct str key, text;
	const struct json *v;

	if (json_type(j) != JSON_OBJ)
		return broken(err, "its metadata is no object");
	for (size_t i = 0; json_member(j, i, &key, &v); i++)
		if (!json_str(v, &text))
			return broken(err, "its metadata holds more than texts");
	f->meta = j;
	return 0;
}

int ml_container_read(struct arena *out, const void *bytes, size_t n, unsigned flags,
		      struct ml_file *ret, struct err *err)
{
	struct region file = { bytes, n }, data;
	struct ml_file f = { .meta = NULL };
	const struct json *root, *v;
	struct str key;
	uint64_t len;
	int rc;

	if (n < 8 || n > ML_FILE_MAX)
		return broken(err, n < 8 ? "it is too short" : "it is too long");
	len = le64(file.p);
	if (len > n - 8 || len > ML_HEADER_MAX)
		return broken(err, "its header is longer than itself");
	rc = (flags & ML_OURS) != 0 ? check_sum(file, &f, err) : 0;
	if (rc == 0)
		rc = json_parse(out, (const char *)file.p + 8, (size_t)len, &root, err);
	if (rc < 0)
		return rc;
	if (json_type(root) != JSON_OBJ || json_len(root) > ML_TENSORS_MAX * 2)
		return broken(err, "its header is no list of tensors");
	data = (struct region){ file.p + 8 + len, n - 8 - (size_t)len };
	f.tensor = NEW_N(out, struct ml_tensor, json_len(root) + 1);
	for (size_t i = 0; rc == 0 && json_member(root, i, &key, &v); i++)
		rc = str_eqc(key, "__metadata__") ? read_meta(v, &f, err) :
		     read_tensor(key, v, data, &f.tensor[f.n++], err);
	if (rc == 0) {
		qsort(f.tensor, f.n, sizeof(*f.tensor), by_place);
		rc = check_places(f.tensor, f.n, data, err);
	}
	if (rc < 0)
		return rc;
	settle(out, &f);
	*ret = f;
	return 0;
}

const char *ml_file_text(const struct ml_file *f, const char *key)
{
	struct str s;

	return json_str(json_get(f->meta, key), &s) ? s.p : NULL;
}

struct mapping { void *p; size_t n; };

static void unmap(void *ptr)
{
	struct mapping *m = ptr;

	(void)munmap(m->p, m->n);
}

int ml_file_map(struct arena *out, const char *path, const void **ret, size_t *ret_n,
		struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct mapping *m;
	struct stat st;
	void *p;

	if (fd < 0)
		return FAIL(err, errno == ENOENT ? E_NOTFOUND : E_IO, "%s: %s", path,
			    strerror(errno));
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size < 8 ||
	    (size_t)st.st_size > ML_FILE_MAX) {
		close(fd);
		return FAIL(err, E_INVAL, "%s: is no model file", path);
	}
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (p == MAP_FAILED)
		return FAIL(err, E_IO, "%s: cannot be mapped: %s", path, strerror(errno));
	m = NEW(out, struct mapping);
	*m = (struct mapping){ p, (size_t)st.st_size };
	arena_defer(out, unmap, m);
	*ret = p;
	*ret_n = m->n;
	return 0;
}
