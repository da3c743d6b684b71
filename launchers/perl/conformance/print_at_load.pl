print "printed at load\n";
sub lambda { return "quiet" }
