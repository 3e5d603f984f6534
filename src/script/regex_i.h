#ifndef SCRIPT_REGEX_I_H
#define SCRIPT_REGEX_I_H
/* regex_i.h - regular expressions of str.match(), by trying ways in order.
 *
 * Characters, ., classes ([a-z], [^...], \d \w \s and their opposites), groups
 * (also (?:...), (?=...), (?!...), (?i) at the beginning), |, * + ? {m,n} with ?
 * for as few as possible, ^ $ \b \B, \1 to \9, \t \n \r \f \xHH \uHHHH.  A
 * character is one of UTF-8.  No memory but its own, and every step is counted:
 * a pattern that would try for ever ends at the budget. */
#include "core/str.h"

/* 1: *ret_at and *ret_n say where; 0: nowhere; -1: *ret_why says what is wrong
 * with the pattern; -2: the budget is used up.  *steps counts down. */
int regex_search(struct str pattern, struct str text, uint64_t *steps,
		 size_t *ret_at, size_t *ret_n, const char **ret_why);

#endif /* SCRIPT_REGEX_I_H */
