// Reads a topic of records and writes points into InfluxDB 2.
// usage: consumer.js batched|single, with the names below in the environment
'use strict'

const { Kafka, logLevel } = require('kafkajs')
const { InfluxDB, Point } = require('@influxdata/influxdb-client')

const { BROKERS, TOPIC, SITE, MEASUREMENT, INFLUX_URL, INFLUX_TOKEN, INFLUX_ORG, INFLUX_BUCKET } = process.env
const batched = process.argv[2] === 'batched'
const pointsAtOnce = 5000

const store = new InfluxDB({ url: INFLUX_URL, token: INFLUX_TOKEN }).getWriteApi(INFLUX_ORG, INFLUX_BUCKET, 'ns', {
  // Only flush() writes: an automatic write of the client could fail after the offset was committed.
  batchSize: pointsAtOnce + 1,
  flushInterval: 0,
  defaultTags: { site: SITE, index: '1', type: 'rasp' },
})

const columns = new Map([
  ['status', ['status', 'intField']],
  ['lat', ['latitude', 'floatField']],
  ['lon', ['longitude', 'floatField']],
  ['alcohol_gas', ['alcohol_gas', 'intField']],
  ['co_gas', ['co_gas', 'intField']],
  ['temp', ['temp', 'floatField']],
  ['light', ['light', 'intField']],
  ['dust', ['dust', 'floatField']],
])

function pointOf(message) {
  const record = JSON.parse(message.value)
  const point = new Point(MEASUREMENT).tag('id', record.device_id).timestamp(nanoseconds(record.time))
  for (const [name, [column, add]] of columns) {
    if (record[name] !== undefined) point[add](column, record[name])
  }
  return point
}

// A Date keeps milliseconds only, and two readings may be of one.
function nanoseconds(time) {
  const [seconds, fraction = ''] = time.slice(0, -1).split('.')
  return String(Date.parse(seconds + 'Z') / 1000) + fraction.padEnd(9, '0')
}

async function eachBatch({ batch, resolveOffset, heartbeat, isRunning, isStale }) {
  for (let i = 0; i < batch.messages.length && isRunning() && !isStale(); i += pointsAtOnce) {
    const messages = batch.messages.slice(i, i + pointsAtOnce)
    store.writePoints(messages.map(pointOf))
    await store.flush()
    resolveOffset(messages.at(-1).offset)
    await heartbeat()
  }
}

async function eachMessage({ message }) {
  store.writePoint(pointOf(message))
  await store.flush()
}

async function main() {
  const kafka = new Kafka({ brokers: BROKERS.split(','), logLevel: logLevel.WARN })
  const consumer = kafka.consumer({ groupId: 'node-' + process.argv[2], allowAutoTopicCreation: false })
  process.once('SIGTERM', () => consumer.disconnect().then(() => process.exit(0)))
  await consumer.connect()
  await consumer.subscribe({ topic: TOPIC, fromBeginning: true })
  await consumer.run(batched ? { eachBatch } : { eachMessage })
}

main().catch((error) => {
  console.error(error)
  process.exit(1)
})
