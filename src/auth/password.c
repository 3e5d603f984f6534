#include "config.h"

#include <string.h>

#include "auth/auth_i.h"

#define SURPRISE_MIN	8	/* characters nobody can foresee */
#define TOKEN_COST	2	/* a known word, a sequence, a repetition */
#define WORD_MIN	3
#define WORD_MAX	40

/* Of a password that nobody knows; what an unknown name is checked against.
 * A unit test checks that its parameters are those of new hashes. */
const char pw_decoy[] =
	"$argon2id$v=19$m=65536,t=3,p=1$jHPQdqp9ct14NNn/i"
	"0vZRA$fG3V8spL4knKB9C5rD9C3Kk83A0p+BJDoxsWXJYm6vI";

int pw_hash(struct auth *a, struct str password, char out[static PWHASH_MAX],
	    struct err *err)
{
	if (crypto_pwhash_str_alg(out, password.p, password.n, a->ops, a->mem,
				  crypto_pwhash_ALG_ARGON2ID13) != 0)
		return FAIL(err, E_BUSY, "no memory to hash a password");
	return 0;
}

bool pw_verify(const char *hash, struct str password)
{
	bool known = hash != NULL;
	int bad;

	/* Longer ones are never set; they cost no more than short ones. */
	if (password.n > AUTH_PASSWORD_MAX) {
		known = false;
		password.n = AUTH_PASSWORD_MAX;
	}
	bad = crypto_pwhash_str_verify(known ? hash : pw_decoy, password.p,
				       password.n);
	return known && bad == 0;
}

bool pw_needs_rehash(const struct auth *a, const char *hash)
{
	return crypto_pwhash_str_needs_rehash(hash, a->ops, a->mem) != 0;
}

int pw_make(struct auth *a, struct str password, struct str name,
	    char out[static PWHASH_MAX], struct err *err)
{
	struct gate g;
	int rc = auth_password_check(password, name, err);

	if (rc == 0)
		rc = gate_enter(a, &g, err);
	if (rc < 0)
		return rc;
	rc = pw_hash(a, password, out, err);
	gate_leave(&g);
	return rc;
}

/* ---- rules ---------------------------------------------------------------- */

static char plain(char c)
{
	static const char from[] = "0134578@$!|", to[] = "oleastbasil";
	const char *p;

	if (c >= 'A' && c <= 'Z')
		return (char)(c + 'a' - 'A');
	p = c != '\0' ? strchr(from, c) : NULL;
	return p != NULL ? to[p - from] : c;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
}

static bool is_common(const char *s, size_t n)
{
	size_t lo = 0, hi = auth_common_n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		const char *w = auth_common[mid];
		int d = strncmp(w, s, n);

		if (d == 0 && w[n] == '\0')
			return true;
		if (d < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return false;
}

/* How far what begins at s goes on as 111, 123, 321 or along a keyboard row. */
static size_t sequence(const char *s, size_t n)
{
	static const char *const rows[] = {
		"qwertyuiop", "asdfghjkl", "zxcvbnm", "1234567890",
		"poiuytrewq", "lkjhgfdsa", "mnbvcxz", "0987654321",
	};
	size_t len = 1, best = 0;

	if (n < WORD_MIN)
		return 0;
	for (int step = s[1] - s[0]; len < n && step >= -1 && step <= 1 &&
	     s[len] - s[len - 1] == step; len++)
		;
	best = len;
	for (size_t r = 0; r < ARRAY_LEN(rows); r++) {
		const char *p = strchr(rows[r], s[0]);

		for (len = 0; p != NULL && p[len] != '\0' && len < n &&
		     p[len] == s[len]; len++)
			;
		if (len > best)
			best = len;
	}
	return best >= WORD_MIN ? best : 0;
}

/* How many characters at s repeat the ones just before them. */
static size_t repetition(const char *from, const char *s, size_t n)
{
	size_t best = 0;

	for (size_t back = 1; back <= (size_t)(s - from); back++) {
		size_t len = 0;

		while (len < n && s[len] == s[len - back])
			len++;
		if (len > best)
			best = len;
	}
	return best >= WORD_MIN ? best : 0;
}

static bool is_year(const char *s, size_t n)
{
	return n == 4 && ((s[0] == '1' && s[1] == '9') ||
			  (s[0] == '2' && s[1] == '0')) &&
	       s[2] >= '0' && s[2] <= '9' && s[3] >= '0' && s[3] <= '9';
}

static bool is_token(const char *low, const char *flat, size_t n,
		     struct str name)
{
	return is_common(low, n) || is_common(flat, n) || is_year(low, n) ||
	       (name.n >= WORD_MIN && str_eq(str_n(low, n), name));
}

/* The cheapest way to write the password as known pieces and single
 * characters (dynamic programming from the end of what is known so far). */
unsigned pw_surprise(struct str password, struct str name)
{
	char low[AUTH_PASSWORD_MAX], flat[AUTH_PASSWORD_MAX];
	unsigned cost[AUTH_PASSWORD_MAX + 1] = { 0 };
	size_t n = password.n < sizeof(low) ? password.n : sizeof(low);

	for (size_t i = 0; i < n; i++) {
		low[i] = lower(password.p[i]);
		flat[i] = plain(password.p[i]);
		cost[i + 1] = ~0u;
	}
	for (size_t i = 0; i < n; i++) {
		size_t most = n - i < WORD_MAX ? n - i : WORD_MAX;
		size_t known[] = { sequence(low + i, n - i),
				   repetition(low, low + i, n - i) };

		if (cost[i] + 1 < cost[i + 1])
			cost[i + 1] = cost[i] + 1;
		for (size_t k = 0; k < ARRAY_LEN(known); k++)
			for (size_t len = WORD_MIN; len <= known[k]; len++)
				if (cost[i] + TOKEN_COST < cost[i + len])
					cost[i + len] = cost[i] + TOKEN_COST;
		for (size_t len = WORD_MIN; len <= most; len++)
			if (cost[i] + TOKEN_COST < cost[i + len] &&
			    is_token(low + i, flat + i, len, name))
				cost[i + len] = cost[i] + TOKEN_COST;
	}
	sodium_memzero(low, sizeof(low));
	sodium_memzero(flat, sizeof(flat));
	return cost[n];
}

size_t utf8_chars(struct str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
	return n;
}

int auth_password_check(struct str password, struct str name, struct err *err)
{
	if (!str_utf8_valid(password) ||
	    memchr(password.p, '\0', password.n) != NULL)
		return FAIL(err, E_UNPROCESSABLE, "The password is not text.");
	if (password.n > AUTH_PASSWORD_MAX)
		return FAIL(err, E_UNPROCESSABLE, "The password is longer than "
			    "%d bytes.", AUTH_PASSWORD_MAX);
	if (utf8_chars(password) < AUTH_PASSWORD_MIN)
		return FAIL(err, E_UNPROCESSABLE, "The password is shorter than "
			    "%d characters.", AUTH_PASSWORD_MIN);
	if (pw_surprise(password, name) < SURPRISE_MIN)
		return FAIL(err, E_UNPROCESSABLE, "The password is easy to guess: "
			    "it is made of common words, sequences or repetitions.");
	return 0;
}

int auth_name_check(struct str name, struct err *err)
{
	bool good = name.n >= 1 && name.n <= AUTH_NAME_MAX &&
		    name.p[0] >= 'a' && name.p[0] <= 'z';

	for (size_t i = 0; i < name.n && good; i++) {
		char c = name.p[i];

		good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
		       c == '.' || c == '_' || c == '-';
	}
	if (!good)
		return FAIL(err, E_UNPROCESSABLE, "A name has 1 to %d characters: "
			    "small letters, digits, '.', '_' and '-', a letter "
			    "first.", AUTH_NAME_MAX);
	return 0;
}

void auth_password_random(char out[static AUTH_RANDOM_LEN + 1])
{
	static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz"
				       "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

	for (size_t i = 0; i < AUTH_RANDOM_LEN; i++)
		out[i] = alphabet[randombytes_uniform(sizeof(alphabet) - 1)];
	out[AUTH_RANDOM_LEN] = '\0';
}
