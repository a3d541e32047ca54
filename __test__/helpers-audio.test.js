import { expect, test } from 'vitest'
import { content, thrownBy, typeError } from './support/cell.js'

const URL = 'data:audio/wav;base64,AAAA'
const EXPECTS =
  'audio expects a non-empty audio URL string, an object with audio_url, or a raw MCP audio block'
const INVALID = 'Tool call failed: invalid audio output. Pass a base64 data URI instead'
const TOO_SHORT = 'Audio output omitted because the clip is shorter than 25 ms; use a longer clip.'

const audio = (audioUrl) => [{ type: 'audio', audioUrl }]
const source = (value) => `audio(${JSON.stringify(value)})`

test('2.4 audio: a string is a URL', async () => {
  expect(await content(source(URL))).toEqual(audio(URL))
})

test('2.4 audio: an object may have it as audio_url', async () => {
  expect(await content(source({ audio_url: URL }))).toEqual(audio(URL))
})

test.each(['mimeType', 'mime_type'])(
  '2.4 audio: a raw MCP block becomes a data URL with its %s',
  async (key) => {
    const block = { type: 'audio', data: 'AAAA', [key]: 'audio/mp3' }
    expect(await content(source(block))).toEqual(audio('data:audio/mp3;base64,AAAA'))
  },
)

test('2.4 audio: a raw MCP block without a MIME type is application/octet-stream', async () => {
  expect(await content(source({ type: 'audio', data: 'AAAA' }))).toEqual(
    audio('data:application/octet-stream;base64,AAAA'),
  )
})

test('2.4 audio: data of an MCP block that is a data URL is kept', async () => {
  expect(await content(source({ type: 'audio', data: 'DATA:x,y', mimeType: 'audio/mp3' }))).toEqual(
    audio('DATA:x,y'),
  )
})

test('2.4 audio: a raw MCP block is taken as its JSON: toJSON is honoured', async () => {
  const block = JSON.stringify({ type: 'audio', data: 'AAAA', mimeType: 'audio/wav' })
  expect(await content(`audio({ toJSON: () => (${block}) })`)).toEqual(audio(URL))
})

test('2.4 audio: there is no detail; a second argument is ignored', async () => {
  expect(await content(`audio('${URL}', 1)`)).toEqual(audio(URL))
  expect(await content(source({ audio_url: URL, detail: 1 }))).toEqual(audio(URL))
})

test('2.4 audio: it returns undefined', async () => {
  const found = await content(`text(typeof audio('${URL}'))`)
  expect(found[1]).toEqual({ type: 'text', text: 'undefined' })
})

test.each([
  'http://a.example/b.wav',
  'https://a.example/b.wav',
  'HTTP://A',
  'a.wav',
  'file:///a',
  ':',
  ' data:,',
])('2.4 audio: any URL but a data URL is refused: %j', async (url) => {
  expect(await thrownBy(source(url))).toEqual(typeError(INVALID))
  expect(await thrownBy(source({ audio_url: url }))).toEqual(typeError(INVALID))
})

test.each([
  ['an empty string', '""'],
  ['nothing', ''],
  ['null', 'null'],
  ['a number', '1'],
  ['an array', '["data:,"]'],
  ['an object without type', '{}'],
  ['an object with an empty audio_url', '{ audio_url: "" }'],
  ['an audio_url that is no string', '{ audio_url: [] }'],
  ['a whole MCP result', '{ content: [{ type: "audio", data: "AAAA" }] }'],
  ['an image', '{ image_url: "data:," }'],
])('2.4 audio: %s is refused with what it expects', async (_, value) => {
  expect(await thrownBy(`audio(${value})`)).toEqual(typeError(EXPECTS))
})

test('2.4 audio: an MCP block of another type is refused', async () => {
  expect(await thrownBy(source({ type: 'image', data: 'AAAA' }))).toEqual(
    typeError('audio only accepts MCP audio blocks, got "image"'),
  )
})

test.each(['{ type: "audio" }', '{ type: "audio", data: "" }', '{ type: "audio", data: {} }'])(
  '2.4 audio: an MCP block without data is refused: %s',
  async (block) => {
    expect(await thrownBy(`audio(${block})`)).toEqual(typeError('audio expected MCP audio data'))
  },
)

/**
 * A mono WAV clip of 8-bit PCM at 1000 Hz, so that a byte is a millisecond; or of 32-bit floats.
 *
 * @param {number} milliseconds
 */
function wav(milliseconds, { format = 1, bits = 8 } = {}) {
  const frame = bits / 8
  const samples = Buffer.alloc(milliseconds * frame)
  const header = Buffer.alloc(44)
  header.write('RIFF', 0)
  header.writeUInt32LE(36 + samples.length, 4)
  header.write('WAVEfmt ', 8)
  header.writeUInt32LE(16, 16)
  header.writeUInt16LE(format, 20)
  header.writeUInt16LE(1, 22)
  header.writeUInt32LE(1000, 24)
  header.writeUInt32LE(1000 * frame, 28)
  header.writeUInt16LE(frame, 32)
  header.writeUInt16LE(bits, 34)
  header.write('data', 36)
  header.writeUInt32LE(samples.length, 40)
  return `data:audio/wav;base64,${Buffer.concat([header, samples]).toString('base64')}`
}

test.each([
  ['PCM', {}],
  ['float', { format: 3, bits: 32 }],
])('2.4 audio: a %s WAV clip shorter than 25 ms is replaced by a text that says so', async (_, options) => {
  expect(await content(source(wav(24, options)))).toEqual([{ type: 'text', text: TOO_SHORT }])
  expect(await content(source({ audio_url: wav(1, options) }))).toEqual([{ type: 'text', text: TOO_SHORT }])
})

test.each([
  ['PCM', {}],
  ['float', { format: 3, bits: 32 }],
])('2.4 audio: a %s WAV clip of 25 ms passes', async (_, options) => {
  const url = wav(25, options)
  expect(await content(source(url))).toEqual(audio(url))
})

test.each([
  ['that cannot be decoded', 'data:audio/wav;base64,%%%%'],
  ['that is no WAV', 'data:audio/mpeg;base64,SUQz'],
  ['with a broken header', `data:audio/wav;base64,${Buffer.from('RIFF....WAVEfmt ').toString('base64')}`],
  ['that is empty', 'data:,'],
])('2.4 audio: data %s passes', async (_, url) => {
  expect(await content(source(url))).toEqual(audio(url))
})
