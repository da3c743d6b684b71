raise "this import fails on purpose"
