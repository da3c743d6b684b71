-- Hosts the handler of a Lua function (launchers/PROTOCOL.md), in Lua 5.1 to 5.4 and in LuaJIT.
local char, byte, sub, find, match, floor = string.char, string.byte, string.sub, string.find, string.match, math.floor
local rawget, rawset, next, type, tostring, setmetatable, xpcall = rawget, rawset, next, type, tostring, setmetatable, xpcall
local open, stdout, exit = io.open, io.stdout, os.exit
local traceback, loaded = debug.traceback, package.loaded

local from, to = assert(open("/dev/fd/3", "rb")), assert(open("/dev/fd/4", "wb"))
to:setvbuf("full", 16384)

local own_folder = match(arg[0], "^(.*)/") or "."
local json = dofile(own_folder .. "/json.lua")
-- `require "shortedfaas"` gives handlers encode, decode, array and null.
package.preload.shortedfaas = function() return json end

-- Nobody can mark a descriptor as close-on-exec in plain Lua: the shell closes what is not for children.
local closing = "exec 3<&- 4<&- 5<&- 6<&-\n"
local execute, popen = os.execute, io.popen
function os.execute(command) return execute(command and closing .. command) end
function io.popen(command, mode) return popen(closing .. command, mode) end

-- Ends the call, or the loading; also where the function's code catches the error.
local asked_to_exit
function os.exit(code)
  if code == nil or code == true then code = 0 elseif code == false then code = 1 end
  asked_to_exit = "exit(" .. tostring(code) .. ") inside the handler"
  error(asked_to_exit, 0)
end

local function length_text(length)
  return char(floor(length / 16777216), floor(length / 65536) % 256, floor(length / 256) % 256, length % 256)
end

local pack = string.pack or function(_, first, second) return length_text(first) .. length_text(second) end
local unpack = string.unpack or function(_, head)
  local kind, a, b, c, d, e, f, g, h = byte(head, 1, 9)
  return kind, ((a * 256 + b) * 256 + c) * 256 + d, ((e * 256 + f) * 256 + g) * 256 + h
end

local function send(kind, header, body)
  stdout:flush()
  to:write(kind, pack(">I4I4", #header, #body), header, body)
  to:flush()
end

-- A frame's type, header and body; nil when the host has gone. Reading nothing would block: it looks for the end of the file.
local function receive()
  local head = from:read(9)
  if not head or #head < 9 then return nil end
  local kind, header_length, body_length = unpack(">BI4I4", head)
  local header = header_length > 0 and from:read(header_length) or ""
  local body = body_length > 0 and from:read(body_length) or ""
  if #header < header_length or #body < body_length then return nil end
  return kind, header, body
end

-- Message and trace of what was raised.
local function described(raised)
  local fine, message = pcall(tostring, raised)
  if type(raised) == "table" and not (getmetatable(raised) or {}).__tostring then
    fine, message = pcall(json.encode, raised)
  end
  local trace = traceback("", 2)
  local cut = find(trace, "\n%s*%[C%]: in function '?xpcall'?")
  return { type = type(raised) == "string" and "error" or type(raised), message = json.clean(fine and message or "an error without a message"),
    trace = json.clean(sub(trace, 2, (cut or 0) - 1)) }
end

-- What `xpcall` gives when the stack was full and so nothing could be described.
local function whole(error)
  return type(error) == "table" and error or { type = "error", message = "stack overflow: " .. tostring(error), trace = "" }
end

local function broken(kind, message, trace)
  send("B", json.encode({ kind = kind, message = json.clean(message), trace = trace or "" }), "")
  exit(1)
end

local function load_handler(load)
  local file = load.file or ""
  local beside = match(file, "^(.*)/") or "."
  local version = match(_VERSION, "%d.%d")
  local places = "./?.lua;./?/init.lua;./lua_modules/share/lua/" .. version .. "/?.lua;./lua_modules/share/lua/" .. version .. "/?/init.lua;"
  package.path = (beside == "." and "" or beside .. "/?.lua;" .. beside .. "/?/init.lua;") .. places .. package.path
  package.cpath = "./?.so;./lua_modules/lib/lua/" .. version .. "/?.so;" .. package.cpath
  local there, problem = open(file, "rb")
  if not there then broken("missing", "the handler's file cannot be opened: " .. problem) end
  there:close()
  local chunk, mistake = loadfile(file)
  if not chunk then broken("syntax", mistake) end
  local fine, returned = xpcall(chunk, described)
  if asked_to_exit then broken("load", file .. " called exit while it was loaded") end
  if not fine then
    returned = whole(returned)
    broken(find(returned.message, "^module '") and "import" or "load", returned.message, returned.trace)
  end
  if type(returned) == "function" then return returned end
  local members = type(returned) == "table" and returned or {}
  local names = load.handler and { load.handler } or { "lambda", "handler" }
  local other
  for _, name in ipairs(names) do
    for _, found in ipairs({ members[name] or false, rawget(_G, name) or false }) do
      if type(found) == "function" or (getmetatable(found) or {}).__call then return found end
      other = other or found and "`" .. name .. "` in " .. file .. " is a " .. type(found) .. ", not a function"
    end
  end
  local wanted = table.concat(names, "` or `")
  broken("missing", other or file .. " has no function `" .. wanted .. "`: return it, or a table with it, or define it globally")
end

local kind, first = receive()
if kind ~= 76 then exit(kind and 1 or 0) end
local load = json.decode(first)

-- The call's attributes are read from the frame's header when the first of them is asked for.
local attributes = {}
local RAW = {}
local function fill(environment)
  local header = rawget(environment, RAW)
  if not header then return environment end
  environment[RAW] = nil
  local defaults = json.decode(header)
  defaults.code, defaults.response_headers, defaults["function"] = defaults.asynchronous and 202 or 200, {}, load["function"]
  defaults.variables = {}
  for name, value in next, load.variables do defaults.variables[name] = value end
  for name, value in next, defaults do
    if rawget(environment, name) == nil then rawset(environment, name, value) end
  end
  return environment
end
function attributes.__index(environment, name) return rawget(fill(environment), name) end
function attributes.__pairs(environment) return next, fill(environment) end
json.before_encoding[attributes] = fill

local function header_of(environment)
  local code, headers = rawget(environment, "code"), rawget(environment, "response_headers")
  local none = headers == nil or type(headers) == "table" and next(headers) == nil
  if none and (code == nil or code == 200) then return "" end
  if code ~= nil and (type(code) ~= "number" or code % 1 ~= 0) then error("environment.code is " .. tostring(code) .. ", no whole number", 0) end
  if not none and type(headers) ~= "table" then error("environment.response_headers is a " .. type(headers) .. ", no table", 0) end
  local texts = {}
  for name, value in next, headers or texts do
    local fit = type(value) == "string" or type(value) == "number" or type(value) == "table" and #value > 0
    if not fit then error("the response header " .. tostring(name) .. " is neither a text nor a list of texts", 0) end
    texts[tostring(name)] = type(value) == "number" and tostring(value) or value
  end
  return json.encode({ code = code, headers = not none and texts or nil })
end

local handler = load_handler(load)
local input, environment
local call = function() return (handler(input, environment)) end
if load.signature == "aws" then
  local aws = dofile(own_folder .. "/aws.lua")
  call = aws(handler, load, json, function() return input, environment end)
end

-- Type, header and body of the answer.
local text_came = load.input == "text"
local function run()
  local output, kind_of_it = call()
  local header = header_of(environment)
  if kind_of_it then return kind_of_it, header, output end
  if type(output) == "string" then
    -- What comes as text is valid: the host has seen to it.
    return (text_came and output == input or json.is_text(output)) and "T" or "O", header, output
  elseif output == nil then
    return "T", header, ""
  end
  return "J", header, json.encode(output)
end

local own_pid = tonumber(match(assert(open("/proc/self/stat")):read("*a"), "^%d+"))
local getpid = jit and require("ffi") or nil
if getpid then
  pcall(getpid.cdef, "int getpid(void);")
  getpid = getpid.C.getpid
end

send("H", json.encode({ protocol = 1, pid = own_pid, language = jit and "luajit" or "lua", version = match(jit and jit.version or _VERSION, "%d%S*") }), "")
while true do
  local frame, header, body = receive()
  if not frame or frame == 83 then break end
  if frame == 73 then
    input, environment, asked_to_exit = body, setmetatable({ [RAW] = header }, attributes), nil
    local fine, answer, answer_header, answer_body = xpcall(run, described)
    local unistd = loaded["posix.unistd"]
    if getpid and getpid() ~= own_pid or unistd and unistd.getpid() ~= own_pid then exit(0) end
    if asked_to_exit then
      send("E", json.encode({ type = "exit", message = asked_to_exit, trace = "" }), "")
    elseif not fine then
      send("E", json.encode(whole(answer)), "")
    else
      send(answer, answer_header, answer_body)
    end
    input, environment = nil, nil
  end
end
stdout:flush()
exit(0)
