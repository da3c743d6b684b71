/* Part of stub.c: what is sent to the host. */
/* -- what is sent ------------------------------------------------------------------------------------------------- */

/* How many bytes the valid UTF-8 character at `at` has; 0: it is none. */
static size_t character(const unsigned char *at, size_t left) {
    if (at[0] < 0x80) return 1;
    size_t size = at[0] >= 0xF0 ? 4 : at[0] >= 0xE0 ? 3 : 2;
    if (at[0] < 0xC2 || at[0] > 0xF4 || left < size) return 0;
    for (size_t index = 1; index < size; index++)
        if ((at[index] & 0xC0) != 0x80) return 0;
    int wrong = (at[0] == 0xE0 && at[1] < 0xA0) || (at[0] == 0xED && at[1] > 0x9F)
        || (at[0] == 0xF0 && at[1] < 0x90) || (at[0] == 0xF4 && at[1] > 0x8F);
    return wrong ? 0 : size;
}

static int is_utf8(const char *data, size_t size) {
    const unsigned char *at = (const unsigned char *)data, *end = at + size;
    while (at < end) {
        uint64_t eight;
        while (end - at >= 8 && (memcpy(&eight, at, 8), (eight & 0x8080808080808080u) == 0)) at += 8;
        if (at == end) break;
        size_t length = character(at, (size_t)(end - at));
        if (!length) return 0;
        at += length;
    }
    return 1;
}

static void put(const char *data, size_t size) {
    if (!reserve(&outgoing, outgoing.size + size)) give_up("no memory");
    memcpy(outgoing.data + outgoing.size, data, size);
    outgoing.size += size;
}

static void put_text(const char *text) { put(text, strlen(text)); }

/* As a JSON string; what is no UTF-8 becomes U+FFFD. */
static void put_string(sf_slice text) {
    const unsigned char *at = (const unsigned char *)text.data, *end = at + text.size;
    put_text("\"");
    while (at < end) {
        size_t size = character(at, (size_t)(end - at));
        char escaped[8];
        if (size == 0) put_text("\\ufffd");
        else if (*at == '"' || *at == '\\') put((char[]){'\\', (char)*at}, 2);
        else if (*at < 0x20) put(escaped, (size_t)snprintf(escaped, sizeof escaped, "\\u%04x", *at));
        else put((const char *)at, size);
        at += size ? size : 1;
    }
    put_text("\"");
}

static int same_name(sf_slice one, sf_slice other) {
    return one.size == other.size && strncasecmp(one.data, other.data, one.size) == 0;
}

/* Code and headers, or nothing where there are none. */
static void put_answer(void) {
    outgoing.size = 0;
    list *headers = &call.answer_headers;
    if (call.code == 0 && headers->count == 0) return;
    char code[32];
    put(code, (size_t)snprintf(code, sizeof code, call.code ? "{\"code\":%d" : "{", call.code));
    if (headers->count) put_text(call.code ? ",\"headers\":{" : "\"headers\":{");
    int named = 0;
    for (size_t index = 0; index < headers->count; index++) {
        sf_slice name = headers->entries[index].name;
        int seen = 0;
        for (size_t before = 0; before < index; before++) seen |= same_name(name, headers->entries[before].name);
        if (seen) continue;
        if (named++) put_text(",");
        put_string(name);
        put_text(":[");
        for (size_t later = index; later < headers->count; later++) {
            if (!same_name(name, headers->entries[later].name)) continue;
            if (later > index) put_text(",");
            put_string(headers->entries[later].value);
        }
        put_text("]");
    }
    if (headers->count) put_text("}");
    put_text("}");
}

static void write_parts(struct iovec *parts, int count) {
    while (count) {
        ssize_t written = writev(TO_HOST, parts, count);
        if (written < 0 && errno != EINTR) give_up("the host cannot be written to");
        for (; written > 0 && count && (size_t)written >= parts->iov_len; parts++, count--) written -= (ssize_t)parts->iov_len;
        if (written > 0) parts->iov_base = (char *)parts->iov_base + written, parts->iov_len -= (size_t)written;
        else while (count && parts->iov_len == 0) parts++, count--;
    }
}

static void put_prefix(char *to, char type, size_t header, size_t body) {
    to[0] = type;
    for (int index = 0; index < 4; index++) {
        to[1 + index] = (char)(header >> (24 - 8 * index));
        to[5 + index] = (char)(body >> (24 - 8 * index));
    }
}

/* A frame with `outgoing` as its header. What was printed is out before it. */
static void send_frame(char type, const char *body, size_t size) {
    char prefix[PREFIX];
    fflush(stdout);
    put_prefix(prefix, type, outgoing.size, size);
    struct iovec parts[] = {{prefix, PREFIX}, {outgoing.data, outgoing.size}, {(char *)body, size}};
    write_parts(parts, 3);
}

static void send_reply(void) {
    char *body = reply.data + ROOM_BEFORE_REPLY;
    if (!reply.room) body = NULL;
    char type = call.kind == SF_JSON ? 'J' : call.kind == SF_BYTES || !is_utf8(body, reply.size) ? 'O' : 'T';
    if (call.streaming) outgoing.size = 0;
    else put_answer();
    if (outgoing.size || !body) {
        send_frame(type, body, reply.size);
        return;
    }
    /* The common case is one piece. */
    fflush(stdout);
    put_prefix(body - PREFIX, type, 0, reply.size);
    struct iovec whole = {body - PREFIX, PREFIX + reply.size};
    write_parts(&whole, 1);
}

static void send_error(char letter, const char *key, sf_slice type, sf_slice message) {
    outgoing.size = 0;
    put_text("{\"");
    put_text(key);
    put_text("\":");
    put_string(type);
    put_text(",\"message\":");
    put_string(message);
    put_text(",\"trace\":\"\"}");
    send_frame(letter, NULL, 0);
}
