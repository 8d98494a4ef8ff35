/* The script: what happens on the pins, and when. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "board.h"

/* Cycle 0 is SCRIPT_ENDED, so what is to happen there happens at 1. */
static void add(struct script *script, uint64_t at, const char *what)
{
	script->events = realloc(script->events, (script->count + 1) * sizeof *script->events);
	char *copy = strdup(what);
	if (!script->events || !copy)
		abort();
	script->events[script->count++] = (struct event){at ? at : 1, copy};
}

void script_read(struct script *script, const char *path)
{
	FILE *file = fopen(path, "r");
	if (!file)
		fail("the script %s cannot be read: %s", path, strerror(errno));
	char *line = NULL;
	size_t size = 0;
	while (getline(&line, &size, file) > 0) {
		unsigned long long ms;
		int begins = 0;
		line[strcspn(line, "\n")] = 0;
		if (sscanf(line, "at %llu %n", &ms, &begins) < 1 || begins == 0)
			fail("the script has \"%s\": a line begins with \"at MS\"", line);
		add(script, ms * CYCLES_PER_MS, line + begins);
	}
	free(line);
	fclose(file);
}

uint64_t script_next(const struct script *script)
{
	return script->next < script->count ? script->began + script->events[script->next].at : SCRIPT_ENDED;
}

const char *script_take(struct script *script, uint64_t now)
{
	if (script->next == script->count || script_next(script) > now)
		return NULL;
	return script->events[script->next++].what;
}

/* Each round takes the time of its "repeat", the one that was just taken. */
void script_repeat(struct script *script)
{
	uint64_t round = script->events[script->next - 1].at;
	if (round == 1)
		fail("the script repeats at 0 ms: it would do nothing else");
	script->began += round;
	script->next = 0;
}
