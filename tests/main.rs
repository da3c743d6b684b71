//! Black-box tests: the real binary, real plugins, HTTP and files only.
