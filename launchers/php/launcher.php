<?php
// Hosts the handler of a PHP function (launchers/PROTOCOL.md).

namespace ShortedFaaS;

require __DIR__ . '/environment.php';
require __DIR__ . '/frames.php';

final class Broken extends \Exception
{
    public function __construct(public readonly string $kind, string $message, public readonly string $trace = '')
    {
        parent::__construct($message);
    }
}

final class Launcher
{
    /** Where neither php.ini nor the function bounds it: endless recursion would take the whole machine. */
    private const MEMORY_BYTES = 512 << 20;

    public array $load;
    public string $file;
    private Frames $frames;
    private int $pid;
    private bool $loading = true;
    private bool $calling = false;
    private ?\Closure $handler = null;

    public function __construct()
    {
        $this->frames = new Frames();
        $this->pid = getmypid();
        ini_set('display_errors', 'stderr');
        ini_set('html_errors', '0');
        ini_set('log_errors', '0');
        [$type, $header] = $this->frames->receive() ?? ['', ''];
        if ($type !== 'L') {
            exit($type === '' ? 0 : 1);
        }
        $this->load = json_decode($header, true, 512, JSON_THROW_ON_ERROR);
        $this->file = getcwd() . '/' . $this->load['file'];
        if ($this->load['memory_bytes'] !== null) {
            // Below the limit of the process: an error that PHP tells of, and not a death.
            ini_set('memory_limit', (string) intdiv($this->load['memory_bytes'] * 7, 8));
        } elseif (ini_get('memory_limit') === '-1') {
            ini_set('memory_limit', (string) self::MEMORY_BYTES);
        }
        set_include_path(dirname($this->file) . PATH_SEPARATOR . get_include_path());
        register_shutdown_function($this->leaving(...));
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
        $this->frames->send('H', Frames::header(['protocol' => 1, 'pid' => $this->pid, 'language' => 'php', 'version' => PHP_VERSION]));
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
        $this->frames->send('B', Frames::header(['kind' => $kind, 'message' => Frames::clean($error->getMessage() . $place), 'trace' => Frames::clean($trace)]));
        exit(1);
    }

    private function serve(): void
    {
        while (($frame = $this->frames->receive()) !== null && $frame[0] !== 'S') {
            if ($frame[0] === 'I') {
                $this->calling = true;
                $answer = $this->answer($frame[1], $frame[2]);
                $this->calling = false;
                $this->frames->send(...$answer);
            }
        }
        exit(0);
    }

    private function answer(string $header, string $body): array
    {
        try {
            $environment = new Environment($header, $this->load);
            $output = ($this->handler)($body, $environment);
            [$kind, $encoded] = Frames::encode($output);
            $said = $environment->answer();
            $answer = [$kind, $said === null ? '' : Frames::header($said), $encoded];
        } catch (\Throwable $error) {
            $place = ' in ' . $error->getFile() . ':' . $error->getLine();
            $described = ['type' => $error::class, 'message' => Frames::clean($error->getMessage() . $place), 'trace' => Frames::clean($error->getTraceAsString())];
            $answer = ['E', Frames::header($described)];
        }
        if (getmypid() !== $this->pid) {
            // A forked child must not answer.
            exit(0);
        }
        return $answer;
    }

    /** PHP calls this after `exit` and after an error that ends the program, and lets it go on. */
    private function leaving(): void
    {
        if (getmypid() !== $this->pid) {
            return;
        }
        $error = error_get_last();
        $fatal = $error !== null && ($error['type'] & (E_ERROR | E_CORE_ERROR | E_COMPILE_ERROR | E_USER_ERROR)) !== 0;
        if ($this->loading) {
            // What the function holds is not free yet.
            ini_set('memory_limit', '-1');
            $message = $fatal ? "{$error['message']} in {$error['file']}:{$error['line']}" : $this->load['file'] . ' called exit while it was loaded';
            $this->broken(new Broken('load', $message));
        }
        // After an error that ends the program nothing is free again: the worker ends with the call, and PHP has said why on standard error.
        if ($fatal || !$this->calling) {
            return;
        }
        $this->calling = false;
        $this->frames->send('E', Frames::header(['type' => 'exit', 'message' => 'exit inside the handler', 'trace' => '']));
        // Once: another exit ends the worker.
        $this->serve();
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
