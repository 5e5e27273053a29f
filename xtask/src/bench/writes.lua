-- Upserts of trips with the keys in a file in turn: one each, or as a batch of as many as the second argument says.

local TRIPS = 2000
local keys, size, sent = {}, 1, 0

function init(arguments)
  for key in io.lines(arguments[1]) do
    keys[#keys + 1] = key
  end
  size = tonumber(arguments[2])
end

-- Each upsert changes the trip: its number of passengers is another than that of the upsert before.
local function trip(number)
  local id = number % TRIPS
  local passengers = math.floor(number / TRIPS) % 1000
  return id, '"tripType":"charter","origin":"KTEB","destination":"KMIA","departureDate":"2027-04-01T10:00:00Z","passengerCount":'
    .. passengers
end

function request()
  local headers = { ["X-API-Key"] = keys[sent % #keys + 1], ["Content-Type"] = "application/json" }
  if size == 1 then
    local id, fields = trip(sent)
    sent = sent + 1
    return wrk.format("PUT", "/api/v1/ops/trips/by-external-id/t" .. id, headers, "{" .. fields .. "}")
  end
  local items = {}
  for place = 1, size do
    local id, fields = trip(sent * size + place)
    items[place] = '{"externalId":"t' .. id .. '",' .. fields .. "}"
  end
  sent = sent + 1
  return wrk.format("POST", "/api/v1/ops/trips/batch", headers, '{"items":[' .. table.concat(items, ",") .. "]}")
end
