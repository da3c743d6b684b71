<?php

namespace ShortedFaaS;

/** The attributes of a call. They are read from the frame's header when the first of them is asked for. */
final class Environment implements \JsonSerializable
{
    public int $code;
    public array $response_headers = [];
    public array $headers;
    public string $method;
    public string $path;
    public string $path_info;
    public array $query;
    public string $query_string;
    public string $content_type;
    public string $accept;
    public string $function;
    public string $id;
    public int $deadline;
    public bool $asynchronous;
    public string $identity;
    public array $variables;

    public function __construct(private ?string $header, private readonly array $load)
    {
        // Only what is unset is asked of __get.
        unset($this->code, $this->headers, $this->method, $this->path, $this->path_info, $this->query, $this->query_string, $this->content_type,
            $this->accept, $this->function, $this->id, $this->deadline, $this->asynchronous, $this->identity, $this->variables);
    }

    public function __get(string $name): mixed
    {
        $this->fill();
        return $this->$name ?? null;
    }

    public function __isset(string $name): bool
    {
        $this->fill();
        return isset($this->$name);
    }

    public function jsonSerialize(): mixed
    {
        $this->fill();
        return array_diff_key(get_object_vars($this), ['header' => 0, 'load' => 0]);
    }

    private function fill(): void
    {
        if ($this->header === null) {
            return;
        }
        $values = json_decode($this->header, true, 512, JSON_THROW_ON_ERROR);
        $this->header = null;
        $values += ['code' => $values['asynchronous'] ? 202 : 200, 'function' => $this->load['function'], 'variables' => $this->load['variables']];
        foreach ($values as $name => $value) {
            if (property_exists($this, $name) && !isset(((array) $this)[$name])) {
                $this->$name = $value;
            }
        }
    }

    /** What the answer's frame says beside the output; null: nothing. */
    public function answer(): ?array
    {
        $said = [];
        if (isset(((array) $this)['code']) && ($this->code !== 200 || $this->header === null)) {
            $said['code'] = $this->code;
        }
        foreach ($this->response_headers as $name => $value) {
            $said['headers'][$name] = is_array($value) ? array_map(strval(...), array_values($value)) : (string) $value;
        }
        return $said === [] ? null : $said;
    }
}
