# Hosts the handler of a Perl function (launchers/PROTOCOL.md).
package ShortedFaaS::Exit;
use overload '""' => sub { "exit($_[0]{status}) inside the handler" }, fallback => 1;

package ShortedFaaS::Environment;
# `$environment->{path}`: what is looked at is a hash, made of the frame's header when it is first looked at.
use overload '%{}' => sub { ${ $_[0] }->() }, fallback => 1;

package ShortedFaaS;
use strict;
use warnings;
use IO::Handle;

require((__FILE__ =~ m{\A/} ? '' : './') . (__FILE__ =~ s/[^\/]+\z/json.pl/r));

# Before any of the function's code is compiled.
our $asked_to_exit;

BEGIN {
    *CORE::GLOBAL::exit = sub (;$) {
        CORE::exit($_[0] // 0) if $$ != $ShortedFaaS::pid;
        die $asked_to_exit = bless { status => $_[0] // 0 }, 'ShortedFaaS::Exit';
    };
}

our $pid = $$;
my ($from, $to);

sub start {
    open $from, '<&=', 3 or CORE::exit(1);
    open $to, '>&=', 4 or CORE::exit(1);
    binmode $_ for $from, $to;
    # F_SETFD, FD_CLOEXEC: the numbers of Linux, without loading Fcntl.
    fcntl $_, 2, 1 for $from, $to;
    my ($type, $header) = receive();
    CORE::exit($type ? 1 : 0) if ($type // '') ne 'L';
    my $load = decode($header);
    my $handler = load_handler($load);
    my $version = sprintf '%vd', $^V;
    answer('H', encode({ protocol => 1, pid => 0 + $pid, language => 'perl', version => $version }), '');
    while (my ($kind, $head, $body) = receive()) {
        last if $kind eq 'S';
        call($handler, $load, $head, $body) if $kind eq 'I';
    }
    STDOUT->flush;
    CORE::exit(0);
}

my $unread = '';

# Type, header and body of the next frame; nothing: the host has gone.
sub receive {
    my $head = take(9) // return;
    my ($type, $header_length, $body_length) = unpack 'a1NN', $head;
    my $header = take($header_length) // return;
    my $body = take($body_length) // return;
    return ($type, $header, $body);
}

sub take {
    my ($length) = @_;
    while (length $unread < $length) {
        my $missing = $length - length $unread;
        my $count = sysread $from, $unread, $missing > 65536 ? $missing : 65536, length $unread;
        next if !defined $count && $!{EINTR};
        return if !$count;
    }
    return substr $unread, 0, $length, '';
}

# What was printed comes first.
sub answer {
    my ($type, $header, $body) = @_;
    STDOUT->flush;
    my $frame = pack('a1NN', $type, length $header, length $body) . $header . $body;
    my $done = 0;
    while ($done < length $frame) {
        my $count = syswrite $to, $frame, length($frame) - $done, $done;
        CORE::exit(1) if !defined $count && !$!{EINTR};
        $done += $count // 0;
    }
    return;
}

sub call {
    my ($handler, $load, $header, $body) = @_;
    undef $asked_to_exit;
    utf8::decode($body) if $load->{input} eq 'text';
    my ($attributes, $text);
    my $environment = bless \(my $made = sub { $attributes //= attributes($load, $header) }), 'ShortedFaaS::Environment';
    local $@;
    my $fine = eval {
        my @answer = output(scalar $handler->($body, $environment));
        $text = $attributes ? header_of($attributes) : '';
        $body = \@answer;
        1;
    };
    my $error = $@;
    if ($$ != $pid) {
        # A forked child must not answer.
        STDOUT->flush;
        CORE::exit(0);
    }
    $fine = 0, $error = $asked_to_exit if $asked_to_exit;
    return answer($body->[0], $text, $body->[1]) if $fine;
    return answer('E', encode({ type => $asked_to_exit ? 'exit' : ref $error || 'error', message => message_of($error), trace => '' }), '');
}

sub attributes {
    my ($load, $header) = @_;
    my $values = decode($header);
    return {
        %$values, code => $values->{asynchronous} ? 202 : 200, response_headers => {},
        function => $load->{function}, variables => { %{ $load->{variables} } },
    };
}

sub header_of {
    my ($attributes) = @_;
    my ($code, $headers) = @$attributes{qw(code response_headers)};
    die "environment.code is no whole number: " . ($code // 'undef') . "\n" if ($code // '') !~ /\A-?[0-9]{1,9}\z/;
    die "environment.response_headers is no hash\n" if ref $headers ne 'HASH';
    return '' if $code == 200 && !%$headers && !$attributes->{asynchronous};
    my %texts = map { $_ => ref $headers->{$_} eq 'ARRAY' ? [map { "$_" } @{ $headers->{$_} }] : "$headers->{$_}" } keys %$headers;
    return encode({ code => 0 + $code, %texts ? (headers => \%texts) : () });
}

# Kind of frame and body of what was returned. A text of characters is encoded; one of bytes is what it is.
sub output {
    my ($value) = @_;
    return ('T', '') if !defined $value;
    return ('J', encode($value)) if ref $value || is_number($value);
    return ('T', $value) if $value !~ /[^\x00-\x7f]/;
    my $characters = $value;
    utf8::is_utf8($value) ? utf8::encode($value) : utf8::decode($characters) || return ('O', $value);
    return (is_unicode($characters) ? 'T' : 'O', $value);
}

sub message_of {
    my ($error) = @_;
    my $message = eval { ref $error eq 'HASH' || ref $error eq 'ARRAY' ? encode($error) : "$error" } // 'an error without a message';
    utf8::encode($message) if utf8::is_utf8($message);
    chomp $message;
    # Bytes that are no UTF-8 become replacement characters.
    require Encode;
    return Encode::decode('UTF-8', substr($message, 0, 65_536), Encode::FB_DEFAULT());
}

sub broken {
    my ($kind, $error) = @_;
    answer('B', encode({ kind => $kind, message => message_of($error), trace => '' }), '');
    CORE::exit(1);
}

sub load_handler {
    my ($load) = @_;
    my $file = $load->{file} =~ m{^/} ? $load->{file} : "./$load->{file}";
    broken('missing', "the handler's file $load->{file} is not in the folder") if !-f $file;
    unshift @INC, map { "$load->{folder}/$_" } 'lib', 'local/lib/perl5', $load->{file} =~ m{\A(.+)/} ? $1 : ();
    push @INC, $load->{folder};
    my $returned = main_do($file);
    my $error = $@;
    broken('load', "$load->{file} called exit while it was loaded") if $asked_to_exit;
    if ($error) {
        broken($error =~ /\ACan't locate \S+ in \@INC/ ? 'import' : $error =~ /syntax error|compilation errors|aborted due to/ ? 'syntax' : 'load', $error);
    }
    return $returned if ref $returned eq 'CODE';
    my @names = defined $load->{handler} ? $load->{handler} : qw(lambda handler);
    for my $name (@names) {
        no strict 'refs';
        my $found = ref $returned eq 'HASH' ? $returned->{$name} : undef;
        $found //= *{ $name =~ /::/ ? $name : "main::$name" }{CODE};
        return $found if ref $found eq 'CODE';
    }
    return broken('missing', "$load->{file} has no sub `" . join('` or `', @names) . '`: define it, or let the file return a reference to it');
}

# In the main program's name space, as the function's file expects it.
package main;
sub ShortedFaaS::main_do { return do $_[0] }
ShortedFaaS::start();
