-- Greets by name. The file may also define a global function `lambda`; what it prints goes to /history, never into the answer.
return function(input, environment)
  local name = input:match("%S.*") or environment.query.name or "world"
  print("greeting " .. name .. " for call " .. environment.id)
  return "Hello, " .. name .. "!"
end
