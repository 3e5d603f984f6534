#include "config.h"

#define KERN	portable
#define KERN_NAME "portable"
#define VB	16
#define MR	4
#define NV	2
#include "ml/kern_body_i.h"
