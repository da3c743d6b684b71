# JSON for the launcher: JSON::PP takes longer to load than Perl takes to start.
package ShortedFaaS::Boolean;
use overload bool => sub { ${ $_[0] } }, '0+' => sub { ${ $_[0] } }, '""' => sub { ${ $_[0] } }, fallback => 1;

package ShortedFaaS;
use strict;
use warnings;
no warnings 'recursion';
no if $] >= 5.035, warnings => 'experimental::builtin';

# Perl knows booleans since 5.36.
my $knows_booleans = defined &builtin::is_bool;
my %words = ('null' => undef, map { $_->[0] => $knows_booleans ? $_->[1] : bless \(my $value = $_->[1] ? 1 : 0), 'ShortedFaaS::Boolean' } [true => !!1], [false => !!0]);
my %escapes = ((map { chr($_) => sprintf '\\u%04x', $_ } 0 .. 31, 127), '"' => '\\"', '\\' => '\\\\', "\n" => '\\n', "\r" => '\\r', "\t" => '\\t');
my %plain = ('"' => '"', '\\' => '\\', '/' => '/', b => "\b", f => "\f", n => "\n", r => "\r", t => "\t");

# A number or a boolean, and no text that looks like one. Not of a copy: looking at a number as at a text would make it one.
sub is_number {
    return builtin::is_bool($_[0]) || builtin::created_as_number($_[0]) if $knows_booleans;
    require B;
    my $flags = B::svref_2object(\$_[0])->FLAGS;
    return $flags & (B::SVp_IOK() | B::SVp_NOK()) && !($flags & B::SVp_POK());
}

# Characters that UTF-8 has no bytes for.
sub is_unicode { return $_[0] !~ /[\x{D800}-\x{DFFF}]|[^\x{0}-\x{10FFFF}]/ }

sub quoted {
    my ($text) = @_;
    die "cannot be JSON: a text in it is no Unicode\n" if !is_unicode($text);
    $text =~ s/(["\\\x00-\x1f\x7f])/$escapes{$1}/g;
    return qq("$text");
}

sub scalar_text {
    my ($value) = @_;
    return quoted($value) if !is_number($value);
    return $value ? 'true' : 'false' if $knows_booleans && builtin::is_bool($value);
    die "cannot be JSON: a number in it is not finite\n" if $value !~ /\A-?[0-9]/;
    return "$value";
}

sub text_of {
    my ($value, $depth) = @_;
    return 'null' if !defined $value;
    my $kind = ref $value;
    return scalar_text($value) if $kind eq '';
    die "cannot be JSON: it is nested too deeply, or holds itself\n" if $depth > 200;
    return $$value ? 'true' : 'false' if $kind =~ /\A(?:ShortedFaaS|JSON::PP|Types::Serialiser)::Boolean\z/ || $kind eq 'SCALAR' && ($$value // '') =~ /\A[01]\z/;
    return '[' . join(',', map { text_of($_, $depth + 1) } @$value) . ']' if $kind eq 'ARRAY';
    if ($kind eq 'HASH' || $kind eq 'ShortedFaaS::Environment') {
        return '{' . join(',', map { quoted($_) . ':' . text_of($value->{$_}, $depth + 1) } sort keys %$value) . '}';
    }
    die "cannot be JSON: a reference to a $kind\n" if $kind =~ /\A[A-Z]+\z/ || !$value->can('TO_JSON');
    return text_of($value->TO_JSON, $depth + 1);
}

# As bytes.
sub encode {
    my $text = text_of($_[0], 0);
    utf8::encode($text);
    return $text;
}

sub decode {
    my ($text) = @_;
    utf8::decode($text);
    my $value = value_at(\$text, 0);
    wrong(\$text) if $text !~ /\G[ \n\r\t]*\z/gc;
    return $value;
}

sub wrong { die 'is no JSON at character ' . (1 + (pos ${ $_[0] } // 0)) . "\n" }

sub value_at {
    my ($text, $depth) = @_;
    die "is JSON that is nested too deeply\n" if $depth > 200;
    return string_at($text) if $$text =~ /\G[ \n\r\t]*"/gc;
    return 0 + $1 if $$text =~ /\G[ \n\r\t]*(-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)/gc;
    return $words{$1} if $$text =~ /\G[ \n\r\t]*(true|false|null)/gc;
    wrong($text) if $$text !~ /\G[ \n\r\t]*([\[{])/gc;
    my $is_list = $1 eq '[';
    my (@members, $closed);
    my $end = $is_list ? qr/\G[ \n\r\t]*\]/ : qr/\G[ \n\r\t]*\}/;
    $closed = $$text =~ /$end/gc;
    while (!$closed) {
        if (!$is_list) {
            wrong($text) if $$text !~ /\G[ \n\r\t]*"/gc;
            push @members, string_at($text);
            wrong($text) if $$text !~ /\G[ \n\r\t]*:/gc;
        }
        push @members, value_at($text, $depth + 1);
        $closed = $$text =~ /$end/gc;
        wrong($text) if !$closed && $$text !~ /\G[ \n\r\t]*,/gc;
    }
    return $is_list ? \@members : {@members};
}

# The opening quote has been read.
sub string_at {
    my ($text) = @_;
    my $string = '';
    while (1) {
        $string .= $1 if $$text =~ /\G([^"\\\x00-\x1f]+)/gc;
        return $string if $$text =~ /\G"/gc;
        if ($$text =~ /\G\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})/gc) {
            $string .= chr(0x10000 + ((hex($1) - 0xD800) << 10) + hex($2) - 0xDC00);
        } elsif ($$text =~ /\G\\u([0-9a-fA-F]{4})/gc) {
            my $code = hex $1;
            $string .= chr($code >= 0xD800 && $code < 0xE000 ? 0xFFFD : $code);
        } elsif ($$text =~ m{\G\\(["\\/bfnrt])}gc) {
            $string .= $plain{$1};
        } else {
            wrong($text);
        }
    }
}

1;
