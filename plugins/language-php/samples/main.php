<?php

$input = stream_get_contents(STDIN);
echo 'Hello, ', $input === '' ? 'world' : $input, '!';
