# The handlers of launchers/conformance/README.md.
$called = 0

def echo(input, _environment) = input
def echo_bytes(input, _environment) = input
def map(_input, _environment) = { "a" => 1, b: [true, nil, "ü"] }
def list(_input, _environment) = [1, 2, 3]
def number(_input, _environment) = 42
def boolean(_input, _environment) = true
def nothing(_input, _environment) = nil

def cookies(_input, environment)
  environment.response_headers["set-cookie"] = ["a=1", "b=2"]
  "two"
end

def environment(_input, environment) = environment.to_h.merge(process_variable: ENV["COLOUR"])
def deadline(_input, environment) = environment.deadline - (Time.now.to_f * 1000)
def relative_file(_input, _environment) = File.read("data.txt")

def print_and_raise(_input, _environment)
  puts "printed by the handler"
  raise "deliberate"
end

def print_after(_input, _environment)
  Thread.new do
    sleep 0.05
    puts "printed later"
  end
  "quiet"
end

def print_by_a_child(_input, _environment)
  system("echo printed by a child")
  "quiet"
end

def thread_left(_input, _environment)
  Thread.new { sleep 60 }
  "left"
end

def fork_inside(_input, _environment)
  fork
  "forked"
end

def descriptors_of_a_child(_input, _environment)
  `if [ -e /proc/self/fd/3 ] || [ -e /proc/self/fd/4 ]; then printf open; else printf closed; fi`
end

def read_stdin(_input, _environment) = "stdin: #{$stdin.read.bytesize}"
def count(_input, _environment) = ($called += 1).to_s

not_a_function = 5

# Leaves a calm input alone.
def self.wild(name, &body)
  Object.define_method(name) { |input, environment| input == "calm" ? input : body.call(input, environment) }
end

wild(:unencodable) { Object.new }
wild(:code) do |_, environment|
  environment.code = 201
  "created"
end
wild(:headers) do |_, environment|
  environment.response_headers.update("content-type" => "text/csv", "x-case" => "yes")
  "a,b"
end
wild(:bad_header) do |_, environment|
  environment.response_headers["x-bad"] = "a\r\nx-evil: 1"
  "bad"
end
wild(:code_out_of_range) do |_, environment|
  environment.code = 999
  "out of range"
end
wild(:raise_error) { raise "deliberate" }
wild(:raise_unencodable) { raise "deliberate \xff\xfe" }
wild(:exit_inside) { exit 3 }
wild(:killed) { Process.kill(:KILL, Process.pid) && sleep }
wild(:endless_loop) { loop {} }
wild(:recursion) { recursion("", nil) }
wild(:huge_output) { "x" * 20_000_000 }
wild(:print_during) do
  print "printed by the handler"
  warn "and to stderr"
  "quiet"
end
wild(:print_much) do
  $stdout.write("x" * 2_000_000)
  $stderr.write("y" * 2_000_000)
  "quiet"
end
wild(:close_fd3) do
  IO.for_fd(3).close
  "closed"
end
wild(:scribble_fd4) do
  IO.for_fd(4, autoclose: false).syswrite("this is not a frame!")
  loop {}
end
