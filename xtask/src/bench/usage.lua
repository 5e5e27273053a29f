-- Requests with so many of the keys in a file in turn, each made beforehand.

local requests, at = {}, 0

function init(arguments)
  local most = tonumber(arguments[2])
  for key in io.lines(arguments[1]) do
    if #requests < most then
      requests[#requests + 1] = wrk.format("GET", wrk.path, { ["X-API-Key"] = key })
    end
  end
end

function request()
  at = at % #requests + 1
  return requests[at]
end
