import { setTimeout as sleep } from 'node:timers/promises'

const STATIONS = {
  Bergen: { height: 12, warmest: 18, coldest: 1 },
  Davos: { height: 1594, warmest: 15, coldest: -6 },
  Kyoto: { height: 41, warmest: 28, coldest: 4 },
  Nairobi: { height: 1661, warmest: 20, coldest: 16 },
  Reykjavik: { height: 52, warmest: 12, coldest: 0 },
  Tucson: { height: 788, warmest: 31, coldest: 11 },
}
const MEASURING_MS = 900
const MAX_BARS = 20

/**
 * Four tools of an imaginary weather service: a quick one, a slow one, one that draws, and one that tells the person.
 *
 * @param {{ onPublish(report: { cellId: string, title: string, text: string }): void }} options
 * @returns {Record<string, import('codecell').Tool>}
 */
export function stationTools({ onPublish }) {
  return {
    stations: {
      description: 'Lists the names of all weather stations.',
      outputSchema: { type: 'array', items: { type: 'string' } },
      execute: () => Object.keys(STATIONS),
    },

    measurements: {
      description: 'The mean temperature of each month at a station, in °C. Takes about a second.',
      inputSchema: { type: 'object', properties: { station: { type: 'string' } }, required: ['station'] },
      outputSchema: {
        type: 'object',
        properties: { height: { type: 'number' }, celsius: { type: 'array', items: { type: 'number' } } },
        required: ['height', 'celsius'],
      },
      async execute({ station }, { signal }) {
        if (!Object.hasOwn(STATIONS, station)) throw new Error(`no station is called ${station}`)
        const { height, warmest, coldest } = STATIONS[station]
        // Further stations take longer to answer, as they would.
        await sleep(MEASURING_MS * (0.6 + station.length / 10), undefined, { signal })
        const middle = (warmest + coldest) / 2
        const swing = (warmest - coldest) / 2
        const celsius = Array.from(
          { length: 12 },
          (_, month) => middle - swing * Math.cos((month / 6) * Math.PI),
        )
        return { height, celsius: celsius.map((value) => Math.round(value * 10) / 10) }
      },
    },

    chart: {
      description: `Draws a bar chart of up to ${MAX_BARS} values. Returns a picture for image().`,
      inputSchema: {
        type: 'object',
        properties: {
          title: { type: 'string' },
          bars: {
            type: 'array',
            items: {
              type: 'object',
              properties: { label: { type: 'string' }, value: { type: 'number' } },
              required: ['label', 'value'],
            },
          },
        },
        required: ['title', 'bars'],
      },
      execute({ title, bars }) {
        if (!Array.isArray(bars) || bars.length === 0 || bars.length > MAX_BARS) {
          throw new Error(`bars must be an array of 1 to ${MAX_BARS}`)
        }
        const values = bars.map(({ label, value }) => ({ label: String(label), value: Number(value) }))
        if (!values.every(({ value }) => Number.isFinite(value)))
          throw new Error('each value must be a number')
        const data = Buffer.from(barChart(String(title), values)).toString('base64')
        return { type: 'image', mimeType: 'image/svg+xml', data }
      },
    },

    publish: {
      description: 'Publishes a report: it is shown to the person at once.',
      inputSchema: {
        type: 'object',
        properties: { title: { type: 'string' }, text: { type: 'string' } },
        required: ['title', 'text'],
      },
      execute({ title, text }, { cellId, signal }) {
        signal.throwIfAborted()
        onPublish({ cellId, title: String(title), text: String(text) })
      },
    },
  }
}

/** @param {string} title @param {{ label: string, value: number }[]} bars */
function barChart(title, bars) {
  const ROW = 30
  const highest = Math.max(0, ...bars.map(({ value }) => value))
  const lowest = Math.min(0, ...bars.map(({ value }) => value))
  const across = (value) => 130 + ((value - lowest) / (highest - lowest || 1)) * 380
  const rows = bars.map(({ label, value }, index) => {
    const y = 52 + index * ROW
    const left = Math.min(across(0), across(value))
    const width = Math.abs(across(value) - across(0))
    return `<text x="112" y="${y + 15}" text-anchor="end">${escaped(label)}</text>
<rect x="${left}" y="${y}" width="${width}" height="20" rx="3" fill="${value < 0 ? '#4c86c6' : '#e0793b'}"/>
<text x="${Math.max(left + width, across(0)) + 8}" y="${y + 15}" fill="#57606a">${value}</text>`
  })
  const height = 66 + bars.length * ROW
  return `<svg xmlns="http://www.w3.org/2000/svg" width="580" height="${height}" font-family="sans-serif" font-size="14">
<rect width="580" height="${height}" fill="#fff"/>
<text x="20" y="32" font-size="17" font-weight="bold">${escaped(title)}</text>
${rows.join('\n')}
</svg>`
}

function escaped(text) {
  return text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`)
}
