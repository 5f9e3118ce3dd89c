// SPDX-License-Identifier: Apache-2.0
// Readings taken in row by row, as an application in Node does: fastify and pg, modules on NODE_PATH.
// Given what helps it: a pool, a prepared statement, one transaction a request, no schema to check bodies by, no log.
// DATABASE_URL and PORT say where.
'use strict'
const fastify = require('fastify')
const { Pool } = require('pg')

const COLUMNS = ['device', 'site', 'kind', 'taken_at', 'value', 'low', 'high', 'price', 'count', 'valid', 'note', 'unit', 'source', 'serial', 'details']
const INSERT = {
  name: 'insert',
  text: `INSERT INTO readings (${COLUMNS.join(', ')}) VALUES (${COLUMNS.map((_, i) => `$${i + 1}`).join(', ')})`
}
const pool = new Pool({ connectionString: process.env.DATABASE_URL, max: 20 })
const app = fastify({ logger: false })

app.get('/health/ready', async () => ({ status: 'ok' }))

app.post('/api/readings', async (request, reply) => {
  const client = await pool.connect()
  try {
    await client.query('BEGIN')
    for (const row of [].concat(request.body)) {
      await client.query({ ...INSERT, values: COLUMNS.map((name) => row[name]) })
    }
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK')
    throw error
  } finally {
    client.release()
  }
  return reply.code(201).send()
})

app.listen({ host: '127.0.0.1', port: Number(process.env.PORT) })
