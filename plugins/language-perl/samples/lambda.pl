# Greets by name. What it prints goes to /history, never into the answer.
use strict;
use warnings;

sub lambda {
    my ($input, $environment) = @_;
    my $name = $input ne '' ? $input : $environment->{query}{name} // 'world';
    print "greeting $name for call $environment->{id}\n";
    return "Hello, $name!";
}
1;
