error "this import fails on purpose"
