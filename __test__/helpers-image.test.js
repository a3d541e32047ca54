import { describe, expect, test } from 'vitest'
import { content, json, texts, thrownBy, typeError } from './support/cell.js'

const URL = 'data:image/png;base64,AAAA'
const EXPECTS =
  'image expects a non-empty image URL string, an object with image_url and optional detail, or a raw MCP image block'
const REMOTE =
  'Tool call failed: remote image URLs are not supported in tool outputs. Pass a base64 data URI instead'
const INVALID = 'Tool call failed: invalid image output. Pass a base64 data URI instead'
const DETAIL_TYPE = 'image detail must be a string when provided'
const DETAIL_VALUE = 'image detail must be one of: auto, low, high, original'

const image = (imageUrl, detail = 'high') => [{ type: 'image', imageUrl, detail }]
const source = (value, ...more) => `image(${[value, ...more].map((one) => JSON.stringify(one)).join(', ')})`

describe('shapes', () => {
  test('2.3 image: a string is a URL', async () => {
    expect(await content(source(URL))).toEqual(image(URL))
  })

  test('2.3 image: an object may have it as image_url', async () => {
    expect(await content(source({ image_url: URL }))).toEqual(image(URL))
  })

  test('2.3 image: image_url may be inherited, or a getter', async () => {
    expect(await content(`image(Object.create({ get image_url() { return '${URL}' } }))`)).toEqual(image(URL))
  })

  test.each(['mimeType', 'mime_type'])(
    '2.3 image: a raw MCP block becomes a data URL with its %s',
    async (key) => {
      const block = { type: 'image', data: 'AAAA', [key]: 'image/webp' }
      expect(await content(source(block))).toEqual(image('data:image/webp;base64,AAAA'))
    },
  )

  test('2.3 image: a raw MCP block without a MIME type is application/octet-stream', async () => {
    const url = 'data:application/octet-stream;base64,AAAA'
    expect(await content(source({ type: 'image', data: 'AAAA' }))).toEqual(image(url))
  })

  test.each(['data:image/gif;base64,AA', 'DATA:image/gif;base64,AA'])(
    '2.3 image: data of an MCP block that is a data URL is kept: %s',
    async (data) => {
      expect(await content(source({ type: 'image', data, mimeType: 'image/png' }))).toEqual(image(data))
    },
  )

  test('2.3 image: image_url goes before a raw MCP block', async () => {
    expect(await content(source({ image_url: URL, type: 'image', data: 'BBBB' }))).toEqual(image(URL))
  })

  test('2.3 image: a raw MCP block is taken as its JSON: toJSON is honoured', async () => {
    const block = JSON.stringify({ type: 'image', data: 'AAAA', mimeType: 'image/png' })
    expect(await content(`image({ toJSON: () => (${block}) })`)).toEqual(image(URL))
  })

  test('2.3 image: it returns undefined', async () => {
    const found = await content(`text(typeof image('${URL}'))`)
    expect(found[1]).toEqual({ type: 'text', text: 'undefined' })
  })
})

describe('detail', () => {
  test('2.3 image: without a detail it is high', async () => {
    expect(await content(source(URL))).toEqual(image(URL, 'high'))
  })

  test.each(['auto', 'low', 'high', 'original'])(
    '2.3 image: the second argument is the detail: %s',
    async (detail) => {
      expect(await content(source(URL, detail))).toEqual(image(URL, detail))
    },
  )

  test('2.3 image: an object may have a detail', async () => {
    expect(await content(source({ image_url: URL, detail: 'low' }))).toEqual(image(URL, 'low'))
  })

  test('2.3 image: the second argument goes before the detail of the object', async () => {
    expect(await content(source({ image_url: URL, detail: 'low' }, 'original'))).toEqual(
      image(URL, 'original'),
    )
  })

  test.each(['null', 'undefined'])('2.3 image: a second argument of %s is absent', async (absent) => {
    expect(await content(`image({ image_url: '${URL}', detail: 'low' }, ${absent})`)).toEqual(
      image(URL, 'low'),
    )
  })

  test.each(['null', 'undefined'])('2.3 image: a detail of %s in the object is absent', async (absent) => {
    expect(await content(`image({ image_url: '${URL}', detail: ${absent} })`)).toEqual(image(URL))
  })

  test('2.3 image: the case of a detail does not matter', async () => {
    expect(await content(source(URL, 'LoW'))).toEqual(image(URL, 'low'))
    expect(await content(source({ image_url: URL, detail: 'ORIGINAL' }))).toEqual(image(URL, 'original'))
  })

  test.each(['1', 'true', '{}', '[]', '() => {}', 'Symbol()'])(
    '2.3 image: a second argument that is no string is refused: %s',
    async (detail) => {
      expect(await thrownBy(`image('${URL}', ${detail})`)).toEqual(typeError(DETAIL_TYPE))
    },
  )

  test.each(['1', 'false', '{}'])(
    '2.3 image: a detail in the object that is no string is refused: %s',
    async (detail) => {
      expect(await thrownBy(`image({ image_url: '${URL}', detail: ${detail} })`)).toEqual(
        typeError(DETAIL_TYPE),
      )
    },
  )

  test.each(['', 'medium', 'high '])('2.3 image: an unknown detail is refused: %j', async (detail) => {
    expect(await thrownBy(source(URL, detail))).toEqual(typeError(DETAIL_VALUE))
    expect(await thrownBy(source({ image_url: URL, detail }))).toEqual(typeError(DETAIL_VALUE))
  })

  test('2.3 image: the detail of an MCP block is its _meta["codex/imageDetail"]', async () => {
    const block = { type: 'image', data: URL, _meta: { 'codex/imageDetail': 'original' } }
    expect(await content(source(block))).toEqual(image(URL, 'original'))
    expect(await content(source(block, 'low'))).toEqual(image(URL, 'low'))
  })

  test.each(['LOW', 'huge', '', 1, null])(
    '2.3 image: any other word in _meta of an MCP block is ignored: %j',
    async (detail) => {
      const block = { type: 'image', data: URL, _meta: { 'codex/imageDetail': detail } }
      expect(await content(source(block))).toEqual(image(URL, 'high'))
    },
  )

  test('2.3 image: `detail` of an MCP block is not its detail', async () => {
    expect(await content(source({ type: 'image', data: URL, detail: 'low' }))).toEqual(image(URL, 'high'))
  })
})

describe('URLs', () => {
  test.each(['data:,', 'DATA:x', 'Data:image/png;base64,%%%', 'data:text/html,<b>'])(
    '2.3 image: a data URL is taken without a look at its MIME type or base64: %s',
    async (url) => {
      expect(await content(source(url))).toEqual(image(url))
    },
  )

  test.each(['http://a.example/b.png', 'https://a.example/b.png', 'HTTPS://A', 'http:'])(
    '2.3 image: a remote URL is refused: %s',
    async (url) => {
      expect(await thrownBy(source(url))).toEqual(typeError(REMOTE))
      expect(await thrownBy(source({ image_url: url }))).toEqual(typeError(REMOTE))
    },
  )

  test.each(['a.png', 'file:///a.png', 'blob:x', 'ftp://x', ' data:,', 'AAAA', ':'])(
    '2.3 image: a URL without a scheme, or with another, is refused: %j',
    async (url) => {
      expect(await thrownBy(source(url))).toEqual(typeError(INVALID))
    },
  )

  test('2.3 image: neither size nor content is checked', async () => {
    const [item] = await content(`image('data:' + 'A'.repeat(3e6))`)
    expect(item.imageUrl).toHaveLength(3e6 + 5)
  })
})

describe('misuse', () => {
  test.each([
    ['an empty string', '""'],
    ['nothing', ''],
    ['null', 'null'],
    ['a number', '1'],
    ['an array', '["data:,"]'],
    ['an object without type', '{}'],
    ['an object with an empty image_url', '{ image_url: "" }'],
    ['an image_url that is no string', '{ image_url: 1 }'],
    ['an image_url of null', '{ image_url: null }'],
    ['a whole MCP result', '{ content: [{ type: "image", data: "AAAA" }] }'],
    ['a type that is no string', '{ type: 1, data: "AAAA" }'],
    ['a symbol', 'Symbol()'],
    ['a bigint', '1n'],
  ])('2.3 image: %s is refused with what it expects', async (_, value) => {
    expect(await thrownBy(`image(${value})`)).toEqual(typeError(EXPECTS))
  })

  test.each(['audio', 'text', 'IMAGE', '', 'a"b'])(
    '2.3 image: an MCP block of another type is refused: %j',
    async (type) => {
      const message = `image only accepts MCP image blocks, got ${JSON.stringify(type)}`
      expect(await thrownBy(source({ type, data: 'AAAA' }))).toEqual(typeError(message))
    },
  )

  test.each(['{ type: "image" }', '{ type: "image", data: "" }', '{ type: "image", data: 1 }'])(
    '2.3 image: an MCP block without data is refused: %s',
    async (block) => {
      expect(await thrownBy(`image(${block})`)).toEqual(typeError('image expected MCP image data'))
    },
  )

  test('2.3 image: a getter that throws is run once, and its error is the script\u2019s own', async () => {
    const found = await json(`let runs = 0
      const mine = new Error('image getter failed')
      const value = { get image_url() { runs++; throw mine } }
      let caught
      try { image(value) } catch (error) { caught = error }
      text([runs, caught === mine])`)
    expect(found).toEqual([1, true])
  })

  test('2.3 image: a refused image emits nothing', async () => {
    expect(await texts(`try { image('http://x') } catch { text('refused') }`)).toEqual(['refused'])
  })
})
