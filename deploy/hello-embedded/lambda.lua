-- Greets by name, inside the host: Lua need not be installed.
return function(input, environment)
  print("greeting for call " .. environment.id)
  return { message = "Hello, " .. (input ~= "" and input or "world") .. "!" }
end
