#!/bin/sh
# Says hello, and shows what a program learns about its call: the CGI names, and SHORTEDFAAS_*.
echo "Hello from $SHORTEDFAAS_FUNCTION, invocation $SHORTEDFAAS_INVOCATION_ID"
echo "method=$REQUEST_METHOD path_info=$PATH_INFO query=$QUERY_STRING type=$CONTENT_TYPE length=$CONTENT_LENGTH"
echo "caller=$REMOTE_ADDR identity=${SHORTEDFAAS_IDENTITY:-nobody was asked}"
