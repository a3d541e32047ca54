// §1.6: the token budget of an answer. A token is four bytes.

import { expect, test } from 'vitest'
import { truncateContent } from '../js/index.js'
import { expectFault, newSession, texts } from './support/lifecycle-helpers.js'

const text = (/** @type {string} */ value) => ({ type: /** @type {const} */ ('text'), text: value })
const image = {
  type: /** @type {const} */ ('image'),
  imageUrl: `data:image/png;base64,${'A'.repeat(1000)}`,
  detail: /** @type {const} */ ('high'),
}

/**
 * A WAV file of silence: mono, 16 bit, 8 000 samples per second.
 *
 * @param {number} seconds
 */
function wav(seconds) {
  const data = Buffer.alloc(seconds * 16_000)
  const head = Buffer.alloc(44)
  head.write('RIFF', 0)
  head.writeUInt32LE(36 + data.length, 4)
  head.write('WAVEfmt ', 8)
  head.writeUInt32LE(16, 16)
  head.writeUInt16LE(1, 20)
  head.writeUInt16LE(1, 22)
  head.writeUInt32LE(8_000, 24)
  head.writeUInt32LE(16_000, 28)
  head.writeUInt16LE(2, 32)
  head.writeUInt16LE(16, 34)
  head.write('data', 36)
  head.writeUInt32LE(data.length, 40)
  const url = `data:audio/wav;base64,${Buffer.concat([head, data]).toString('base64')}`
  return { type: /** @type {const} */ ('audio'), audioUrl: url }
}

test('1.6 only texts within the budget: they are returned unchanged, still apart', () => {
  const content = [text('12'), text(''), text('34567')]
  // With their newlines they have nine bytes.
  expect(truncateContent(content, 3)).toEqual(content)
  expect(truncateContent(content, 2)).toHaveLength(1)
})

test('1.6 only texts over the budget: one item, with a warning, head, mark and tail', () => {
  expect(truncateContent([text('0123456789'.repeat(4))], 5)).toEqual([
    text(
      'Warning: truncated output (original token count: 10)\nTotal output lines: 1\n\n' +
        '0123456789…5 tokens truncated…0123456789',
    ),
  ])
})

test('1.6 only texts over the budget: they are joined with newlines, which count', () => {
  const [item, ...others] = truncateContent([text('aaaa'), text('bbbb'), text('cccc')], 2)
  expect(others).toEqual([])
  expect(item).toEqual(
    text(
      'Warning: truncated output (original token count: 4)\nTotal output lines: 3\n\naaaa…2 tokens truncated…cccc',
    ),
  )
})

test('1.6 an odd budget: the head gets the smaller half', () => {
  // No number of tokens has an odd number of bytes, but halves of four bytes are two.
  const [item] = truncateContent([text('abcdefghij')], 1)
  expect(item).toMatchObject({ text: expect.stringMatching(/\n\nab…2 tokens truncated…ij$/) })
})

test('1.6 cuts: they fall on character boundaries, and never go over the budget', () => {
  for (const character of ['ä', '€', '\u{1f600}']) {
    for (let count = 0; count < 12; count += 1) {
      const value = character.repeat(count)
      for (let tokens = 0; tokens < 12; tokens += 1) {
        const [item] = truncateContent([text(value)], tokens)
        const shown = /** @type {any} */ (item).text
        if (Buffer.byteLength(value) <= tokens * 4) {
          expect(shown).toBe(value)
          continue
        }
        const [, head, tail] = /\n\n(.*)…\d+ tokens truncated…(.*)$/u.exec(shown) ?? []
        expect(Buffer.byteLength(`${head}${tail}`)).toBeLessThanOrEqual(tokens * 4)
        expect(`${head}${tail}`.replaceAll(character, '')).toBe('')
      }
    }
  }
})

test('1.6 a budget of 0 leaves only the warning and how much is missing', () => {
  expect(truncateContent([text('12345678')], 0)).toEqual([
    text(
      'Warning: truncated output (original token count: 2)\nTotal output lines: 1\n\n…2 tokens truncated…',
    ),
  ])
})

test('1.6 nothing to truncate: no content stays no content', () => {
  expect(truncateContent([], 0)).toEqual([])
})

test('1.6 mixed media: items keep their order, and images cost nothing', () => {
  const content = [image, text('1234'), image, text('5678'), image]
  expect(truncateContent(content, 2)).toEqual(content)
  expect(truncateContent([image, image], 0)).toEqual([image, image])
})

test('1.6 mixed media: a text over what is left is cut in its middle without a warning, later texts are counted', () => {
  const content = [text('1234'), image, text('0123456789'.repeat(4)), text('lost'), image, text('lost too')]
  expect(truncateContent(content, 6)).toEqual([
    text('1234'),
    image,
    text('0123456789…5 tokens truncated…0123456789'),
    image,
    text('[omitted 2 text items ...]'),
  ])
})

test('1.6 mixed media: audio costs by its duration; what does not fit is dropped and counted', () => {
  const long = wav(60)
  expect(truncateContent([long], 1_000_000)).toEqual([long])
  expect(truncateContent([text('1234'), long, image], 1)).toEqual([
    text('1234'),
    image,
    text('[omitted 1 audio items ...]'),
  ])
})

test('1.6 mixed media: a longer clip costs more than a short one', () => {
  const fits = (/** @type {any} */ item, /** @type {number} */ tokens) =>
    truncateContent([item], tokens).some(({ type }) => type === 'audio')
  let tokens = 1
  while (!fits(wav(1), tokens)) tokens *= 2
  expect(fits(wav(5), tokens)).toBe(false)
})

test('1.6 truncateContent does not change its input', () => {
  const content = [text('x'.repeat(100)), image]
  truncateContent(content, 1)
  expect(content).toEqual([text('x'.repeat(100)), image])
})

test('1.6 truncateContent refuses what is no content and no number of tokens', async () => {
  for (const [content, tokens, message] of [
    ['text', 1, /^content must be an array of content items; got "text" \(string\)$/],
    [[], -1, /^maxTokens must be a number, 0 or more; got -1 \(number\)$/],
    [[], '1', /^maxTokens must be a number, 0 or more; got "1" \(string\)$/],
    [[], Number.NaN, /^maxTokens must be a number, 0 or more; got NaN \(number\)$/],
    [[{ type: 'video' }], 1, /video/],
    [[1], 1, /./],
  ]) {
    await expectFault(
      () => truncateContent(/** @type {any} */ (content), /** @type {any} */ (tokens)),
      'INVALID_ARGUMENT',
      message,
    )
  }
})

test('1.6 exec: max_output_tokens of the pragma is its budget, and the header is never cut', async () => {
  const { exec } = newSession().modelTools()
  const output = await exec.run('// @exec: {"max_output_tokens": 5}\ntext("0123456789".repeat(4))')
  expect(texts(output)).toEqual([
    expect.stringMatching(/^Script completed\n/),
    expect.stringMatching(/\n\n0123456789…5 tokens truncated…0123456789$/),
  ])
})

test('1.6 wait: it has a budget of its own, whatever the pragma of exec said', async () => {
  const { exec, wait } = newSession().modelTools()
  const source = (/** @type {number} */ tokens) =>
    `// @exec: {"max_output_tokens": ${tokens}}\nyield_control(); await new Promise((r) => setTimeout(r, 5)); text("x".repeat(400))`
  const tight = await exec.run(source(1))
  expect(texts(await wait.run({ cell_id: tight.cellId }))[1]).toBe('x'.repeat(400))
  const wide = await exec.run(source(100_000))
  expect(texts(await wait.run({ cell_id: wide.cellId, max_tokens: 1 }))[1]).toMatch(
    /^Warning: truncated output/,
  )
})

test('1.6 the session itself returns everything: truncation is the business of the model tools', async () => {
  const result = await newSession().exec('// @exec: {"max_output_tokens": 1}\ntext("x".repeat(100_000))')
  expect(texts(result)).toEqual(['x'.repeat(100_000)])
})
