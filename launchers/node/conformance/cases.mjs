// The handlers of ../../conformance/README.md, as an ES module.
import { execSync } from 'node:child_process';
import process from 'node:process';

const fs = await import('node:fs');
const { Worker } = await import('node:worker_threads');

// A case that misbehaves returns a calm input as it is, so that the worker can be asked whether it still works.
const unlessCalm = misbehave => (input, environment) => (input === 'calm' ? input : misbehave(input, environment));

let calls = 0;

export const echo = input => input;
export const echo_bytes = input => new Uint8Array(input);
export const map = () => ({ a: 1, b: [true, null, 'ü'] });
export const list = () => [1, 2, 3];
export const number = async () => 42;
export const boolean = () => true;
export const nothing = () => {};
export const unencodable = unlessCalm(() => {
  const ring = {};
  ring.ring = ring;
  return ring;
});
export const code = unlessCalm((input, environment) => {
  environment.code = 201;
  return 'created';
});
export const headers = unlessCalm((input, environment) => {
  environment.response_headers['content-type'] = 'text/csv';
  environment.response_headers['x-case'] = 'yes';
  return 'a,b';
});
export const cookies = (input, environment) => {
  environment.response_headers['set-cookie'] = ['a=1', 'b=2'];
  return 'two';
};
export const bad_header = unlessCalm((input, environment) => {
  environment.response_headers = { 'x-bad': 'a\r\nx-evil: 1' };
  return 'bad';
});
export const code_out_of_range = unlessCalm((input, environment) => {
  environment.code = 999;
  return 'out of range';
});
export const environment = (input, environment) => {
  const { code, response_headers, headers, method, path, path_info, query, query_string } = environment;
  const { content_type, accept, id, deadline, asynchronous, identity, variables } = environment;
  return {
    code, response_headers, headers, method, path, path_info, query, query_string, content_type, accept, id, deadline, asynchronous, identity, variables,
    function: environment.function, process_variable: process.env.COLOUR,
  };
};
export const deadline = (input, environment) => environment.deadline - Date.now();
export const relative_file = () => fs.readFileSync('data.txt', 'utf8');

export const raise_error = unlessCalm(() => {
  throw new Error('deliberate');
});
export const raise_unencodable = unlessCalm(async () => {
  throw new Error('deliberate \ud800');
});
export const exit_inside = unlessCalm(() => process.exit(3));
export const killed = unlessCalm(() => {
  process.kill(process.pid, 'SIGKILL');
  for (;;);
});
export const endless_loop = unlessCalm(() => {
  for (;;);
});
export const recursion = unlessCalm(function again(input) {
  return again(input) + again(input);
});
export const huge_output = unlessCalm(() => 'x'.repeat(20_000_000));

export const print_during = unlessCalm(() => {
  process.stdout.write('printed by the handler');
  console.error('and to stderr');
  return 'quiet';
});
export const print_and_raise = () => {
  console.log('printed by the handler');
  throw new Error('deliberate');
};
export const print_much = unlessCalm(() => {
  process.stdout.write('x'.repeat(2_000_000));
  process.stderr.write('y'.repeat(2_000_000));
  return 'quiet';
});
export const print_after = () => {
  setTimeout(() => console.log('printed later'), 50);
  return 'quiet';
};
export const print_by_a_child = () => {
  execSync('echo printed by a child', { stdio: 'inherit' });
  return 'quiet';
};
export const thread_left = () => {
  new Worker('setTimeout(() => {}, 60_000)', { eval: true });
  return 'left';
};
export const descriptors_of_a_child = () =>
  execSync('if [ -e /proc/self/fd/3 ] || [ -e /proc/self/fd/4 ]; then printf open; else printf closed; fi', { stdio: ['inherit', 'pipe', 'inherit'] }).toString();
export const read_stdin = () => `stdin: ${fs.readFileSync(0).length}`;
export const close_fd3 = unlessCalm(() => {
  fs.closeSync(3);
  return 'closed';
});
export const scribble_fd4 = unlessCalm(() => {
  fs.writeFileSync('/dev/fd/4', 'this is not a frame!');
  for (;;);
});
export const count = () => String(++calls);
export const not_a_function = 42;
