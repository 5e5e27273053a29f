-- Requests with so many keys in turn, each made beforehand.

local requests, at = {}, 0

function init(arguments)
  for number = 1, tonumber(arguments[1]) do
    local key = string.format("pck_%038d", number)
    requests[number] = wrk.format("GET", wrk.path, { ["X-API-Key"] = key })
  end
end

function request()
  at = at % #requests + 1
  return requests[at]
end
