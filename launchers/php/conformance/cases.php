<?php
// The handlers of launchers/conformance/README.md.

$called = 0;
$not_a_function = 5;

function echo_(string $input): string { return $input; }
function echo_bytes(string $input): string { return $input; }
function map(): array { return ['a' => 1, 'b' => [true, null, 'ü']]; }
function list_(): array { return [1, 2, 3]; }
function number(): int { return 42; }
function boolean(): bool { return true; }
function nothing(): void {}

function cookies(string $input, object $environment): string
{
    $environment->response_headers['set-cookie'] = ['a=1', 'b=2'];
    return 'two';
}

function environment(string $input, object $environment): array
{
    $found = ['process_variable' => getenv('COLOUR')];
    foreach (['code', 'method', 'path', 'path_info', 'query_string', 'content_type', 'accept', 'function', 'id', 'deadline', 'asynchronous', 'identity'] as $name) {
        $found[$name] = $environment->$name;
    }
    // An empty array is a list of JSON's, and these are maps.
    foreach (['response_headers', 'headers', 'query', 'variables'] as $name) {
        $found[$name] = (object) $environment->$name;
    }
    return $found;
}

function deadline(string $input, object $environment): float { return $environment->deadline - microtime(true) * 1000; }
function relative_file(): string { return file_get_contents('data.txt'); }

function print_and_raise(): string
{
    echo "printed by the handler\n";
    throw new RuntimeException('deliberate');
}

function print_after(): string
{
    exec('(sleep 0.05; echo printed later) >/proc/self/fd/2 2>&1 &');
    return 'quiet';
}

function print_by_a_child(): string
{
    proc_close(proc_open('echo printed by a child', [1 => STDOUT], $pipes));
    return 'quiet';
}

function thread_left(): string
{
    exec('sleep 60 >/dev/null &');
    return 'left';
}

function fork_inside(): string
{
    pcntl_fork();
    return 'forked';
}

function descriptors_of_a_child(): string
{
    return shell_exec('if [ -e /proc/self/fd/3 ] || [ -e /proc/self/fd/4 ]; then printf open; else printf closed; fi');
}

function read_stdin(): string { return 'stdin: ' . strlen(stream_get_contents(STDIN)); }

function count_(): string
{
    global $called;
    return (string) ++$called;
}

$wild = [
    'unencodable' => fn () => [fn () => 1],
    'code' => function (string $input, object $environment): string {
        $environment->code = 201;
        return 'created';
    },
    'headers' => function (string $input, object $environment): string {
        $environment->response_headers['content-type'] = 'text/csv';
        $environment->response_headers['x-case'] = 'yes';
        return 'a,b';
    },
    'bad_header' => function (string $input, object $environment): string {
        $environment->response_headers['x-bad'] = "a\r\nx-evil: 1";
        return 'bad';
    },
    'code_out_of_range' => function (string $input, object $environment): string {
        $environment->code = 999;
        return 'out of range';
    },
    'raise_error' => fn () => throw new RuntimeException('deliberate'),
    'raise_unencodable' => fn () => throw new RuntimeException("deliberate \xff\xfe"),
    'exit_inside' => function (): void {
        exit(3);
    },
    'killed' => function (): void {
        exec('kill -9 $PPID');
    },
    'endless_loop' => function (): void {
        while (true);
    },
    'recursion' => function (): int {
        $deeper = function () use (&$deeper): int { return 1 + $deeper(); };
        return $deeper();
    },
    'huge_output' => fn () => str_repeat('x', 20_000_000),
    'print_during' => function (): string {
        echo 'printed by the handler';
        fwrite(STDERR, 'and to stderr');
        return 'quiet';
    },
    'print_much' => function (): string {
        echo str_repeat('x', 2_000_000);
        fwrite(STDERR, str_repeat('y', 2_000_000));
        return 'quiet';
    },
    'close_fd3' => function (): string {
        FFI::cdef('int close(int descriptor);')->close(3);
        return 'closed';
    },
    'scribble_fd4' => function (): void {
        fwrite(fopen('php://fd/4', 'wb'), 'this is not a frame!');
        while (true);
    },
];
// Those leave a calm input alone.
$handlers = array_map(
    fn (Closure $handler) => fn (string $input, object $environment) => $input === 'calm' ? $input : $handler($input, $environment),
    $wild,
);
// Names that PHP keeps for itself.
return $handlers + ['echo' => echo_(...), 'list' => list_(...), 'count' => count_(...)];
