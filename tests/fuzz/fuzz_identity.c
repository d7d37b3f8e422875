/* SPDX-License-Identifier: MIT */
/* What people write: key files, fabric key files, seeds. */
#include <assert.h>
#include <string.h>

#include "identity/admission.h"
#include "identity/identity.h"
#include "identity/name.h"

#define TEXT_CAP 256

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void
key_file(struct view file)
{
	struct identity i, again;
	char line[IDENTITY_FILE_LEN + 1];

	if (identity_parse(&i, file) < 0)
		return;
	assert(identity_is_valid_id(&i.id));
	identity_print(&i, line);
	assert(identity_parse(
		       &again, (struct view){(uint8_t *)line, IDENTITY_FILE_LEN}) == 0);
	assert(memcmp(&i, &again, sizeof i) == 0);
}

static void
fabric_key_file(struct view file)
{
	struct fabric_key k, again;
	char line[FABRIC_KEY_FILE_LEN + 1];

	if (fabric_key_parse(&k, file) < 0)
		return;
	fabric_key_print(&k, line);
	assert(fabric_key_parse(
		       &again, (struct view){(uint8_t *)line, FABRIC_KEY_FILE_LEN}) == 0);
	assert(again.present && memcmp(k.bytes, again.bytes, sizeof k.bytes) == 0);
}

static void
seed(const char *text)
{
	char why[NAME_WHY_CAP];
	struct seed s;

	if (seed_parse(&s, text, why) == 0) {
		assert(identity_is_valid_id(&s.id) && s.address.port > 0);
		assert(s.address.family == 4 || s.address.family == 6);
		return;
	}
	assert(why[0] && strlen(why) < sizeof why);
	for (const char *c = why; *c; c++)
		assert((unsigned char)*c >= 0x20 && *c != 0x7f);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct view file = {bytes, len};
	char text[TEXT_CAP] = {0};

	key_file(file);
	fabric_key_file(file);
	if (len > 0)
		memcpy(text, bytes, len < TEXT_CAP ? len : TEXT_CAP - 1);
	seed(text);
	return 0;
}
