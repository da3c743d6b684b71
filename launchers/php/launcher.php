<?php
// Hosts the handler of a PHP function (launchers/PROTOCOL.md).

namespace ShortedFaaS;

require __DIR__ . '/environment.php';

final class Broken extends \Exception
{
    public function __construct(public readonly string $kind, string $message, public readonly string $trace = '')
    {
        parent::__construct($message);
    }
}

final class Launcher
{
    private const TEXT = JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES | JSON_THROW_ON_ERROR;
    /** Where neither php.ini nor the function bounds it: endless recursion would take the whole machine. */
    private const MEMORY_BYTES = 512 << 20;

    public array $load;
    public string $file;
    private mixed $from;
    private mixed $to;
    private int $pid;
    private int $buffers;
    private bool $loading = true;
    private bool $calling = false;
    private ?\Closure $handler = null;

    public function __construct()
    {
        $this->from = fopen('php://fd/3', 'rb');
        $this->to = fopen('php://fd/4', 'wb');
        stream_set_chunk_size($this->from, 65536);
        stream_set_write_buffer($this->to, 0);
        $this->pid = getmypid();
        $this->buffers = ob_get_level();
        ini_set('display_errors', 'stderr');
        ini_set('html_errors', '0');
        ini_set('log_errors', '0');
        $this->keepFromChildren();
        [$type, $header] = $this->receive() ?? ['', ''];
        if ($type !== 'L') {
            exit($type === '' ? 0 : 1);
        }
        $this->load = json_decode($header, true, 512, JSON_THROW_ON_ERROR);
        $this->file = getcwd() . '/' . $this->load['file'];
        if (ini_get('memory_limit') === '-1' || $this->load['memory_bytes'] !== null) {
            ini_set('memory_limit', (string) ($this->load['memory_bytes'] ?? self::MEMORY_BYTES));
        }
        set_include_path(dirname($this->file) . PATH_SEPARATOR . get_include_path());
        register_shutdown_function($this->leaving(...));
    }

    /** PHP cannot mark a descriptor as close-on-exec, unless it may call C. */
    private function keepFromChildren(): void
    {
        if (!class_exists('FFI') || !in_array(ini_get('ffi.enable'), ['1', 'preload', 'true', 'on'], true)) {
            return;
        }
        try {
            $c = \FFI::cdef('int fcntl(int descriptor, int command, ...);');
            foreach (scandir('/proc/self/fd') as $descriptor) {
                if ((int) $descriptor > 2) {
                    $c->fcntl((int) $descriptor, 2, 1);
                }
            }
        } catch (\Throwable) {
            // Children then see them, and it is theirs to leave them alone.
        }
    }

    /** The handler, from what the file returned or defined. */
    public function take(mixed $returned): void
    {
        $this->loading = false;
        $names = $this->load['handler'] !== null ? [$this->load['handler']] : ['lambda', 'handler'];
        $members = is_array($returned) ? $returned : [];
        if ($returned instanceof \Closure) {
            $this->handler = $returned;
        }
        foreach ($names as $name) {
            $found = $members[$name] ?? $name;
            if ($this->handler === null && is_callable($found)) {
                $this->handler = \Closure::fromCallable($found);
            }
        }
        if ($this->handler === null) {
            throw new Broken('missing', $this->load['file'] . ' has no function `' . implode('` or `', $names) . '`: define it, or return it');
        }
        $this->send('H', ['protocol' => 1, 'pid' => $this->pid, 'language' => 'php', 'version' => PHP_VERSION]);
        $this->serve();
    }

    public function broken(\Throwable $error): never
    {
        $this->loading = false;
        $missing = str_contains($error->getMessage(), 'Failed opening required');
        $kind = match (true) {
            $error instanceof Broken => $error->kind,
            $error instanceof \ParseError => 'syntax',
            $missing => 'import',
            default => 'load',
        };
        $place = $error instanceof Broken ? '' : ' in ' . $error->getFile() . ':' . $error->getLine();
        $trace = $error instanceof Broken ? $error->trace : $error->getTraceAsString();
        $this->send('B', ['kind' => $kind, 'message' => self::clean($error->getMessage() . $place), 'trace' => self::clean($trace)]);
        exit(1);
    }

    private function serve(): void
    {
        while (($frame = $this->receive()) !== null && $frame[0] !== 'S') {
            if ($frame[0] === 'I') {
                $this->calling = true;
                $answer = $this->answer($frame[1], $frame[2]);
                $this->calling = false;
                $this->send(...$answer);
            }
        }
        exit(0);
    }

    private function answer(string $header, string $body): array
    {
        try {
            $environment = new Environment($header, $this->load);
            $output = ($this->handler)($body, $environment);
            [$kind, $encoded] = $this->encode($output);
            $answer = [$kind, $environment->answer(), $encoded];
        } catch (\Throwable $error) {
            $place = ' in ' . $error->getFile() . ':' . $error->getLine();
            $answer = ['E', ['type' => $error::class, 'message' => self::clean($error->getMessage() . $place), 'trace' => self::clean($error->getTraceAsString())]];
        }
        if (getmypid() !== $this->pid) {
            // A forked child must not answer.
            exit(0);
        }
        return $answer;
    }

    /** `exit`, or an error that ends the program: PHP calls this, and lets it go on. */
    private function leaving(): void
    {
        if (getmypid() !== $this->pid) {
            return;
        }
        $error = error_get_last();
        $fatal = $error !== null && ($error['type'] & (E_ERROR | E_CORE_ERROR | E_COMPILE_ERROR | E_USER_ERROR)) !== 0;
        if ($fatal) {
            // What the function holds is not free yet.
            ini_set('memory_limit', '-1');
        }
        $message = $fatal ? $error['message'] . ' in ' . $error['file'] . ':' . $error['line'] : 'exit inside the handler';
        if ($this->loading) {
            $kind = str_contains($message, 'Failed opening required') ? 'import' : 'load';
            $this->broken(new Broken($kind, $fatal ? $message : $this->load['file'] . ' called exit while it was loaded'));
        }
        if (!$this->calling) {
            return;
        }
        $this->calling = false;
        $this->send('E', ['type' => $fatal ? 'FatalError' : 'exit', 'message' => self::clean($message), 'trace' => '']);
        if (!$fatal) {
            register_shutdown_function($this->leaving(...));
            $this->serve();
        }
    }

    /** Kind of frame and body of what was returned. */
    private function encode(mixed $output): array
    {
        if ($output instanceof \Stringable && !$output instanceof \JsonSerializable) {
            $output = (string) $output;
        }
        if ($output === null) {
            return ['T', ''];
        }
        if (is_string($output)) {
            return [preg_match('//u', $output) === 1 ? 'T' : 'O', $output];
        }
        $members = [$output];
        array_walk_recursive($members, function (mixed $member): void {
            if ($member instanceof \Closure) {
                throw new \TypeError('a function cannot be JSON');
            }
        });
        return ['J', json_encode($output, self::TEXT | JSON_PRESERVE_ZERO_FRACTION)];
    }

    private static function clean(string $text): string
    {
        return json_decode(json_encode(substr($text, 0, 65536), JSON_INVALID_UTF8_SUBSTITUTE));
    }

    private function receive(): ?array
    {
        $head = $this->read(9);
        if ($head === null) {
            return null;
        }
        ['type' => $type, 'header' => $header, 'body' => $body] = unpack('a1type/Nheader/Nbody', $head);
        $header = $this->read($header);
        $body = $this->read($body);
        return $body === null ? null : [$type, $header, $body];
    }

    private function read(int $length): ?string
    {
        $bytes = '';
        while (strlen($bytes) < $length) {
            $piece = fread($this->from, $length - strlen($bytes));
            if ($piece === false || $piece === '') {
                return null;
            }
            $bytes = $bytes === '' ? $piece : $bytes . $piece;
        }
        return $bytes;
    }

    private function send(string $type, ?array $header = null, string $body = ''): void
    {
        while (ob_get_level() > $this->buffers && ob_end_flush());
        flush();
        $header = $header === null ? '' : json_encode($header, self::TEXT);
        $head = pack('a1NN', $type, strlen($header), strlen($body)) . $header;
        if (strlen($body) < 65536) {
            $this->write($head . $body);
        } else {
            $this->write($head);
            $this->write($body);
        }
    }

    private function write(string $bytes): void
    {
        for ($done = 0, $length = strlen($bytes); $done < $length; $done += $written) {
            $written = fwrite($this->to, $done === 0 ? $bytes : substr($bytes, $done, 1 << 20));
            if ($written === false || $written === 0) {
                exit(1);
            }
        }
    }
}

(function (): void {
    global $shortedfaas;
    $shortedfaas = new Launcher();
    if (!is_file($shortedfaas->file)) {
        $shortedfaas->broken(new Broken('missing', "the handler's file {$shortedfaas->load['file']} is not in the folder"));
    }
})();

// Here, so that the variables of the function's file are global ones.
try {
    $shortedfaas->take(require $shortedfaas->file);
} catch (\Throwable $error) {
    $shortedfaas->broken($error);
}
