-- The handlers of launchers/conformance/README.md, for Lua and LuaJIT.
local cases = {}
local called = 0

function cases.echo(input) return input end
cases.echo_bytes = cases.echo
function cases.map() return { a = 1, b = { true, nil, "ü" } } end
function cases.list() return { 1, 2, 3 } end
function cases.number() return 42 end
function cases.boolean() return true end
function cases.nothing() end
function cases.cookies(_, environment)
  environment.response_headers["set-cookie"] = { "a=1", "b=2" }
  return "two"
end
function cases.environment(_, environment)
  local found = { process_variable = os.getenv("COLOUR") }
  for name in ("code response_headers headers method path path_info query query_string content_type accept function id deadline asynchronous identity variables"):gmatch("%S+") do
    found[name] = environment[name]
  end
  return found
end
function cases.deadline(_, environment) return environment.deadline - (os.time() + 1) * 1000 end
function cases.relative_file() return io.open("data.txt"):read("*a") end
function cases.print_and_raise()
  print("printed by the handler")
  error("deliberate")
end
function cases.print_after()
  os.execute("(sleep 0.05; echo printed later) &")
  return "quiet"
end
function cases.print_by_a_child()
  os.execute("echo printed by a child")
  return "quiet"
end
function cases.thread_left()
  os.execute("sleep 60 &")
  return "left"
end
function cases.fork_inside()
  local ffi = require("ffi")
  pcall(ffi.cdef, "int fork(void);")
  ffi.C.fork()
  return "forked"
end
function cases.descriptors_of_a_child()
  return io.popen("if [ -e /proc/self/fd/3 ] || [ -e /proc/self/fd/4 ]; then printf open; else printf closed; fi"):read("*a")
end
function cases.read_stdin() return "stdin: " .. #io.read("*a") end
function cases.count()
  called = called + 1
  return tostring(called)
end
cases.not_a_function = 5

-- Those that leave a calm input alone.
local wild = {}
function wild.unencodable() return { print } end
function wild.code(_, environment)
  environment.code = 201
  return "created"
end
function wild.headers(_, environment)
  environment.response_headers["content-type"] = "text/csv"
  environment.response_headers["x-case"] = "yes"
  return "a,b"
end
function wild.bad_header(_, environment)
  environment.response_headers["x-bad"] = "a\r\nx-evil: 1"
  return "bad"
end
function wild.code_out_of_range(_, environment)
  environment.code = 999
  return "out of range"
end
function wild.raise_error() error("deliberate") end
function wild.raise_unencodable() error("deliberate \255\254") end
function wild.exit_inside() os.exit(3) end
function wild.killed() os.execute("kill -9 $PPID") end
function wild.endless_loop() while true do end end
function wild.recursion()
  local function deeper() return 1 + deeper() end
  return deeper()
end
function wild.huge_output() return ("x"):rep(20000000) end
function wild.print_during()
  io.write("printed by the handler")
  io.stderr:write("and to stderr")
  return "quiet"
end
function wild.print_much()
  io.write(("x"):rep(2000000))
  io.stderr:write(("y"):rep(2000000))
  return "quiet"
end
function wild.close_fd3()
  require("ffi").cdef("int close(int);")
  require("ffi").C.close(3)
  return "closed"
end
function wild.scribble_fd4()
  local frames = io.open("/dev/fd/4", "wb")
  frames:write("this is not a frame!")
  frames:flush()
  while true do end
end
for name, handler in pairs(wild) do
  cases[name] = function(input, environment)
    if input == "calm" then return input end
    return handler(input, environment)
  end
end
return cases
