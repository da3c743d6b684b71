-- JSON and UTF-8, for Lua 5.1 to 5.4 and LuaJIT.
local char, byte, sub, find, format, gsub, concat = string.char, string.byte, string.sub, string.find, string.format, string.gsub, table.concat
local next, type, tostring, tonumber, setmetatable, getmetatable, pairs, floor = next, type, tostring, tonumber, setmetatable, getmetatable, pairs, math.floor

local json = { before_encoding = {} }
-- Stands for null in a list; in a map a null is a key that is not there.
json.null = setmetatable({}, { __tostring = function() return "null" end })
-- An empty table is a map: this makes it a list.
local is_array = {}
function json.array(table) return setmetatable(table or {}, is_array) end

-- The position of the first byte that is no UTF-8, or nil. Where there is no utf8 library: bytes as RFC 3629 has them.
local first_wrong = utf8 and function(text, at)
  local _, wrong = utf8.len(text, at)
  return wrong
end or function(text, at)
  at = find(text, "[\128-\255]", at)
  while at do
    local a, b, c, d = byte(text, at, at + 3)
    local function tail(value) return value and value >= 0x80 and value <= 0xBF end
    if a >= 0xC2 and a <= 0xDF and tail(b) then at = at + 2
    elseif a >= 0xE0 and a <= 0xEF and tail(b) and tail(c) and not (a == 0xE0 and b < 0xA0) and not (a == 0xED and b > 0x9F) then at = at + 3
    elseif a >= 0xF0 and a <= 0xF4 and tail(b) and tail(c) and tail(d) and not (a == 0xF0 and b < 0x90) and not (a == 0xF4 and b > 0x8F) then at = at + 4
    else return at end
    local following = byte(text, at)
    if not following or following < 0x80 then at = find(text, "[\128-\255]", at) end
  end
end

function json.is_text(text) return not find(text, "[\128-\255]") or first_wrong(text, 1) == nil end

-- The text with a replacement character for each byte that is none, and not endless.
function json.clean(text)
  local parts, at, text = {}, 1, sub(text, 1, 65536)
  while at <= #text do
    local wrong = first_wrong(text, at)
    parts[#parts + 1] = sub(text, at, (wrong or 0) - 1)
    if not wrong then break end
    parts[#parts + 1] = "\239\191\189"
    at = wrong + 1
  end
  return concat(parts)
end

local escapes = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t", ["\b"] = "\\b", ["\f"] = "\\f" }
for code = 0, 127 do
  local character = char(code)
  if (code < 32 or code == 127) and not escapes[character] then escapes[character] = format("\\u%04x", code) end
end
local function quoted(text)
  if not json.is_text(text) then error("cannot be JSON: a text in it is no valid UTF-8", 0) end
  return '"' .. gsub(text, '[%c"\\]', escapes) .. '"'
end

local function number(value)
  if value ~= value or value == 1 / 0 or value == -1 / 0 then error("cannot be JSON: a number in it is not finite", 0) end
  if value % 1 == 0 and value > -1e15 and value < 1e15 then return format("%d", value) end
  if math.type and math.type(value) == "integer" then return tostring(value) end
  local short = format("%.14g", value)
  return tonumber(short) == value and short or format("%.17g", value)
end

-- How long it is as a list; nil: it is a map. Holes are null, as long as it is not mostly holes.
local function list_length(table)
  if getmetatable(table) == is_array then return #table end
  local count, last = 0, 0
  for key in pairs(table) do
    if type(key) ~= "number" or key < 1 or key % 1 ~= 0 then return nil end
    count, last = count + 1, key > last and key or last
  end
  return count > 0 and last <= count * 2 + 8 and last or nil
end

local write
local function write_table(out, value, above)
  if value == json.null then out[#out + 1] = "null" return end
  for _, other in next, above do
    if other == value then error("cannot be JSON: a table in it holds itself", 0) end
  end
  if #above > 200 then error("cannot be JSON: it is nested too deeply", 0) end
  (json.before_encoding[getmetatable(value)] or type)(value)
  above[#above + 1] = value
  local length = list_length(value)
  out[#out + 1] = length and "[" or "{"
  if length then
    for index = 1, length do
      if index > 1 then out[#out + 1] = "," end
      write(out, value[index], above)
    end
  else
    local separator = ""
    for key, member in pairs(value) do
      if type(key) ~= "string" and type(key) ~= "number" then error("cannot be JSON: a key in it is a " .. type(key), 0) end
      out[#out + 1] = separator .. quoted(tostring(key)) .. ":"
      write(out, member, above)
      separator = ","
    end
  end
  out[#out + 1] = length and "]" or "}"
  above[#above] = nil
end

function write(out, value, above)
  local kind = type(value)
  if kind == "table" then return write_table(out, value, above) end
  out[#out + 1] = kind == "string" and quoted(value) or kind == "number" and number(value) or kind == "boolean" and tostring(value)
    or kind == "nil" and "null" or error("cannot be JSON: a " .. kind, 0)
end

function json.encode(value)
  local out = {}
  write(out, value, {})
  return concat(out)
end

local function encoded(code)
  if code < 0x80 then return char(code) end
  if code < 0x800 then return char(0xC0 + floor(code / 64), 0x80 + code % 64) end
  if code < 0x10000 then return char(0xE0 + floor(code / 4096), 0x80 + floor(code / 64) % 64, 0x80 + code % 64) end
  return char(0xF0 + floor(code / 262144), 0x80 + floor(code / 4096) % 64, 0x80 + floor(code / 64) % 64, 0x80 + code % 64)
end

local function wrong(at) error("is no JSON at byte " .. at, 0) end
local function skip(text, at) return find(text, "[^ \n\r\t]", at) or wrong(#text + 1) end
local plain = { ['"'] = '"', ["\\"] = "\\", ["/"] = "/", b = "\b", f = "\f", n = "\n", r = "\r", t = "\t" }
-- `at` is behind the opening quote. The text, and the position behind the closing one.
local function read_text(text, at)
  local stop = find(text, '["\\%c]', at) or wrong(at)
  if byte(text, stop) == 34 then return sub(text, at, stop - 1), stop + 1 end
  local parts = {}
  while true do
    parts[#parts + 1] = sub(text, at, stop - 1)
    local found = byte(text, stop)
    if found == 34 then return concat(parts), stop + 1 end
    if found == 127 then
      parts[#parts + 1], at = "\127", stop + 1
    elseif found ~= 92 then
      wrong(stop)
    elseif sub(text, stop + 1, stop + 1) == "u" then
      local code = tonumber(string.match(text, "^%x%x%x%x", stop + 2) or wrong(stop), 16)
      at = stop + 6
      local low = code >= 0xD800 and code < 0xDC00 and string.match(text, "^\\u([dD][c-fC-F]%x%x)", at)
      if low then code, at = 0x10000 + (code - 0xD800) * 1024 + tonumber(low, 16) - 0xDC00, at + 6 end
      parts[#parts + 1] = code >= 0xD800 and code < 0xE000 and "\239\191\189" or encoded(code)
    else
      parts[#parts + 1] = plain[sub(text, stop + 1, stop + 1)] or wrong(stop)
      at = stop + 2
    end
    stop = find(text, '["\\%c]', at) or wrong(at)
  end
end

local words = { t = { "true", true }, f = { "false", false }, n = { "null", nil } }
local function read(text, at, depth, in_list)
  at = skip(text, at)
  local first = sub(text, at, at)
  if first == '"' then return read_text(text, at + 1) end
  if first == "{" or first == "[" then
    if depth > 200 then error("is JSON that is nested too deeply", 0) end
    local result, list, closing, count = {}, first == "[", first == "[" and "]" or "}", 0
    at = skip(text, at + 1)
    if sub(text, at, at) == closing then return list and json.array(result) or result, at + 1 end
    while true do
      local key, value
      if not list then
        at = skip(text, at)
        if byte(text, at) ~= 34 then wrong(at) end
        key, at = read_text(text, at + 1)
        at = skip(text, at)
        if byte(text, at) ~= 58 then wrong(at) end
        at = at + 1
      end
      value, at = read(text, at, depth + 1, list)
      count = count + 1
      result[key or count] = value
      at = skip(text, at)
      local separator = sub(text, at, at)
      at = at + 1
      if separator == closing then return result, at end
      if separator ~= "," then wrong(at - 1) end
    end
  end
  local word = words[first]
  if word then
    if sub(text, at, at + #word[1] - 1) ~= word[1] then wrong(at) end
    if first == "n" and in_list then return json.null, at + 4 end
    return word[2], at + #word[1]
  end
  local digits = string.match(text, "^-?%d+%.?%d*[eE]?[+-]?%d*", at) or ""
  return tonumber(digits) or wrong(at), at + #digits
end

function json.decode(text)
  local value, at = read(text, 1, 0)
  if find(text, "[^ \n\r\t]", at) then wrong(at) end
  return value
end

return json
