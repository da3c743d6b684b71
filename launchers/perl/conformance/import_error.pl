die "this import fails on purpose\n";
