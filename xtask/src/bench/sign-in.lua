-- Somebody who guesses passwords, from as many addresses and for as many emails as there are requests.
local number = 0

request = function()
  number = number + 1
  local address = string.format("10.%d.%d.%d", math.floor(number / 65536) % 256, math.floor(number / 256) % 256, number % 256)
  local body = string.format('{"email":"guess-%d@skyline.example","password":"no such password"}', number)
  local headers = { ["Content-Type"] = "application/json", ["X-Forwarded-For"] = address }
  return wrk.format("POST", nil, headers, body)
end
