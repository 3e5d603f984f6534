#ifndef CORE_LOG_I_H
#define CORE_LOG_I_H
/* log_i.h - what only the tests of the log need. */
#include "core/log.h"

/* Write to this descriptor in place of stderr (-1: stderr again). */
void log_to_fd(int fd);
/* Speak the journal's protocol to this socket (NULL: stop). */
bool log_to_journal(const char *socket_path);

#endif /* CORE_LOG_I_H */
