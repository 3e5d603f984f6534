#ifndef ML_MEM_H
#define ML_MEM_H
/* mem.h - how much memory the models of this process hold.
 *
 * Resident memory hides what is lost; these two numbers do not.  They count
 * what models keep, not scratch: made or loaded up, its arena's end down. */
#include "core/arena.h"

/* `bytes` and `tensors` more, until `out` ends. */
void ml_mem_count(struct arena *out, size_t bytes, size_t tensors);
/* Of the process, for orch_ml_arena_bytes and orch_ml_tensors. */
size_t ml_arena_bytes(void);
size_t ml_tensors_live(void);

#endif /* ML_MEM_H */
