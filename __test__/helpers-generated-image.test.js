import { expect, test } from 'vitest'
import { content, json, texts, thrownBy, typeError } from './support/cell.js'

const URL = 'data:image/png;base64,AAAA'
const EXPECTS = 'generatedImage expects an image generation result object'
const IMAGE_EXPECTS =
  'image expects a non-empty image URL string, an object with image_url and optional detail, or a raw MCP image block'
const HINT = 'generatedImage output_hint must be a string when provided'

const image = { type: 'image', imageUrl: URL, detail: 'high' }

test('2.5 generatedImage: the image of a result is emitted as image does it', async () => {
  expect(await content(`generatedImage({ image_url: '${URL}' })`)).toEqual([image])
})

test('2.5 generatedImage: the detail of the result counts', async () => {
  expect(await content(`generatedImage({ image_url: '${URL}', detail: 'low' })`)).toEqual([
    { ...image, detail: 'low' },
  ])
})

test('2.5 generatedImage: a second argument is no detail', async () => {
  expect(await content(`generatedImage({ image_url: '${URL}' }, 'low')`)).toEqual([image])
})

test('2.5 generatedImage: a raw MCP block is taken, too', async () => {
  const source = 'generatedImage({ type: "image", data: "AAAA", mimeType: "image/png" })'
  expect(await content(source)).toEqual([image])
})

test.each(['saved as a.png', ''])(
  '2.5 generatedImage: a hint is a text item after the image: %j',
  async (hint) => {
    const source = `generatedImage({ image_url: '${URL}', output_hint: ${JSON.stringify(hint)} })`
    expect(await content(source)).toEqual([image, { type: 'text', text: hint }])
  },
)

test('2.5 generatedImage: a hint of undefined is none', async () => {
  expect(await content(`generatedImage({ image_url: '${URL}', output_hint: undefined })`)).toEqual([image])
})

test.each(['null', '1', '{}', '[]', 'false'])(
  '2.5 generatedImage: a hint that is no string is refused: %s',
  async (hint) => {
    expect(await thrownBy(`generatedImage({ image_url: '${URL}', output_hint: ${hint} })`)).toEqual(
      typeError(HINT),
    )
  },
)

test.each(['', 'null', '1', '"data:,"', 'true', 'Symbol()'])(
  '2.5 generatedImage: what is no object is refused: %s',
  async (value) => {
    expect(await thrownBy(`generatedImage(${value})`)).toEqual(typeError(EXPECTS))
  },
)

test('2.5 generatedImage: the hint is read before the image is looked at', async () => {
  expect(await thrownBy('generatedImage({ image_url: "http://x", output_hint: 1 })')).toEqual(typeError(HINT))
  const order = await json(`const order = []
    try {
      generatedImage({
        get image_url() { order.push('image_url'); return 'http://x' },
        get output_hint() { order.push('output_hint'); return 'x' },
      })
    } catch {}
    text(order)`)
  expect(order).toEqual(['output_hint', 'image_url'])
})

test.each([
  ['{}', IMAGE_EXPECTS],
  ['[]', IMAGE_EXPECTS],
  ['{ type: "text" }', 'image only accepts MCP image blocks, got "text"'],
  [
    '{ image_url: "https://x" }',
    'Tool call failed: remote image URLs are not supported in tool outputs. Pass a base64 data URI instead',
  ],
])('2.5 generatedImage: the image is checked as image checks it: %s', async (value, message) => {
  expect(await thrownBy(`generatedImage(${value})`)).toEqual(typeError(message))
})

test('2.5 generatedImage: the hint of a refused image is not emitted', async () => {
  const source = 'try { generatedImage({ image_url: "x", output_hint: "hint" }) } catch { text("refused") }'
  expect(await texts(source)).toEqual(['refused'])
})

test('2.5 generatedImage: it returns undefined', async () => {
  const found = await content(`text(typeof generatedImage({ image_url: '${URL}' }))`)
  expect(found[1]).toEqual({ type: 'text', text: 'undefined' })
})
