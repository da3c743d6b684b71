// The handlers of ../../conformance/README.md, as a CommonJS module.
'use strict';
const { execSync } = require('node:child_process');
const fs = require('node:fs');
const { Worker } = require('node:worker_threads');

// A case that misbehaves returns a calm input as it is, so that the worker can be asked whether it still works.
const unlessCalm = misbehave => (input, environment) => (input === 'calm' ? input : misbehave(input, environment));

let calls = 0;

exports.echo = input => input;
exports.echo_bytes = input => new Uint8Array(input);
exports.map = () => ({ a: 1, b: [true, null, 'ü'] });
exports.list = () => [1, 2, 3];
exports.number = async () => 42;
exports.boolean = () => true;
exports.nothing = () => {};
exports.unencodable = unlessCalm(() => {
  const ring = {};
  ring.ring = ring;
  return ring;
});
exports.code = unlessCalm((input, environment) => {
  environment.code = 201;
  return 'created';
});
exports.headers = unlessCalm((input, environment) => {
  environment.response_headers['content-type'] = 'text/csv';
  environment.response_headers['x-case'] = 'yes';
  return 'a,b';
});
exports.cookies = (input, environment) => {
  environment.response_headers['set-cookie'] = ['a=1', 'b=2'];
  return 'two';
};
exports.bad_header = unlessCalm((input, environment) => {
  environment.response_headers = { 'x-bad': 'a\r\nx-evil: 1' };
  return 'bad';
});
exports.code_out_of_range = unlessCalm((input, environment) => {
  environment.code = 999;
  return 'out of range';
});
exports.environment = (input, environment) => {
  const { code, response_headers, headers, method, path, path_info, query, query_string } = environment;
  const { content_type, accept, id, deadline, asynchronous, identity, variables } = environment;
  return {
    code, response_headers, headers, method, path, path_info, query, query_string, content_type, accept, id, deadline, asynchronous, identity, variables,
    function: environment.function, process_variable: process.env.COLOUR,
  };
};
exports.deadline = (input, environment) => environment.deadline - Date.now();
exports.relative_file = () => fs.readFileSync('data.txt', 'utf8');

exports.raise_error = unlessCalm(() => {
  throw new Error('deliberate');
});
exports.raise_unencodable = unlessCalm(async () => {
  throw new Error('deliberate \ud800');
});
exports.exit_inside = unlessCalm(() => process.exit(3));
exports.killed = unlessCalm(() => {
  process.kill(process.pid, 'SIGKILL');
  for (;;);
});
exports.endless_loop = unlessCalm(() => {
  for (;;);
});
exports.recursion = unlessCalm(function again(input) {
  return again(input) + again(input);
});
exports.huge_output = unlessCalm(() => 'x'.repeat(20_000_000));

exports.print_during = unlessCalm(() => {
  process.stdout.write('printed by the handler');
  console.error('and to stderr');
  return 'quiet';
});
exports.print_and_raise = () => {
  console.log('printed by the handler');
  throw new Error('deliberate');
};
exports.print_much = unlessCalm(() => {
  process.stdout.write('x'.repeat(2_000_000));
  process.stderr.write('y'.repeat(2_000_000));
  return 'quiet';
});
exports.print_after = () => {
  setTimeout(() => console.log('printed later'), 50);
  return 'quiet';
};
exports.print_by_a_child = () => {
  execSync('echo printed by a child', { stdio: 'inherit' });
  return 'quiet';
};
exports.thread_left = () => {
  new Worker('setTimeout(() => {}, 60_000)', { eval: true });
  return 'left';
};
exports.descriptors_of_a_child = () =>
  execSync('if [ -e /proc/self/fd/3 ] || [ -e /proc/self/fd/4 ]; then printf open; else printf closed; fi', { stdio: ['inherit', 'pipe', 'inherit'] }).toString();
exports.read_stdin = () => `stdin: ${fs.readFileSync(0).length}`;
exports.close_fd3 = unlessCalm(() => {
  fs.closeSync(3);
  return 'closed';
});
exports.scribble_fd4 = unlessCalm(() => {
  fs.writeFileSync('/dev/fd/4', 'this is not a frame!');
  for (;;);
});
exports.count = () => String(++calls);
exports.not_a_function = 42;
