-- SPDX-License-Identifier: Apache-2.0
-- wrk … -s request.lua URL -- TARGET COUNT SEED [BODY]: asks for TARGET with %d replaced by a random number from 1 to COUNT;
-- a TARGET without %d stays as it is. With the file BODY it is a POST of that JSON, each of its %d replaced likewise: KINDS
-- such requests are made beforehand. GETs bear the headers of wrk's -H. Ends with one line of JSON. Requests are put together by hand: wrk.format is slower
-- than some of the servers measured.
local KINDS = 128
local parts, count, made

local function posts(target, body)
   local all = {}
   for i = 1, KINDS do
      local text = body:gsub("%%d", function() return math.random(count) end)
      all[i] = "POST " .. target .. " HTTP/1.1\r\nHost: " .. wrk.host .. "\r\nContent-Type: application/json\r\n" ..
         "Prefer: return=minimal\r\nContent-Length: " .. #text .. "\r\n\r\n" .. text
   end
   return all
end

function init(args)
   local target = args[1]
   local head = "GET " .. target .. " HTTP/1.1\r\nHost: " .. wrk.host .. "\r\n"
   for name, value in pairs(wrk.headers) do
      if name ~= "Host" then head = head .. name .. ": " .. value .. "\r\n" end
   end
   head = head .. "\r\n"
   local from, to = head:find("%d", 1, true)
   count = tonumber(args[2])
   math.randomseed(tonumber(args[3]))
   if args[4] then
      made = posts(target, assert(io.open(args[4])):read("*a"))
   elseif from then
      parts = { head:sub(1, from - 1), head:sub(to + 1) }
   else
      made = { head }
   end
end

function request()
   if made then return made[math.random(#made)] end
   return parts[1] .. math.random(count) .. parts[2]
end

function done(summary, latency)
   local e = summary.errors
   io.write(string.format(
      '\n{"requests": %d, "us": %d, "bytes": %d, "failed": %d, "p50_us": %d, "p99_us": %d}\n',
      summary.requests, summary.duration, summary.bytes,
      e.connect + e.read + e.write + e.status + e.timeout, latency:percentile(50), latency:percentile(99)))
end
