#include "config.h"

#include "fuzz_import.h"

/* freqtrade's JSON: what follows an opening bracket. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	promise("there is memory", text != NULL);
	text[0] = '[';
	memcpy(text + 1, data, size);
	promise_import((uint8_t *)text, size + 1, 0, 0);
	promise_import((uint8_t *)text, size + 1, TF_1H, IMPORT_SKIP_BROKEN);
	free(text);
	return 0;
}
