-- The signature of AWS Lambda: handler(event, context), its events and its answers.
local ACCOUNT = "000000000000"
local TEXT_TYPES = { "^text/", "^application/json", "^application/xml", "^application/javascript", "^application/x%-www%-form%-urlencoded", "%+json$", "%+xml$" }
local DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

local function to_base64(bytes)
  local parts = {}
  for at = 1, #bytes, 3 do
    local a, b, c = bytes:byte(at, at + 2)
    local bits = a * 65536 + (b or 0) * 256 + (c or 0)
    for place = 1, 4 do
      local index = math.floor(bits / 64 ^ (4 - place)) % 64 + 1
      parts[#parts + 1] = (place == 3 and not b or place == 4 and not c) and "=" or DIGITS:sub(index, index)
    end
  end
  return table.concat(parts)
end

local function from_base64(text)
  local values, parts, bits, count = {}, {}, 0, 0
  for index = 1, 64 do values[DIGITS:byte(index)] = index - 1 end
  text = text:gsub("%s", ""):gsub("=+$", "")
  for at = 1, #text do
    local value = values[text:byte(at)] or error("Runtime.MarshalError: body is not base64, though isBase64Encoded is set", 0)
    bits, count = bits * 64 + value, count + 1
    if count == 4 then
      parts[#parts + 1] = string.char(math.floor(bits / 65536), math.floor(bits / 256) % 256, bits % 256)
      bits, count = 0, 0
    end
  end
  if count == 3 then parts[#parts + 1] = string.char(math.floor(bits / 1024), math.floor(bits / 4) % 256) end
  if count == 2 then parts[#parts + 1] = string.char(math.floor(bits / 16)) end
  return table.concat(parts)
end

local function percent_decoded(text)
  return (text:gsub("+", " "):gsub("%%(%x%x)", function(digits) return string.char(tonumber(digits, 16)) end))
end

local function is_text(content_type)
  local kind = content_type:match("^[^;]*"):gsub("%s", ""):lower()
  for _, pattern in ipairs(TEXT_TYPES) do
    if kind:find(pattern) then return true end
  end
  return kind == ""
end

-- Payload format 2.0, as of a function URL.
local function http_event(environment, body, json)
  local headers, event = {}, { version = "2.0", routeKey = "$default", rawQueryString = environment.query_string, isBase64Encoded = false }
  for name, value in pairs(environment.headers) do headers[name] = value end
  event.rawPath = environment.path_info == "" and "/" or environment.path_info
  if headers.cookie then
    event.cookies = json.array()
    for cookie in headers.cookie:gmatch("[^;]+") do table.insert(event.cookies, cookie:match("^%s*(.-)%s*$")) end
    headers.cookie = nil
  end
  local host, port = (headers.host or environment.server_name or "localhost"):match("^(.-):?(%d*)$")
  headers["x-forwarded-for"] = headers["x-forwarded-for"] or environment.remote_address
  headers["x-forwarded-port"] = headers["x-forwarded-port"] or (port == "" and "80" or port)
  headers["x-forwarded-proto"] = headers["x-forwarded-proto"] or "http"
  event.headers = headers
  for pair in environment.query_string:gmatch("[^&]+") do
    local name, value = pair:match("^([^=]*)=?(.*)$")
    name, value = percent_decoded(name), percent_decoded(value)
    event.queryStringParameters = event.queryStringParameters or {}
    local earlier = event.queryStringParameters[name]
    event.queryStringParameters[name] = earlier and earlier .. "," .. value or value
  end
  if #body > 0 then
    local plain = is_text(environment.content_type) and json.is_text(body)
    event.body, event.isBase64Encoded = plain and body or to_base64(body), not plain
  end
  event.requestContext = {
    accountId = ACCOUNT, apiId = environment["function"], domainName = host, domainPrefix = host:match("^[^.]*"),
    http = { method = environment.method, path = event.rawPath, protocol = environment.protocol, sourceIp = environment.remote_address,
      userAgent = headers["user-agent"] or "" },
    requestId = environment.id, routeKey = "$default", stage = "$default",
    time = os.date("!%d/%b/%Y:%H:%M:%S +0000"), timeEpoch = os.time() * 1000,
    authorizer = environment.identity ~= "" and { lambda = { principalId = environment.identity } } or nil,
  }
  return event
end

-- The answer's body and its kind of frame.
local function http_answer(environment, result, json)
  if type(result) ~= "table" or result.statusCode == nil then return json.encode(result), "J" end
  environment.code = tonumber(result.statusCode) or error("Runtime.MarshalError: statusCode is " .. tostring(result.statusCode) .. ", no number", 0)
  local headers = environment.response_headers
  for _, given in ipairs({ result.headers or {}, result.multiValueHeaders or {} }) do
    for name, value in pairs(given) do headers[name:lower()] = type(value) == "table" and value or tostring(value) end
  end
  if result.cookies and #result.cookies > 0 then headers["set-cookie"] = result.cookies end
  headers["content-type"] = headers["content-type"] or "application/json"
  local body = result.body == nil and "" or result.body
  if type(body) ~= "string" then error("Runtime.MarshalError: body is a " .. type(body) .. "; it must be text, for instance JSON", 0) end
  if result.isBase64Encoded then return from_base64(body), "O" end
  return body, json.is_text(body) and "T" or "O"
end

-- How a handler of this signature is called. `current` gives the input and the environment.
return function(handler, load, json, current)
  local getenv, memory = os.getenv, tostring(math.floor((load.memory_bytes or 134217728) / 1048576))
  local region = getenv("AWS_REGION") or getenv("AWS_DEFAULT_REGION") or "us-east-1"
  local variables = {
    AWS_REGION = region, AWS_DEFAULT_REGION = region, AWS_LAMBDA_FUNCTION_NAME = load["function"], AWS_LAMBDA_FUNCTION_VERSION = "$LATEST",
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE = memory, AWS_LAMBDA_LOG_GROUP_NAME = "/aws/lambda/" .. load["function"],
    AWS_LAMBDA_LOG_STREAM_NAME = os.date("!%Y/%m/%d") .. "/[$LATEST]", LAMBDA_TASK_ROOT = load.folder,
  }
  function os.getenv(name) return getenv(name) or variables[name] end
  return function()
    local input, environment = current()
    local context = {
      aws_request_id = environment.id, function_name = load["function"], function_version = "$LATEST", memory_limit_in_mb = memory,
      invoked_function_arn = "arn:aws:lambda:" .. region .. ":" .. ACCOUNT .. ":function:" .. load["function"],
      log_group_name = variables.AWS_LAMBDA_LOG_GROUP_NAME, log_stream_name = variables.AWS_LAMBDA_LOG_STREAM_NAME,
    }
    -- The clock of plain Lua has whole seconds: rather too little than too much.
    function context.get_remaining_time_in_millis() return math.max(environment.deadline - (os.time() + 1) * 1000, 0) end
    local event
    if load.event == "http" then
      event = http_event(environment, input, json)
    else
      local fine, decoded = pcall(json.decode, #input > 0 and input or "{}")
      if not fine then error("Runtime.UnmarshalError: the input " .. decoded, 0) end
      event = decoded
    end
    local result = handler(event, context)
    if load.event == "http" then return http_answer(environment, result, json) end
    return json.encode(result), "J"
  end
end
