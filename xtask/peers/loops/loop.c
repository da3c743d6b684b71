/* The floor of a warm compiled worker: frames from stdin, one answered after the other, and nothing else. `loop echo|add`. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HEAD = 9, MOST = 1 << 20 };
static unsigned char frame[MOST + 1];

static size_t number(const unsigned char *at) {
    return (size_t)at[0] << 24 | (size_t)at[1] << 16 | (size_t)at[2] << 8 | at[3];
}

static size_t add(char *body) {
    const char *a = strstr(body, "\"a\":"), *b = strstr(body, "\"b\":");
    if (!a || !b) exit(1);
    return (size_t)sprintf(body, "{\"sum\":%ld}", atol(a + 4) + atol(b + 4));
}

int main(int count, char **arguments) {
    int adds = count > 1 && strcmp(arguments[1], "add") == 0;
    size_t length = 0;
    for (;;) {
        ssize_t got = read(0, frame + length, MOST - length);
        if (got <= 0) return got < 0;
        length += (size_t)got;
        if (length < HEAD) continue;
        size_t header = number(frame + 1), body = number(frame + 5);
        if (length < HEAD + header + body) continue;
        if (header) memmove(frame + HEAD, frame + HEAD + header, body);
        frame[HEAD + body] = 0;
        if (adds) body = add((char *)frame + HEAD);
        frame[0] = adds ? 'J' : 'T';
        memset(frame + 1, 0, 4);
        for (int byte = 0; byte < 4; byte++) frame[5 + byte] = (unsigned char)(body >> (24 - 8 * byte));
        for (size_t at = 0, whole = HEAD + body; at < whole;) {
            ssize_t written = write(1, frame + at, whole - at);
            if (written < 0) return 1;
            at += (size_t)written;
        }
        length = 0;
    }
}
