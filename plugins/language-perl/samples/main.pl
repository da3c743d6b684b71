use strict;
use warnings;

my $input = join '', <STDIN>;
print 'Hello, ', $input eq '' ? 'world' : $input, '!';
