// §4.8: buffers that V8 does not take from the isolate's allocator count as well.

import { describe, expect, test } from 'vitest'
import { run, texts } from './support/cell.js'

const MIB = 2 ** 20
const limits = { arrayBufferBytes: MIB }
const refused = {
  status: 'failed',
  error: { code: 'MEMORY_LIMIT', message: expect.stringContaining(`limits.arrayBufferBytes is ${MIB}`) },
}

describe('resizable buffers', () => {
  test('4.8 arrayBufferBytes: a resizable buffer counts with its maxByteLength, and grows up to that', async () => {
    const source = `const b = new ArrayBuffer(8, { maxByteLength: ${MIB} })
      b.resize(${MIB}); new Uint8Array(b).fill(1); text(b.byteLength); b.resize(0); text([b.byteLength, b.resizable])`
    expect(await texts(source, { limits })).toEqual([String(MIB), '[0,true]'])
    expect(await run(`new ArrayBuffer(8, { maxByteLength: ${MIB + 1} })`, { limits })).toMatchObject(refused)
  })

  test.each([
    ['a subclass', 'class B extends ArrayBuffer {}; new B(8, { maxByteLength: 2 ** 30 })'],
    ['Reflect.construct', 'Reflect.construct(ArrayBuffer, [8, { maxByteLength: 2 ** 30 }], Array)'],
    [
      'the constructor of another buffer',
      'new (new Uint8Array(1).buffer.constructor)(8, { maxByteLength: 2 ** 30 })',
    ],
    ['its species', 'new ArrayBuffer[Symbol.species](8, { maxByteLength: 2 ** 30 })'],
    ['bind', 'new (ArrayBuffer.bind(null, 8, { maxByteLength: 2 ** 30 }))()'],
    [
      'a getter that answers twice',
      'let n = 0; new ArrayBuffer(8, { get maxByteLength() { return n++ ? 2 ** 30 : 8 } }).resize(2 ** 29)',
    ],
    ['a conversion', 'new ArrayBuffer(8, { maxByteLength: { valueOf: () => 2 ** 30 } })'],
    [
      'poisoned built-ins',
      `for (const key of Object.getOwnPropertyNames(Reflect)) Reflect[key] = undefined
        Object.prototype.maxByteLength = 2 ** 30; Array.prototype[1] = {}; new ArrayBuffer(8, {})`,
    ],
    ['a transfer that grows', 'new ArrayBuffer(8, { maxByteLength: 2 ** 30 }).transfer(2 ** 29)'],
    ['a slice', 'const b = new ArrayBuffer(2 ** 20 - 8); b.slice()'],
  ])('4.8 arrayBufferBytes: there is no way round: %s', async (_, source) => {
    const result = await run(`${source}; text('through')`, { limits })
    expect(result.content).toEqual([])
    expect(result).toMatchObject({ status: 'failed' })
  })

  test('4.8 arrayBufferBytes: resizable buffers count together, with 64 KiB each at the least', async () => {
    const source = (count) =>
      `const all = []; for (let i = 0; i < ${count}; i++) all.push(new ArrayBuffer(0, { maxByteLength: 1 })); text(1)`
    expect(await texts(source(16), { limits })).toEqual(['1'])
    expect(await run(source(17), { limits })).toMatchObject(refused)
  })

  test('4.8 arrayBufferBytes: resizable buffers that are garbage do not count, for any buffer', async () => {
    const source = `const use = () => new ArrayBuffer(8, { maxByteLength: 2 ** 19 }).resize(2 ** 18)
      for (let i = 0; i < 500; i++) use()
      const all = []; for (let i = 0; i < 15; i++) all.push(new ArrayBuffer(2 ** 16)); text(all.length)`
    expect(await texts(source, { limits })).toEqual(['15'])
  })

  test('4.8 arrayBufferBytes: a transfer takes what the buffer counts along, again and again', async () => {
    const source = `let b = new ArrayBuffer(8, { maxByteLength: 2 ** 20 })
      for (let i = 0; i < 100; i++) b = b.transfer()
      text([b.resizable, b.maxByteLength])
      try { new ArrayBuffer(8) } catch (error) { text(error.name) }
      b = null; text(new ArrayBuffer(2 ** 20).byteLength)`
    expect(await texts(source, { limits })).toEqual(['[true,1048576]', 'RangeError', '1048576'])
  })

  test('4.8 arrayBufferBytes: a transfer to a fixed length counts what it takes', async () => {
    const source = 'const b = new ArrayBuffer(8).transferToFixedLength(2 ** 21)'
    expect(await run(source, { limits })).toMatchObject(refused)
  })

  test('4.8 arrayBufferBytes: what ends in “Out of memory” for it is told as the limit, too', async () => {
    expect(await run("Uint8Array.fromBase64('A'.repeat(2 ** 22))", { limits })).toMatchObject(refused)
  })
})

describe('ArrayBuffer looks as it always does', () => {
  test.each([
    ['typeof ArrayBuffer + ArrayBuffer.name + ArrayBuffer.length', 'functionArrayBuffer1'],
    ['String(ArrayBuffer)', 'function () { [native code] }'],
    ['ArrayBuffer.prototype.constructor === ArrayBuffer', 'true'],
    ['new ArrayBuffer(8) instanceof ArrayBuffer', 'true'],
    ['new Uint8Array(8).buffer.constructor === ArrayBuffer', 'true'],
    ['Object.getPrototypeOf(new ArrayBuffer(8)) === ArrayBuffer.prototype', 'true'],
    ['ArrayBuffer.isView(new Uint8Array(1))', 'true'],
    ['ArrayBuffer[Symbol.species] === ArrayBuffer', 'true'],
    ['new (class B extends ArrayBuffer {})(8, { maxByteLength: 9 }).constructor.name', 'B'],
    [
      'Reflect.ownKeys(ArrayBuffer).map(String).join()',
      'length,name,prototype,isView,Symbol(Symbol.species)',
    ],
    ['ArrayBuffer.prototype.transfer.name + ArrayBuffer.prototype.transfer.length', 'transfer0'],
    ['Object.keys(ArrayBuffer.prototype).length', '0'],
    [
      '(() => { try { return ArrayBuffer(8) } catch (error) { return error.message } })()',
      "Constructor ArrayBuffer requires 'new'",
    ],
    [
      '(() => { try { return new ArrayBuffer(-1) } catch (error) { return error.message } })()',
      'Invalid array buffer length',
    ],
    [
      '(() => { try { return new ArrayBuffer(-1, {}) } catch (error) { return error.message } })()',
      'Invalid array buffer length',
    ],
    [
      '(() => { try { return new ArrayBuffer(8, { maxByteLength: 4 }) } catch (error) { return error.message } })()',
      'Invalid array buffer max length',
    ],
    [
      '(() => { try { return new ArrayBuffer(1n, {}) } catch (error) { return error.message } })()',
      'Cannot convert a BigInt value to a number',
    ],
    [
      '(() => { try { new ArrayBuffer.prototype.transfer() } catch (error) { return error.name } })()',
      'TypeError',
    ],
    ['new ArrayBuffer(2.9, {}).byteLength', '2'],
    ['new ArrayBuffer(NaN, { maxByteLength: undefined }).resizable', 'false'],
  ])('4.8 ArrayBuffer: %s', async (expression, expected) => {
    expect(await texts(`text(${expression})`)).toEqual([expected])
  })
})
