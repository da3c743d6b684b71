/* shortedfaas.h: a function for ShortedFaaS in C, C++ or whatever can call C. Version 1.
 *
 *     #include "shortedfaas.h"
 *
 *     SF_FUNCTION(lambda) {
 *         sf_slice name = sf_input(host, request);
 *         return sf_printf(host, request, "Hello, %.*s!\n", (int)name.size, name.data);
 *     }
 *
 * That is all: the same source is built into a program ("type": "compiled") or loaded as a library ("type": "native").
 * SF_FUNCTION(NAME) defines and exports `int NAME(const sf_host *host, sf_request *request)`; run.json's `handler` names
 * it, `lambda` otherwise. It answers 0; anything else is a failed call (500). What it prints goes to the call's log.
 *
 * Rules. Memory that the host hands out is the host's and ends with the call. A request belongs to the thread that was
 * called. A library may be called by several threads at once, unless run.json says `"thread_safe": false`.
 * Nothing of a call may be used when it has returned. */
#ifndef SHORTEDFAAS_H
#define SHORTEDFAAS_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#ifdef __cplusplus
#include <exception>
extern "C" {
#endif

/* Bytes, not ended by a zero. `data` is null where there is nothing, as for a header that was not sent. */
typedef struct sf_slice { const char *data; size_t size; } sf_slice;

/* One call; only the host looks inside. */
typedef struct sf_request sf_request;

/* What `text` answers. Texts that are not there are empty. */
enum {
    SF_INPUT = 0,        /* the body: valid UTF-8 unless run.json says `"input": "bytes"` */
    SF_METHOD = 1,       /* POST */
    SF_PATH = 2,         /* as requested: /f/resize/large */
    SF_PATH_INFO = 3,    /* what follows the function's name: /large */
    SF_QUERY_STRING = 4, /* as sent, without the question mark */
    SF_CONTENT_TYPE = 5,
    SF_ACCEPT = 6,
    SF_IDENTITY = 7,     /* who calls */
    SF_FUNCTION_NAME = 8,
    SF_ID = 9            /* of this call, as in X-Invocation-Id */
};

/* What `number` answers. */
enum {
    SF_CODE = 0,         /* HTTP status that the answer has: 200, or 202 for an asynchronous call, until it is set */
    SF_DEADLINE_MS = 1,  /* Unix time in milliseconds */
    SF_ASYNCHRONOUS = 2  /* 1 or 0 */
};

/* What `pair` lists. */
enum {
    SF_HEADERS = 0,      /* names in lower case */
    SF_QUERY = 1,        /* decoded; of a name's values the last */
    SF_VARIABLES = 2     /* declared in run.json; in a program they are in its environment too */
};

/* What the reply is. */
enum {
    SF_TEXT = 0,         /* text/plain; charset=utf-8 (if it is no UTF-8: as SF_BYTES) */
    SF_BYTES = 1,        /* application/octet-stream */
    SF_JSON = 2          /* application/json */
};

/* What the host can do for a call. It only grows at its end: ask `size` before using what a later version added. */
typedef struct sf_host {
    /* Of this table, in bytes. */
    size_t size;
    sf_slice (*text)(sf_request *, int which);
    int64_t (*number)(sf_request *, int which);
    /* Entry `index` of a list, from 0: 1, or 0 when there are no more. */
    int (*pair)(sf_request *, int which, size_t index, sf_slice *name, sf_slice *value);
    /* The reply's buffer, `bytes` long and the host's. Asked for again it keeps what fits, and may have moved.
     * Null: no memory. A reply never asked for is empty. */
    char *(*out)(sf_request *, int kind, size_t bytes);
    void (*set_code)(sf_request *, int code);
    /* Adds a header to the answer; a name given twice has two values. */
    void (*set_header)(sf_request *, sf_slice name, sf_slice value);
    /* Sends a piece of the answer now; what is in `out` at the end is the last one. Code and headers are fixed from then
     * on. 0, or not when nobody listens any more. */
    int (*chunk)(sf_request *, const char *data, size_t bytes);
    /* A line for the call's log. */
    void (*log)(sf_request *, sf_slice line);
    /* Why the call fails; the function is to return 1 then. */
    void (*fail)(sf_request *, sf_slice type, sf_slice message);
} sf_host;

typedef int sf_function(const sf_host *host, sf_request *request);

#if defined(__GNUC__)
#define SF_EXPORT __attribute__((visibility("default"), used))
#define SF_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define SF_EXPORT
#define SF_PRINTF(text, first)
#endif

/* Where a program finds its functions by their names; a library's are found by its symbols. */
typedef struct sf_entry { const char *name; sf_function *function; } sf_entry;
#if defined(__ELF__)
#define SF_REGISTER(name) \
    static const sf_entry sf_entry_##name __attribute__((section("sf_functions"), used, aligned(sizeof(void *)))) = {#name, name};
#else
#define SF_REGISTER(name)
#endif

#ifdef __cplusplus
}
#define SF_C extern "C"
#else
#define SF_C
#endif

#if defined(__cplusplus) && (defined(__cpp_exceptions) || defined(__EXCEPTIONS))
/* An exception is a failed call. */
#define SF_FUNCTION(name) \
    static int sf_body_##name(const sf_host *host, sf_request *request); \
    SF_C SF_EXPORT int name(const sf_host *host, sf_request *request) { \
        try { return sf_body_##name(host, request); } \
        catch (const std::exception &error) { return sf_fail(host, request, error.what()); } \
        catch (...) { return sf_fail(host, request, "an exception that is no std::exception"); } \
    } \
    SF_REGISTER(name) \
    static int sf_body_##name([[maybe_unused]] const sf_host *host, [[maybe_unused]] sf_request *request)
#else
#define SF_FUNCTION(name) \
    SF_C SF_EXPORT int name(const sf_host *host, sf_request *request); \
    SF_REGISTER(name) \
    SF_C int name(const sf_host *host, sf_request *request)
#endif

/* The rest makes it short; it is made of the table above alone. */

static inline sf_slice sf_of(const char *text) { sf_slice slice = {text, text ? strlen(text) : 0}; return slice; }
static inline sf_slice sf_input(const sf_host *host, sf_request *request) { return host->text(request, SF_INPUT); }

/* The value of `name` in SF_HEADERS, SF_QUERY or SF_VARIABLES; `data` is null where there is none. */
static inline sf_slice sf_find(const sf_host *host, sf_request *request, int which, const char *name) {
    sf_slice key, value, none = {0, 0};
    size_t size = strlen(name);
    for (size_t index = 0; host->pair(request, which, index, &key, &value); index++)
        if (key.size == size && memcmp(key.data, name, size) == 0) return value;
    return none;
}
static inline sf_slice sf_header(const sf_host *host, sf_request *request, const char *name) { return sf_find(host, request, SF_HEADERS, name); }
static inline sf_slice sf_query(const sf_host *host, sf_request *request, const char *name) { return sf_find(host, request, SF_QUERY, name); }

/* `return sf_fail(host, request, "too large");` */
static inline int sf_fail(const sf_host *host, sf_request *request, const char *message) {
    host->fail(request, sf_of("error"), sf_of(message));
    return 1;
}
/* `return sf_reply(host, request, SF_JSON, data, size);` */
static inline int sf_reply(const sf_host *host, sf_request *request, int kind, const void *data, size_t size) {
    char *out = host->out(request, kind, size);
    if (!out) return sf_fail(host, request, "no memory for the reply");
    if (size) memcpy(out, data, size);
    return 0;
}
/* `return sf_text(host, request, "done");` */
static inline int sf_text(const sf_host *host, sf_request *request, const char *text) { return sf_reply(host, request, SF_TEXT, text, strlen(text)); }
static inline int sf_json(const sf_host *host, sf_request *request, const char *json) { return sf_reply(host, request, SF_JSON, json, strlen(json)); }

/* Replies with a formatted text. */
SF_PRINTF(3, 4)
static inline int sf_printf(const sf_host *host, sf_request *request, const char *format, ...) {
    va_list list, again;
    va_start(list, format);
    va_copy(again, list);
    int size = vsnprintf(0, 0, format, list);
    va_end(list);
    /* One more for vsnprintf's zero; the second `out` takes it away. */
    char *out = size < 0 ? 0 : host->out(request, SF_TEXT, (size_t)size + 1);
    if (out) vsnprintf(out, (size_t)size + 1, format, again);
    va_end(again);
    return out && host->out(request, SF_TEXT, (size_t)size) ? 0 : sf_fail(host, request, "the reply cannot be formatted");
}
static inline void sf_set_header(const sf_host *host, sf_request *request, const char *name, const char *value) { host->set_header(request, sf_of(name), sf_of(value)); }
static inline void sf_log(const sf_host *host, sf_request *request, const char *line) { host->log(request, sf_of(line)); }

#endif
