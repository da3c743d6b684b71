/* The stub for C: makes a program that speaks launchers/PROTOCOL.md of the functions that are linked with it. */
#define _GNU_SOURCE
#include "shortedfaas.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <unistd.h>

enum { FROM_HOST = 3, TO_HOST = 4, PREFIX = 9, ROOM_BEFORE_REPLY = 16, MOST_KEPT = 1 << 20 };

typedef struct { char *data; size_t size, room; } buffer;
typedef struct { sf_slice name, value; } pair;
typedef struct { pair *entries; size_t count; int read; } list;
typedef struct block { struct block *next; size_t used, room; char data[]; } block;

struct sf_request {
    sf_slice header, input;
    sf_slice texts[10];
    list lists[3];
    list answer_headers;
    int code, kind, streaming, failed;
    sf_slice error_type, error_message;
};

static sf_request call;
static sf_slice loaded;                  /* the header of the load frame */
static buffer incoming, reply, outgoing; /* `outgoing` holds the headers that are sent */
static block *arena;                     /* lives as long as the call */
static int is_child;                     /* in a child that the function forked */

/* What the linker has gathered of SF_FUNCTION, and functions that were defined without it. */
extern const sf_entry __start_sf_functions[] __attribute__((weak)), __stop_sf_functions[] __attribute__((weak));
extern int lambda(const sf_host *, sf_request *) __attribute__((weak));
extern int sf_handle(const sf_host *, sf_request *) __attribute__((weak));
extern const char __executable_start[], etext[];

static void give_up(const char *what) {
    fprintf(stderr, "shortedfaas: %s\n", what);
    _exit(70);
}

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

/* -- the table that the function sees ----------------------------------------------------------------------------- */

static sf_slice host_text(sf_request *request, int which) {
    static const char *const names[] = {
        NULL, "method", "path", "path_info", "query_string", "content_type", "accept", "identity", "function", "id",
    };
    if (which == SF_INPUT) return request->input;
    if (which < 0 || which > SF_ID) return (sf_slice){"", 0};
    sf_slice *text = &request->texts[which];
    if (!text->data) *text = decode(member(which == SF_FUNCTION_NAME ? loaded : request->header, names[which]));
    return *text;
}

static int64_t host_number(sf_request *request, int which) {
    sf_slice asynchronous = member(request->header, "asynchronous"), deadline;
    int is_asynchronous = asynchronous.size == 4;
    switch (which) {
        case SF_CODE: return request->code ? request->code : is_asynchronous ? 202 : 200;
        case SF_ASYNCHRONOUS: return is_asynchronous;
        case SF_DEADLINE_MS: break;
        default: return 0;
    }
    deadline = member(request->header, "deadline");
    int64_t value = 0;
    for (size_t index = 0; index < deadline.size && deadline.data[index] >= '0' && deadline.data[index] <= '9'; index++)
        value = value * 10 + (deadline.data[index] - '0');
    return value;
}

static void append(list *to, sf_slice name, sf_slice value) {
    /* Grows at each power of two. */
    if ((to->count & (to->count - 1)) == 0) {
        pair *more = keep((to->count ? to->count * 2 : 1) * sizeof *more);
        if (to->count) memcpy(more, to->entries, to->count * sizeof *more);
        to->entries = more;
    }
    to->entries[to->count++] = (pair){name, value};
}

static int host_pair(sf_request *request, int which, size_t index, sf_slice *name, sf_slice *value) {
    static const char *const names[] = {"headers", "query", "variables"};
    if (which < 0 || which > SF_VARIABLES) return 0;
    list *pairs = &request->lists[which];
    if (!pairs->read) {
        sf_slice object = member(which == SF_VARIABLES ? loaded : request->header, names[which]), key, text;
        const char *at = object.data;
        while (object.size && next_member(&at, object.data + object.size, &key, &text)) append(pairs, decode(key), decode(text));
        pairs->read = 1;
    }
    if (index >= pairs->count) return 0;
    *name = pairs->entries[index].name;
    *value = pairs->entries[index].value;
    return 1;
}

static char *host_out(sf_request *request, int kind, size_t bytes) {
    request->kind = kind;
    if (bytes > UINT32_MAX || !reserve(&reply, ROOM_BEFORE_REPLY + bytes)) return NULL;
    reply.size = bytes;
    return reply.data + ROOM_BEFORE_REPLY;
}

static void host_set_code(sf_request *request, int code) { request->code = code ? code : -1; }

static void host_set_header(sf_request *request, sf_slice name, sf_slice value) {
    append(&request->answer_headers, keep_slice(name), keep_slice(value));
}

static int host_chunk(sf_request *request, const char *data, size_t bytes) {
    if (is_child || bytes > UINT32_MAX) return 1;
    if (request->streaming) outgoing.size = 0;
    else put_answer();
    request->streaming = 1;
    send_frame('C', data, bytes);
    return 0;
}

static void host_log(sf_request *request, sf_slice line) {
    (void)request;
    fflush(stdout);
    fprintf(stderr, "%.*s\n", (int)line.size, line.data ? line.data : "");
}

static void host_fail(sf_request *request, sf_slice type, sf_slice message) {
    request->failed = 1;
    request->error_type = keep_slice(type);
    request->error_message = keep_slice(message);
}

static const sf_host host = {
    sizeof host, host_text, host_number, host_pair, host_out, host_set_code, host_set_header, host_chunk, host_log, host_fail,
};

/* -- the program -------------------------------------------------------------------------------------------------- */

static int read_exactly(char *into, size_t size) {
    while (size) {
        ssize_t got = read(FROM_HOST, into, size);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return 0;
        into += got;
        size -= (size_t)got;
    }
    return 1;
}

static uint32_t number_at(const char *at) {
    const unsigned char *bytes = (const unsigned char *)at;
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static int is_code(sf_function *function) {
    const char *at = (const char *)(uintptr_t)function;
    return at >= __executable_start && at < etext;
}

/* `name` is run.json's handler: NAME or FILE.NAME; empty: the usual one. */
static sf_function *find_function(sf_slice name) {
    for (size_t index = 0; index < name.size; index++)
        if (name.data[index] == '.') name = (sf_slice){name.data + index + 1, name.size - index - 1}, index = (size_t)-1;
    const char *usual[] = {"lambda", "sf_handle"};
    size_t registered = __start_sf_functions ? (size_t)(__stop_sf_functions - __start_sf_functions) : 0;
    for (size_t which = 0; which < 2; which++) {
        sf_slice wanted = name.size ? name : sf_of(usual[which]);
        for (size_t index = 0; index < registered; index++) {
            const sf_entry *entry = &__start_sf_functions[index];
            if (strlen(entry->name) == wanted.size && memcmp(entry->name, wanted.data, wanted.size) == 0) return entry->function;
        }
        if (wanted.size == 6 && memcmp(wanted.data, "lambda", 6) == 0 && lambda && is_code(lambda)) return lambda;
        if (wanted.size == 9 && memcmp(wanted.data, "sf_handle", 9) == 0 && sf_handle && is_code(sf_handle)) return sf_handle;
    }
    return registered == 1 && !name.size ? __start_sf_functions[0].function : NULL;
}

static void send_missing(sf_slice name) {
    buffer text = {0};
    size_t registered = __start_sf_functions ? (size_t)(__stop_sf_functions - __start_sf_functions) : 0;
    if (!name.size) name = sf_of("lambda");
    if (!reserve(&text, name.size + 256)) give_up("no memory");
    text.size = (size_t)sprintf(text.data, "the handler `%.*s` is not in the program: write SF_FUNCTION(%.*s) { … }",
        (int)name.size, name.data, (int)name.size, name.data);
    for (size_t index = 0; index < registered && index < 32; index++) {
        const char *known = __start_sf_functions[index].name;
        if (!reserve(&text, text.size + strlen(known) + 64)) give_up("no memory");
        text.size += (size_t)sprintf(text.data + text.size, index ? ", %s" : "; it has %s", known);
    }
    send_error('B', "kind", sf_of("missing"), (sf_slice){text.data, text.size});
}

static sf_function *load(sf_slice header) {
    loaded = header;
    sf_slice name = decode(member(header, "handler"));
    sf_function *function = find_function(name);
    if (!function) {
        send_missing(name);
        exit(1);
    }
    /* What `ps` calls the process: the function, not the file that was executed. */
    char title[16];
    sf_slice called = decode(member(header, "function"));
    snprintf(title, sizeof title, "%.*s", (int)called.size, called.data);
    prctl(PR_SET_NAME, title);
    outgoing.size = 0;
    char hello[128];
    put(hello, (size_t)snprintf(hello, sizeof hello, "{\"protocol\":1,\"pid\":%ld,\"language\":\"c\",\"version\":", (long)getpid()));
    put_string(sf_of(__VERSION__));
    put_text("}");
    send_frame('H', NULL, 0);
    return function;
}

static void invoke(sf_function *function, sf_slice header, sf_slice input) {
    memset(&call, 0, sizeof call);
    call.header = header;
    call.input = input;
    reply.size = 0;
    int answer = function(&host, &call);
    if (is_child) {
        /* What a forked child returns is nobody's answer. */
        fflush(NULL);
        _exit(0);
    }
    if (answer == 0 && !call.failed) send_reply();
    else if (call.failed) send_error('E', "type", call.error_type, call.error_message);
    else {
        char message[64];
        snprintf(message, sizeof message, "the function returned %d", answer);
        send_error('E', "type", sf_of("error"), sf_of(message));
    }
    forget_all();
    give_back(&reply);
}

static void in_child(void) {
    is_child = 1;
    close(FROM_HOST);
    close(TO_HOST);
}

int main(void) {
    fcntl(FROM_HOST, F_SETFD, FD_CLOEXEC);
    fcntl(TO_HOST, F_SETFD, FD_CLOEXEC);
    pthread_atfork(NULL, NULL, in_child);
    sf_function *function = NULL;
    char prefix[PREFIX];
    while (read_exactly(prefix, PREFIX)) {
        size_t header = number_at(prefix + 1), body = number_at(prefix + 5);
        if (!reserve(&incoming, header + body + 1)) give_up("no memory for what the host sends");
        if (!read_exactly(incoming.data, header + body)) break;
        sf_slice head = {incoming.data, header}, input = {incoming.data + header, body};
        if (prefix[0] == 'L' && !function) function = load(head), memset(&incoming, 0, sizeof incoming);
        else if (prefix[0] == 'I' && function) invoke(function, head, input);
        else if (prefix[0] == 'S') break;
        give_back(&incoming);
    }
    exit(0);
}
