<?php

namespace ShortedFaaS;

/** The two pipes, and what goes over them. */
final class Frames
{
    public const TEXT = JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES | JSON_THROW_ON_ERROR;

    private mixed $from;
    private mixed $to;
    private int $buffers;

    public function __construct()
    {
        $this->from = fopen('php://fd/3', 'rb');
        $this->to = fopen('php://fd/4', 'wb');
        stream_set_chunk_size($this->from, 65536);
        stream_set_write_buffer($this->to, 0);
        $this->buffers = ob_get_level();
        $this->keepFromChildren();
    }

    /** Type, header and body of the next frame; null: the host has gone. */
    public function receive(): ?array
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

    /** What was printed comes first. */
    public function send(string $type, string $header, string $body = ''): void
    {
        while (ob_get_level() > $this->buffers && ob_end_flush());
        flush();
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

    /** A frame's header. */
    public static function header(array $values): string
    {
        return json_encode($values, self::TEXT);
    }

    /** Kind of frame and body of what was returned. */
    public static function encode(mixed $output): array
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

    /** The text without what is no UTF-8, and not endless. */
    public static function clean(string $text): string
    {
        return json_decode(json_encode(substr($text, 0, 65536), JSON_INVALID_UTF8_SUBSTITUTE));
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
}
