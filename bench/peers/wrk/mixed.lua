-- SPDX-License-Identifier: Apache-2.0
-- wrk … -s mixed.lua URL -- FILE SEED PAUSE_MS: asks for the paths of FILE, one a line, from a place of its own on, and then again; with a
-- pause of PAUSE_MS on the average before each (0: none). Ends with one line of JSON, as request.lua does.
local paths, at, pause_ms = {}, 0, 0

function init(args)
   for path in io.lines(args[1]) do
      paths[#paths + 1] = "GET " .. path .. " HTTP/1.1\r\nHost: " .. wrk.host .. "\r\n\r\n"
   end
   math.randomseed(tonumber(args[2]))
   at, pause_ms = math.random(#paths), tonumber(args[3])
   if pause_ms == 0 then delay = nil end
end

function delay()
   return math.floor(math.random() * 2 * pause_ms + math.random()) -- wrk takes whole milliseconds
end

function request()
   at = at % #paths + 1
   return paths[at]
end

function done(summary, latency)
   local e = summary.errors
   io.write(string.format('\n{"requests": %d, "us": %d, "failed": %d}\n', summary.requests, summary.duration,
      e.connect + e.read + e.write + e.status + e.timeout))
end
