-- Somebody who guesses passwords: each request comes from another address and is for another email. The round is given, so
-- that none of them comes again in the next.
local number = 0

init = function(args)
  number = tonumber(args[1]) * 500000
end

request = function()
  number = number + 1
  local address = string.format("10.%d.%d.%d", math.floor(number / 65536) % 256, math.floor(number / 256) % 256, number % 256)
  local body = string.format('{"email":"guess-%d@skyline.example","password":"no such password"}', number)
  local headers = { ["Content-Type"] = "application/json", ["X-Forwarded-For"] = address }
  return wrk.format("POST", nil, headers, body)
end
