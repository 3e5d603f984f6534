#include "config.h"

#include "fuzz_import.h"
#include "market/import_i.h"

/* The archive reader by itself, then as an importer. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new("fuzz", (size_t)1 << 30);
	struct zip_entry *e = NULL;
	struct err err = { 0 };
	size_t n = 0;
	uint64_t total = 0;
	int rc = zip_unpack(a, str_n((const char *)data, size), &e, &n, &err);

	promise("a failure has a code and a sentence",
		rc == 0 || (rc == -(int)err.code && err.msg[0] != '\0'));
	for (size_t i = 0; rc == 0 && i < n; i++) {
		promise("an entry has a name", e[i].name[0] != '\0');
		total += e[i].data.n;
	}
	promise("it does not blow up",
		total <= (uint64_t)size * 250 + n * ((1u << 20) + 1));
	arena_free(&a);
	promise_import(data, size, 0, 0);
	return 0;
}
