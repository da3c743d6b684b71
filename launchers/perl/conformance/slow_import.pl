select undef, undef, undef, 1.5;
sub lambda { return "slow" }
