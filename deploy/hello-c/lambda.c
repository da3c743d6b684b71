#include "shortedfaas.h"

SF_FUNCTION(lambda) {
    sf_slice name = sf_input(host, request);
    return sf_printf(host, request, "Hello, %.*s!\n", (int)name.size, name.data);
}
