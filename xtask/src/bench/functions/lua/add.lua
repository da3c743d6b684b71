return function(input)
  local a, b = input:match('"a"%s*:%s*(%-?%d+)'), input:match('"b"%s*:%s*(%-?%d+)')
  return { sum = tonumber(a) + tonumber(b) }
end
