#include "shortedfaas.h"

SF_FUNCTION(lambda) {
    sf_slice input = sf_input(host, request);
    return sf_reply(host, request, SF_TEXT, input.data, input.size);
}
