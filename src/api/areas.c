#include "config.h"

#include "api/route.h"

int routes_all(struct arena *out, struct routes **ret, struct err *err)
{
	static const struct area *const areas[] = {
#define X(name) &area_##name,
#include "api/areas.h"
#undef X
	};

	return routes_new(out, areas, ARRAY_LEN(areas), ret, err);
}
