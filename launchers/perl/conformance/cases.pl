# The handlers of launchers/conformance/README.md.
use strict;
use warnings;
use utf8;
use Time::HiRes ();

my $called = 0;
our $not_a_function = 5;

sub echo { return $_[0] }
sub echo_bytes { return $_[0] }
sub map { return { a => 1, b => [\1, undef, 'ü'] } }
sub list { return [1, 2, 3] }
sub number { return 42 }
sub boolean { return JSON::PP::true() }
sub nothing { return }

sub cookies {
    my ($input, $environment) = @_;
    $environment->{response_headers}{'set-cookie'} = ['a=1', 'b=2'];
    return 'two';
}

sub environment {
    my ($input, $environment) = @_;
    return { %$environment, process_variable => $ENV{COLOUR} };
}

sub deadline { return $_[1]{deadline} - Time::HiRes::time() * 1000 }

sub relative_file {
    open my $file, '<', 'data.txt' or die $!;
    return join '', <$file>;
}

sub print_and_raise {
    print "printed by the handler\n";
    die "deliberate\n";
}

sub print_after {
    system '(sleep 0.05; echo printed later) &';
    return 'quiet';
}

sub print_by_a_child {
    system 'echo printed by a child';
    return 'quiet';
}

sub thread_left {
    system 'sleep 60 &';
    return 'left';
}

sub fork_inside {
    fork;
    return 'forked';
}

sub descriptors_of_a_child {
    return scalar `if [ -e /proc/self/fd/3 ] || [ -e /proc/self/fd/4 ]; then printf open; else printf closed; fi`;
}

sub read_stdin { return 'stdin: ' . length join '', <STDIN> }
sub count { return '' . ++$called }

my %wild = (
    unencodable => sub { return { code => sub { 1 } } },
    code => sub {
        $_[1]{code} = 201;
        return 'created';
    },
    headers => sub {
        $_[1]{response_headers}{'content-type'} = 'text/csv';
        $_[1]{response_headers}{'x-case'} = 'yes';
        return 'a,b';
    },
    bad_header => sub {
        $_[1]{response_headers}{'x-bad'} = "a\r\nx-evil: 1";
        return 'bad';
    },
    code_out_of_range => sub {
        $_[1]{code} = 999;
        return 'out of range';
    },
    raise_error => sub { die 'deliberate' },
    raise_unencodable => sub { die "deliberate \xff\xfe\n" },
    exit_inside => sub { exit 3 },
    killed => sub { kill KILL => $$ },
    endless_loop => sub { 1 while 1 },
    recursion => sub { return deeper(1) },
    huge_output => sub { return 'x' x 20_000_000 },
    print_during => sub {
        print 'printed by the handler';
        print STDERR 'and to stderr';
        return 'quiet';
    },
    print_much => sub {
        print 'x' x 2_000_000;
        print STDERR 'y' x 2_000_000;
        return 'quiet';
    },
    close_fd3 => sub {
        open my $frames, '<&=', 3 or die $!;
        close $frames;
        return 'closed';
    },
    scribble_fd4 => sub {
        open my $frames, '>&=', 4 or die $!;
        syswrite $frames, 'this is not a frame!';
        1 while 1;
    },
);

no warnings 'recursion';
sub deeper { return 1 + deeper(@_) }

# Those leave a calm input alone.
require JSON::PP;
for my $name (keys %wild) {
    no strict 'refs';
    *{"main::$name"} = sub { return $_[0] eq 'calm' ? $_[0] : $wild{$name}->(@_) };
}
1;
