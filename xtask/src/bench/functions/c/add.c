#include "shortedfaas.h"

SF_FUNCTION(lambda) {
    char text[128], answer[64];
    sf_slice input = sf_input(host, request);
    long a, b;
    snprintf(text, sizeof text, "%.*s", (int)input.size, input.data);
    if (sscanf(text, " { \"a\" : %ld , \"b\" : %ld }", &a, &b) != 2) return sf_fail(host, request, "a and b are missing");
    snprintf(answer, sizeof answer, "{\"sum\":%ld}", a + b);
    return sf_json(host, request, answer);
}
