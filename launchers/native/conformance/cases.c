/* The handlers of launchers/conformance/README.md in C. */
#define _GNU_SOURCE
#include "shortedfaas.h"
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CALM \
    do { \
        sf_slice input = sf_input(host, request); \
        if (input.size == 4 && memcmp(input.data, "calm", 4) == 0) return sf_text(host, request, "calm"); \
    } while (0)

SF_FUNCTION(echo) {
    sf_slice input = sf_input(host, request);
    return sf_reply(host, request, SF_TEXT, input.data, input.size);
}

SF_FUNCTION(echo_bytes) {
    sf_slice input = sf_input(host, request);
    return sf_reply(host, request, SF_BYTES, input.data, input.size);
}

SF_FUNCTION(map) { return sf_json(host, request, "{\"a\": 1, \"b\": [true, null, \"ü\"]}"); }
SF_FUNCTION(list) { return sf_json(host, request, "[1, 2, 3]"); }
SF_FUNCTION(number) { return sf_json(host, request, "42"); }
SF_FUNCTION(boolean) { return sf_json(host, request, "true"); }
SF_FUNCTION(nothing) { return 0; }

SF_FUNCTION(code) {
    CALM;
    host->set_code(request, 201);
    return sf_text(host, request, "created");
}

SF_FUNCTION(headers) {
    CALM;
    sf_set_header(host, request, "content-type", "text/csv");
    sf_set_header(host, request, "x-case", "yes");
    return sf_text(host, request, "a,b");
}

SF_FUNCTION(cookies) {
    sf_set_header(host, request, "set-cookie", "a=1");
    sf_set_header(host, request, "Set-Cookie", "b=2");
    return sf_text(host, request, "two");
}

SF_FUNCTION(bad_header) {
    CALM;
    sf_set_header(host, request, "x-bad", "a\r\nx-evil: 1");
    return sf_text(host, request, "bad");
}

SF_FUNCTION(code_out_of_range) {
    CALM;
    host->set_code(request, 999);
    return sf_text(host, request, "out of range");
}

static void print_string(FILE *to, sf_slice text) {
    fputc('"', to);
    for (size_t index = 0; index < text.size; index++) {
        unsigned char one = (unsigned char)text.data[index];
        if (one < 0x20 || one == '"' || one == '\\') fprintf(to, "\\u%04x", one);
        else fputc(one, to);
    }
    fputc('"', to);
}

SF_FUNCTION(environment) {
    static const char *const texts[] = {
        "", "method", "path", "path_info", "query_string", "content_type", "accept", "identity", "function", "id",
    };
    static const char *const maps[] = {"headers", "query", "variables"};
    char *json = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&json, &size);
    fprintf(to, "{\"code\": %d, \"response_headers\": {}, \"deadline\": %lld, \"asynchronous\": %s", (int)host->number(request, SF_CODE),
        (long long)host->number(request, SF_DEADLINE_MS), host->number(request, SF_ASYNCHRONOUS) ? "true" : "false");
    for (int which = SF_METHOD; which <= SF_ID; which++) {
        fprintf(to, ", \"%s\": ", texts[which]);
        print_string(to, host->text(request, which));
    }
    for (int which = SF_HEADERS; which <= SF_VARIABLES; which++) {
        sf_slice name, value;
        fprintf(to, ", \"%s\": {", maps[which]);
        for (size_t index = 0; host->pair(request, which, index, &name, &value); index++) {
            fputs(index ? ", " : "", to);
            print_string(to, name);
            fputs(": ", to);
            print_string(to, value);
        }
        fputs("}", to);
    }
    fputs(", \"process_variable\": ", to);
    print_string(to, sf_of(getenv("COLOUR")));
    fputs("}", to);
    fclose(to);
    int answer = sf_reply(host, request, SF_JSON, json, size);
    free(json);
    return answer;
}

SF_FUNCTION(deadline) {
    struct timespec now;
    char left[32];
    clock_gettime(CLOCK_REALTIME, &now);
    long long now_ms = now.tv_sec * 1000LL + now.tv_nsec / 1000000;
    snprintf(left, sizeof left, "%lld", (long long)host->number(request, SF_DEADLINE_MS) - now_ms);
    return sf_json(host, request, left);
}

SF_FUNCTION(relative_file) {
    char text[1024];
    FILE *file = fopen("data.txt", "r");
    if (!file) return sf_fail(host, request, "data.txt cannot be opened");
    size_t size = fread(text, 1, sizeof text, file);
    fclose(file);
    return sf_reply(host, request, SF_TEXT, text, size);
}

SF_FUNCTION(raise_error) {
    CALM;
    return sf_fail(host, request, "deliberate");
}

SF_FUNCTION(raise_unencodable) {
    CALM;
    return sf_fail(host, request, "deliberate \xff\xed\xa0\x80 \"\\\n");
}

SF_FUNCTION(exit_inside) {
    CALM;
    exit(3);
}

SF_FUNCTION(killed) {
    CALM;
    kill(getpid(), SIGKILL);
    return 0;
}

SF_FUNCTION(endless_loop) {
    CALM;
    for (volatile unsigned turns = 0;; turns++) {}
    return 0;
}

static int deeper(volatile char *above) {
    volatile char here[1024];
    here[0] = above ? above[0] : 1;
    return deeper(here) + here[0];
}

SF_FUNCTION(recursion) {
    CALM;
    return deeper(NULL);
}

SF_FUNCTION(huge_output) {
    CALM;
    char *out = host->out(request, SF_TEXT, 20000000);
    if (out) memset(out, 'x', 20000000);
    return 0;
}

SF_FUNCTION(print_during) {
    CALM;
    printf("printed by the handler");
    fprintf(stderr, "and to stderr");
    return sf_text(host, request, "quiet");
}

SF_FUNCTION(print_and_raise) {
    printf("printed by the handler");
    return sf_fail(host, request, "deliberate");
}

SF_FUNCTION(print_much) {
    CALM;
    for (int line = 0; line < 20000; line++) {
        printf("%99d\n", line);
        fprintf(stderr, "%99d\n", line);
    }
    return sf_text(host, request, "quiet");
}

static void *print_later(void *nothing) {
    usleep(50000);
    printf("printed later\n");
    fflush(stdout);
    return nothing;
}

static void *go_on(void *nothing) {
    sleep(60);
    return nothing;
}

static int start(void *(*body)(void *)) {
    pthread_t thread;
    return pthread_create(&thread, NULL, body, NULL) || pthread_detach(thread);
}

SF_FUNCTION(print_after) {
    if (start(print_later)) return sf_fail(host, request, "no thread");
    return sf_text(host, request, "quiet");
}

SF_FUNCTION(print_by_a_child) {
    if (system("echo printed by a child")) return sf_fail(host, request, "no child");
    return sf_text(host, request, "quiet");
}

SF_FUNCTION(thread_left) {
    if (start(go_on)) return sf_fail(host, request, "no thread");
    return sf_text(host, request, "left");
}

SF_FUNCTION(fork_inside) {
    if (fork() < 0) return sf_fail(host, request, "no child");
    return sf_text(host, request, "forked");
}

SF_FUNCTION(descriptors_of_a_child) {
    char said[16] = "";
    FILE *child = popen("if [ -e /proc/self/fd/3 ] || [ -e /proc/self/fd/4 ]; then printf open; else printf closed; fi", "r");
    if (!child || !fgets(said, sizeof said, child)) return sf_fail(host, request, "no child");
    pclose(child);
    return sf_text(host, request, said);
}

SF_FUNCTION(read_stdin) {
    int bytes = 0;
    while (getchar() != EOF) bytes++;
    return sf_printf(host, request, "stdin: %d", bytes);
}

SF_FUNCTION(close_fd3) {
    CALM;
    close(3);
    return sf_text(host, request, "closed");
}

SF_FUNCTION(scribble_fd4) {
    CALM;
    if (write(4, "this is not a frame!", 20) != 20) return sf_fail(host, request, "descriptor 4 cannot be written to");
    for (volatile unsigned turns = 0;; turns++) {}
    return 0;
}

SF_FUNCTION(count) {
    static int calls;
    return sf_printf(host, request, "%d", ++calls);
}

int not_a_function = 42;
