<?php
// Greets by name. What it prints goes to /history, never into the answer.

function lambda(string $input, object $environment): string
{
    $name = $input !== '' ? $input : $environment->query['name'] ?? 'world';
    echo "greeting $name for call $environment->id\n";
    return "Hello, $name!";
}
