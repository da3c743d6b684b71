/* Part of stub.c: memory of a call, and the JSON that the host sends. */
/* -- memory ------------------------------------------------------------------------------------------------------- */

static int reserve(buffer *into, size_t room) {
    if (room <= into->room) return 1;
    if (room < into->room * 2) room = into->room * 2;
    char *data = realloc(into->data, room);
    if (!data) return 0;
    into->data = data;
    into->room = room;
    return 1;
}

static void give_back(buffer *of) {
    if (of->room > MOST_KEPT) {
        free(of->data);
        memset(of, 0, sizeof *of);
    }
}

static void *keep(size_t size) {
    size = (size + 15) & ~(size_t)15;
    if (!arena || arena->room - arena->used < size) {
        size_t room = size > 4096 ? size : 4096;
        block *fresh = malloc(sizeof *fresh + room);
        if (!fresh) give_up("no memory");
        fresh->next = arena;
        fresh->used = 0;
        fresh->room = room;
        arena = fresh;
    }
    void *data = arena->data + arena->used;
    arena->used += size;
    return data;
}

static sf_slice keep_slice(sf_slice from) {
    char *data = keep(from.size + 1);
    if (from.size) memcpy(data, from.data, from.size);
    return (sf_slice){data, from.size};
}

static void forget_all(void) {
    for (; arena && arena->next; ) {
        block *next = arena->next;
        free(arena);
        arena = next;
    }
    if (arena) arena->used = 0;
}

/* -- JSON that the host sends ------------------------------------------------------------------------------------- */

static const char *skip_space(const char *at, const char *end) {
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r')) at++;
    return at;
}

static const char *skip_string(const char *at, const char *end) {
    for (at++; at < end && *at != '"'; at++)
        if (*at == '\\') at++;
    return at < end ? at + 1 : end;
}

static const char *skip_value(const char *at, const char *end) {
    int depth = 0;
    while (at < end) {
        if (*at == '"') at = skip_string(at, end);
        else if (*at == '{' || *at == '[') depth++, at++;
        else if (*at == '}' || *at == ']') { if (depth == 0) return at; depth--, at++; }
        else if (*at == ',' && depth == 0) return at;
        else at++;
        if (depth == 0 && at < end && (at[-1] == '"' || at[-1] == '}' || at[-1] == ']')) return at;
    }
    return end;
}

/* The next member of an object: 1, and `*at` is behind it. Both are as they are written. */
static int next_member(const char **at, const char *end, sf_slice *key, sf_slice *value) {
    const char *from = skip_space(*at, end);
    while (from < end && (*from == '{' || *from == ',')) from = skip_space(from + 1, end);
    if (from >= end || *from != '"') return 0;
    const char *behind = skip_string(from, end);
    *key = (sf_slice){from, (size_t)(behind - from)};
    from = skip_space(behind, end);
    if (from >= end || *from != ':') return 0;
    from = skip_space(from + 1, end);
    behind = skip_value(from, end);
    *value = (sf_slice){from, (size_t)(behind - from)};
    while (value->size && strchr(" \t\r\n", value->data[value->size - 1])) value->size--;
    *at = behind;
    return 1;
}

static sf_slice member(sf_slice object, const char *name) {
    sf_slice key, value, none = {0, 0};
    size_t size = strlen(name);
    const char *at = object.data, *end = at + object.size;
    while (object.size && next_member(&at, end, &key, &value))
        if (key.size == size + 2 && memcmp(key.data + 1, name, size) == 0) return value;
    return none;
}

static unsigned hexadecimal(const char *at) {
    unsigned value = 0;
    for (int digit = 0; digit < 4; digit++) {
        char one = at[digit];
        value = value * 16 + (unsigned)(one <= '9' ? one - '0' : (one | 32) - 'a' + 10);
    }
    return value;
}

static char *put_character(char *to, unsigned point) {
    if (point < 0x80) *to++ = (char)point;
    else if (point < 0x800) *to++ = (char)(0xC0 | point >> 6), *to++ = (char)(0x80 | (point & 63));
    else {
        if (point < 0x10000) *to++ = (char)(0xE0 | point >> 12);
        else *to++ = (char)(0xF0 | point >> 18), *to++ = (char)(0x80 | (point >> 12 & 63));
        *to++ = (char)(0x80 | (point >> 6 & 63)), *to++ = (char)(0x80 | (point & 63));
    }
    return to;
}

/* The text of a JSON string, kept; of everything else: nothing. */
static sf_slice decode(sf_slice raw) {
    if (raw.size < 2 || raw.data[0] != '"') return (sf_slice){"", 0};
    const char *at = raw.data + 1, *end = raw.data + raw.size - 1;
    if (!memchr(at, '\\', (size_t)(end - at))) return (sf_slice){at, (size_t)(end - at)};
    char *text = keep(raw.size), *to = text;
    while (at < end) {
        if (*at != '\\' || at + 1 >= end) { *to++ = *at++; continue; }
        char escape = at[1];
        at += 2;
        if (escape != 'u') {
            const char *known = "bfnrt", *found = strchr(known, escape);
            *to++ = found && escape ? "\b\f\n\r\t"[found - known] : escape;
        } else if (end - at >= 4) {
            unsigned point = hexadecimal(at);
            at += 4;
            if (point >> 10 == 0x36 && end - at >= 6 && at[0] == '\\' && at[1] == 'u')
                point = 0x10000 + ((point & 1023) << 10) + (hexadecimal(at + 2) & 1023), at += 6;
            to = put_character(to, point);
        }
    }
    return (sf_slice){text, (size_t)(to - text)};
}
