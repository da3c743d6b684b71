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

#include "stub_json.h"
#include "stub_frames.h"

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
    for (size_t index = 0; index < deadline.size && deadline.data[index] >= '0' && deadline.data[index] <= '9'; index++) {
        if (value > (INT64_MAX - 9) / 10) return 0;
        value = value * 10 + (deadline.data[index] - '0');
    }
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
