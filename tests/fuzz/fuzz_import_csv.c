#include "config.h"

#include "fuzz_import.h"

/* CSV in all dialects, plain or in gzip.  The last byte chooses the options. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum tf tfs[] = { 0, TF_1M, TF_1H, TF_1MO };
	unsigned how = size > 0 ? data[size - 1] : 0;

	promise_import(data, size, tfs[how % 4],
		       how & 4 ? IMPORT_SKIP_BROKEN : 0);
	return 0;
}
