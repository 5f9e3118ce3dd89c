-- SPDX-License-Identifier: Apache-2.0
-- wrk … -s request.lua URL -- TARGET COUNT SEED: asks for TARGET with %d replaced by a random number from 1 to COUNT;
-- a TARGET without %d stays as it is. Ends with one line of JSON. Requests are put together by hand: wrk.format is slower
-- than some of the servers measured.
local parts, count, constant

function init(args)
   local target = args[1]
   local head = "GET " .. target .. " HTTP/1.1\r\nHost: " .. wrk.host .. "\r\n\r\n"
   local from, to = head:find("%d", 1, true)
   count = tonumber(args[2])
   math.randomseed(tonumber(args[3]))
   if from then
      parts = { head:sub(1, from - 1), head:sub(to + 1) }
   else
      constant = head
   end
end

function request()
   if constant then return constant end
   return parts[1] .. math.random(count) .. parts[2]
end

function done(summary, latency)
   local e = summary.errors
   io.write(string.format(
      '\n{"requests": %d, "us": %d, "bytes": %d, "failed": %d, "p50_us": %d, "p99_us": %d}\n',
      summary.requests, summary.duration, summary.bytes,
      e.connect + e.read + e.write + e.status + e.timeout, latency:percentile(50), latency:percentile(99)))
end
