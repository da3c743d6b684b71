-- What a state offers instead of io, os and loading: nothing that could touch the host or leave the function's folder.
local read_file, out, variables, gave_way, forget = ...
local load_text = load

local function writer(stream)
  local file = {}
  function file:write(...)
    for index = 1, select("#", ...) do
      local value = select(index, ...)
      if type(value) ~= "string" and type(value) ~= "number" then
        error("bad argument #" .. index .. " to 'write' (string expected, got " .. type(value) .. ")", 2)
      end
      out(stream, tostring(value))
    end
    return self
  end
  function file:flush() return self end
  function file:setvbuf() return true end
  function file:close() return true end
  return file
end

-- A file that has been read whole.
local function reader(text)
  local file, at = {}, 1
  local function line(keep)
    if at > #text then return nil end
    local stop = text:find("\n", at, true)
    local found = text:sub(at, stop and (keep and stop or stop - 1) or #text)
    at = (stop or #text) + 1
    return found
  end
  local function one(format)
    if type(format) == "number" then
      if at > #text and format > 0 then return nil end
      local found = text:sub(at, at + format - 1)
      at = at + #found
      return found
    end
    format = format:gsub("^%*", "")
    if format:sub(1, 1) == "a" then
      local found = text:sub(at)
      at = #text + 1
      return found
    elseif format:sub(1, 1) == "n" then
      local first, stop, found = text:find("^%s*([%+%-]?[%w%.]+)", at)
      if not first or not tonumber(found) then return nil end
      at = stop + 1
      return tonumber(found)
    end
    return line(format:sub(1, 1) == "L")
  end
  function file:read(...)
    if select("#", ...) == 0 then return line() end
    local found = table.pack(...)
    for index = 1, found.n do found[index] = one(found[index]) end
    return table.unpack(found, 1, found.n)
  end
  function file:lines(format)
    return function() return one(format or "l") end
  end
  function file:seek(whence, offset)
    local base = whence == "set" and 0 or whence == "end" and #text or at - 1
    at = math.max(0, base + (offset or 0)) + 1
    return at - 1
  end
  function file:close() return true end
  return file
end

local input = reader("")
io = { stdout = writer(1), stderr = writer(2), stdin = input }
function io.write(...) return io.stdout:write(...) end
function io.read(...) return input:read(...) end
function io.lines(name, ...)
  if not name then return input:lines(...) end
  return assert(io.open(name)):lines(...)
end
function io.open(name, mode)
  if mode and not mode:match("^rb?$") then
    return nil, name .. ": embedded functions may only read their own files; use \"type\": \"interpreted\"", 13
  end
  local text, problem = read_file(name)
  if not text then return nil, name .. ": " .. problem, 2 end
  return reader(text)
end
function io.type(value)
  return type(value) == "table" and value.read and "file" or nil
end

function print(...)
  local parts = table.pack(...)
  for index = 1, parts.n do parts[index] = tostring(parts[index]) end
  out(1, table.concat(parts, "\t") .. "\n")
end

local system = os
os = { clock = system.clock, date = system.date, difftime = system.difftime, time = system.time }
function os.getenv(name) return variables[name] end
function os.exit(code)
  error("exit(" .. tostring(code == nil and true or code) .. ") inside the handler", 0)
end

-- A coroutine that is interrupted gives way to who resumed it; that one gives way in turn, and resumes it later.
local resume, yield, yieldable, status = coroutine.resume, coroutine.yield, coroutine.isyieldable, coroutine.status
local function go_on(thread, ...)
  if not gave_way() or status(thread) ~= "suspended" then return ... end
  if yieldable() then yield() end
  return go_on(thread, resume(thread))
end
function coroutine.resume(thread, ...) return go_on(thread, resume(thread, ...)) end
function coroutine.yield(...)
  forget()
  return yield(...)
end
local function unwrap(ok, first, ...)
  if ok then return first, ... end
  error(first, 0)
end
function coroutine.wrap(body)
  local thread = coroutine.create(body)
  return function(...) return unwrap(coroutine.resume(thread, ...)) end
end

-- Text only: the interpreter trusts compiled chunks, and a wrong one could bring it down.
function load(chunk, name, _, ...) return load_text(chunk, name, "t", ...) end
function loadfile(name, _, ...)
  local text, problem = read_file(name)
  if not text then return nil, "cannot open " .. tostring(name) .. ": " .. problem end
  return load_text(text, "@" .. name, "t", ...)
end
function dofile(name) return assert(loadfile(name))() end

-- `require` finds modules of the function's folder alone.
package = { loaded = package.loaded, preload = package.preload, path = "?.lua;?/init.lua", cpath = "", config = package.config }
for name, value in pairs({ io = io, os = os, package = package }) do package.loaded[name] = value end
function require(name)
  if package.loaded[name] ~= nil then return package.loaded[name] end
  local loader, place = package.preload[name], ":preload:"
  local tried = {}
  if not loader then
    for pattern in package.path:gmatch("[^;]+") do
      place = pattern:gsub("%?", (name:gsub("%.", "/")))
      local text, problem = read_file(place)
      if text then
        loader = assert(load_text(text, "@" .. place, "t"))
        break
      end
      tried[#tried + 1] = "\n\tno file '" .. place .. "': " .. problem
    end
  end
  if not loader then error("module '" .. name .. "' not found:" .. table.concat(tried), 2) end
  local value = loader(name, place)
  if value ~= nil then package.loaded[name] = value end
  if package.loaded[name] == nil then package.loaded[name] = true end
  return package.loaded[name], place
end
