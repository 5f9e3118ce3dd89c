// SPDX-License-Identifier: Apache-2.0
// Speaks postgrest-js for a test in Python: node driver.cjs URL, with postgrest-js on NODE_PATH. Each line of standard input is a
// JSON string, an expression over `client` (a PostgrestClient) such as client.from('mills').select(); each line of standard
// output is what the client made of the answer (data, error, count, status) and, as `wire`, what went over the wire.
'use strict'
const { PostgrestClient } = require('@supabase/postgrest-js')
const readline = require('node:readline')

const AsyncFunction = (async () => {}).constructor
const SECONDS_MAX = 30
let wire

async function watchedFetch(url, options) {
  const answer = await fetch(url, { ...options, signal: AbortSignal.timeout(SECONDS_MAX * 1000) })
  wire = { method: options.method, target: url, asked: Object.fromEntries(options.headers), answered: Object.fromEntries(answer.headers) }
  return answer
}

async function answer(code) {
  const client = new PostgrestClient(process.argv[2], { fetch: watchedFetch })
  wire = null
  try {
    return { ...(await new AsyncFunction('client', `return await (${code})`)(client)), wire }
  } catch (error) {
    return { thrown: `${error.stack}`, wire }
  }
}

async function main() {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    process.stdout.write(JSON.stringify(await answer(JSON.parse(line))) + '\n')
  }
}

main()
