/* SPDX-License-Identifier: MIT */
#include "app/local_nodes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "control/discover.h"
#include "control/request.h"
#include "io/control_client.h"
#include "io/paths.h"

#define ANSWER_WAIT SECONDS(1)

size_t
local_nodes(const char *of, struct local_node *to, size_t cap)
{
	struct control_client_list list;
	char dir[128], path[256], why[PATHS_WHY_CAP];
	size_t count = 0;

	if (paths_runtime_dir(dir, sizeof(dir), why) != ERR_OK)
		return 0;
	control_client_list(&list, dir);
	for (size_t i = 0; i < list.count && count < cap; i++) {
		struct control_discover d;
		char *answer;

		snprintf(path, sizeof(path), "%s/%s.sock", dir, list.names[i]);
		if ((of != NULL && strstr(list.names[i], of) == NULL) ||
			control_client_request(path, control_request_line(CONTROL_STATUS),
				ANSWER_WAIT, &answer) != ERR_OK)
			continue;
		if (control_discover_parse(&d, answer, strlen(answer)) == ERR_OK &&
			!d.observer && d.address_count > 0) {
			to[count] = (struct local_node){ .id = d.id,
				.at = d.addresses[0] };
			snprintf(to[count].name, sizeof(to[count].name), "%s", d.name);
			count++;
		}
		free(answer);
	}
	control_client_list_fini(&list);
	return count;
}
