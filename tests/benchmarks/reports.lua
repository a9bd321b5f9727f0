-- Load for the door of listens: every request is another report, of many sessions.
-- Environment: TOKENS (a file, one session token a line), EVENTS (in a report), MARK (8 hex digits of the run).
local tokens = {}
for line in io.lines(os.getenv("TOKENS")) do tokens[#tokens + 1] = line end
local events, mark = tonumber(os.getenv("EVENTS")), os.getenv("MARK")
local event = '{"p":"%s-0000-7000-8000-%012x","n":%d,"k":"h","b":"trk_01m7wm3sqbe1mr2098s9fkezja",'
  .. '"iv":[[%d,%d]],"d":57.8,"at":%d}'
local headers = {
  ["Content-Type"] = "text/plain;charset=UTF-8",
  ["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
  ["Sec-CH-UA"] = '"Chromium";v="140", "Google Chrome";v="140", "Not A(Brand";v="24"',
  ["Sec-CH-UA-Mobile"] = "?0",
  ["Sec-CH-UA-Platform"] = '"Linux"',
}
local count = 0

function request()
  count = count + 1
  local parts = {}
  for n = 1, events do
    parts[n] = event:format(mark, count, n, 10 * n - 10, 10 * n, 10000 * n)
  end
  local body = '{"v":1,"s":"' .. tokens[count % #tokens + 1] .. '","e":[' .. table.concat(parts, ",") .. "]}"
  return wrk.format("POST", "/api/v1/listens", headers, body)
end
