// What a value looks like on a console: as Node's util.inspect shows it, whose rules these are, with one difference. No
// code of the script runs: getters, traps of proxies, toString and custom inspectors are not called.
//
// Runs in a context of its own, in which every built-in is as V8 made it. `native` says what only V8 knows.
;(native, { formatPrimitive, more, plural, reduced, shownKey }, objects) => {
  const { MOST_PROTOTYPES, functionBase, inherits, keysOf, own, prefix, read } = objects
  const { unwrap, kindOf, className, promiseState, previewEntries, namedKeys, errorStack } = native
  const { getOwnPropertyDescriptor, getPrototypeOf } = Object
  const getterOf = (prototype, key) => getOwnPropertyDescriptor(prototype, key).get
  const call = (method, receiver) => Reflect.apply(method, receiver, [])
  const typedArray = getPrototypeOf(Int8Array.prototype)
  const getters = {
    byteLength: getterOf(ArrayBuffer.prototype, 'byteLength'),
    detached: getterOf(ArrayBuffer.prototype, 'detached'),
    elements: getterOf(typedArray, 'length'),
    elementsTag: getterOf(typedArray, Symbol.toStringTag),
    viewLength: getterOf(DataView.prototype, 'byteLength'),
    viewOffset: getterOf(DataView.prototype, 'byteOffset'),
    viewBuffer: getterOf(DataView.prototype, 'buffer'),
    mapSize: getterOf(Map.prototype, 'size'),
    setSize: getterOf(Set.prototype, 'size'),
    source: getterOf(RegExp.prototype, 'source'),
  }
  const FLAGS = [
    'hasIndices',
    'global',
    'ignoreCase',
    'multiline',
    'dotAll',
    'unicode',
    'unicodeSets',
    'sticky',
  ]
  const flagGetters = FLAGS.map((flag) => getterOf(RegExp.prototype, flag))
  const boxed = { Number, String, Boolean, BigInt, Symbol }

  function constructorName(context, object, depth) {
    let first
    let holder = object
    for (let count = 0; holder !== null && count < MOST_PROTOTYPES; count++) {
      const classOf = unwrap(own(holder, 'constructor'))
      if (typeof classOf === 'function') {
        const name = own(classOf, 'name')
        const prototype = own(classOf, 'prototype')
        if (typeof name === 'string' && name !== '' && inherits(object, prototype)) return name
      }
      holder = unwrap(getPrototypeOf(holder))
      first ??= { holder }
    }
    if (first.holder === null) return null
    const name = className(object)
    if (depth > context.depth) return `${name} <Complex prototype>`
    const parent = constructorName(context, first.holder, depth + 1)
    return `${name} <${parent ?? inspect(first.holder, { ...context, depth: -1 })}>`
  }

  function errorBase(context, value, keys, classOf) {
    const stack = errorStack(value)
    for (const key of ['name', 'message', 'stack']) {
      const index = keys.indexOf(key)
      const shown = own(value, key)
      if (index !== -1 && (key === 'stack' || (typeof shown === 'string' && stack.includes(shown))))
        keys.splice(index, 1)
    }
    for (const key of ['cause', 'errors']) {
      if (own(value, key) !== undefined && !keys.includes(key)) keys.push(key)
    }
    let text = stack
    // An error that is not called as its class is.
    const name = read(value, 'name')
    if (classOf !== null && typeof name === 'string' && !classOf.includes(name) && text.startsWith(name)) {
      text = classOf + text.slice(name.length)
    }
    if (!text.includes('\n    at ')) text = `[${text}]`
    return context.indentation > 0 ? text.replaceAll('\n', `\n${' '.repeat(context.indentation)}`) : text
  }

  function boxedBase(context, value, kind, keys, classOf, tag) {
    const primitive = call(boxed[kind].prototype.valueOf, value)
    if (kind === 'String') keys.splice(0, primitive.length)
    const ofClass = kind === classOf ? '' : ` (${classOf ?? 'null prototype'})`
    const base = `[${kind}${ofClass}: ${formatPrimitive(context, primitive)}]`
    return tag !== '' && tag !== classOf ? `${base} [${tag}]` : base
  }

  function formatArray(context, value, depth) {
    const { length } = value
    const most = Math.min(context.maxArrayLength, length)
    const output = []
    let index = 0
    while (index < length && output.length < most) {
      if (Object.hasOwn(value, index)) {
        output.push(formatProperty(context, value, depth, `${index}`, true))
        index++
        continue
      }
      const start = index
      const next = Object.hasOwn(value, index + 1) ? index + 1 : nextIndex(value, index)
      index = next
      output.push(`<${plural(index - start, 'empty item')}>`)
    }
    if (index < length) output.push(more(length - index))
    return output
  }

  /** The first element behind a hole. */
  function nextIndex(value, index) {
    const found = Object.keys(value).find((key) => Number(key) > index && Number(key) < 2 ** 32 - 1)
    return found === undefined || !/^\d+$/.test(found) ? value.length : Number(found)
  }

  function formatList(context, values, count, format) {
    const output = []
    context.indentation += 2
    for (const value of values) {
      if (output.length >= context.maxArrayLength) break
      output.push(format(value))
    }
    context.indentation -= 2
    if (count > output.length) output.push(more(count - output.length))
    return output
  }

  function formatEntries(context, value, depth) {
    const { 0: entries, 1: isKeyValue } = previewEntries(value)
    if (!isKeyValue)
      return formatList(context, entries, entries.length, (it) => formatValue(context, it, depth))
    const pairs = entries.slice(0, 2 * context.maxArrayLength + 2).flatMap((key, index) => {
      return index % 2 === 0 ? [[key, entries[index + 1]]] : []
    })
    return formatList(context, pairs, entries.length / 2, (pair) => {
      const parts = pair.map((it) => formatValue(context, it, depth))
      return reduced(context, parts, '', ['[', ']'], true, depth)
    })
  }

  function formatBuffer(value) {
    if (call(getters.detached, value)) return ['(detached)']
    const shown = new Uint8Array(value, 0, Math.min(50, call(getters.byteLength, value)))
    const bytes = Array.from(shown, (byte) => byte.toString(16).padStart(2, '0'))
    const rest = call(getters.byteLength, value) - shown.length
    const trailer = rest > 0 ? ` ... ${plural(rest, 'more byte')}` : ''
    return [`[Uint8Contents]: <${bytes.join(' ')}${trailer}>`]
  }

  function formatElements(context, value) {
    const length = call(getters.elements, value)
    const most = Math.min(context.maxArrayLength, length)
    const output = Array.from({ length: most }, (_, index) => formatPrimitive(context, value[index]))
    if (length > most) output.push(more(length - most))
    return output
  }

  /** How a value of some kind is opened, and what stands in it besides its properties. */
  function shapeOf(context, value, kind, classOf, tag, depth) {
    const { showHidden } = context
    const none = () => []
    const opened = (name, size, entries, close = '}') => {
      const open = name === '[' ? '[' : close === ']' ? `${name}[` : `${name}{`
      return {
        keys: keysOf(value, showHidden),
        braces: [open, close],
        base: '',
        entries,
        isEmpty: size === 0,
      }
    }
    const based = (base, keys = keysOf(value, showHidden)) => ({
      keys,
      braces: ['{', '}'],
      base,
      entries: none,
    })
    switch (kind) {
      case 'Array': {
        const plain = classOf === 'Array' && tag === ''
        const name = plain ? '[' : prefix(classOf, tag, 'Array', `(${value.length})`)
        const shape = opened(name, value.length, () => formatArray(context, value, depth + 1), ']')
        return { ...shape, keys: namedKeys(value, showHidden), isList: true }
      }
      case 'TypedArray': {
        const size = call(getters.elements, value)
        const name = prefix(classOf, tag, call(getters.elementsTag, value), `(${size})`)
        const shape = opened(name, size, () => formatElements(context, value), ']')
        return { ...shape, keys: namedKeys(value, showHidden), isList: true }
      }
      case 'Set': {
        const size = call(getters.setSize, value)
        const format = (it) => formatValue(context, it, depth + 1)
        const entries = () => formatList(context, call(Set.prototype.values, value), size, format)
        return opened(prefix(classOf, tag, 'Set', `(${size})`), size, entries)
      }
      case 'Map': {
        const size = call(getters.mapSize, value)
        const format = ({ 0: key, 1: it }) =>
          `${formatValue(context, key, depth + 1)} => ${formatValue(context, it, depth + 1)}`
        const entries = () => formatList(context, call(Map.prototype.entries, value), size, format)
        return opened(prefix(classOf, tag, 'Map', `(${size})`), size, entries)
      }
      case 'Map Iterator':
      case 'Set Iterator': {
        const [, isKeyValue] = previewEntries(value)
        const name = isKeyValue ? kind.replace('Iterator', 'Entries') : kind
        return opened(`[${name}] `, 1, () => formatEntries(context, value, depth + 1))
      }
      case 'Function':
      case 'AsyncFunction':
      case 'GeneratorFunction':
      case 'AsyncGeneratorFunction':
        return based(functionBase(value, kind, classOf, tag))
      case 'RegExp': {
        const flags = flagGetters.map((getter, index) => call(getter, value) && 'dgimsuvy'[index])
        const base = `/${call(getters.source, value)}/${flags.filter(Boolean).join('')}`
        const name = prefix(classOf, tag, 'RegExp')
        return based(name === 'RegExp ' ? base : name + base)
      }
      case 'Date': {
        const time = call(Date.prototype.getTime, value)
        const base = Number.isNaN(time) ? 'Invalid Date' : call(Date.prototype.toISOString, value)
        const name = prefix(classOf, tag, 'Date')
        return based(name === 'Date ' ? base : name + base)
      }
      case 'Error': {
        const keys = keysOf(value, showHidden)
        return based(errorBase(context, value, keys, classOf), keys)
      }
      case 'ArrayBuffer': {
        const length = `byteLength: ${call(getters.byteLength, value)}`
        return opened(prefix(classOf, tag, kind), 1, () => [...formatBuffer(value), length])
      }
      case 'DataView':
        return opened(prefix(classOf, tag, kind), 1, () => [
          `byteLength: ${sizeOf(getters.viewLength, value)}`,
          `byteOffset: ${sizeOf(getters.viewOffset, value)}`,
          `buffer: ${formatValue(context, call(getters.viewBuffer, value), depth + 1)}`,
        ])
      case 'Promise':
        return opened(prefix(classOf, tag, kind), 1, () => formatPromise(context, value, depth + 1))
      case 'WeakSet':
      case 'WeakMap':
        return opened(prefix(classOf, tag, kind), 1, () => ['<items unknown>'])
      case 'Arguments':
        return opened('[Arguments] ', 0, none)
      case 'Module':
        return opened(prefix(classOf, tag, kind), 1, none)
      case 'Number':
      case 'String':
      case 'Boolean':
      case 'BigInt':
      case 'Symbol': {
        const keys = keysOf(value, showHidden)
        return based(boxedBase(context, value, kind, keys, classOf, tag), keys)
      }
      default: {
        const plain = classOf === 'Object' && tag === ''
        return opened(
          plain ? '' : prefix(classOf, tag, kind === 'Generator' ? 'Generator' : 'Object'),
          0,
          none,
        )
      }
    }
  }

  /** That of a view, which has none when its buffer is gone. */
  function sizeOf(getter, view) {
    try {
      return call(getter, view)
    } catch {
      return 0
    }
  }

  function formatPromise(context, value, depth) {
    const { 0: state, 1: result } = promiseState(value)
    if (state === 'pending') return ['<pending>']
    context.indentation += 2
    const text = formatValue(context, result, depth)
    context.indentation -= 2
    return [state === 'rejected' ? `<rejected> ${text}` : text]
  }

  function formatValue(context, given, depth) {
    if (given === null) return 'null'
    if (typeof given !== 'object' && typeof given !== 'function') return formatPrimitive(context, given)
    const value = unwrap(given)
    if (value === null) return '<Revoked Proxy>'
    if (context.seen.includes(value)) {
      if (!context.circular.has(value)) context.circular.set(value, context.circular.size + 1)
      return `[Circular *${context.circular.get(value)}]`
    }
    return formatObject(context, value, depth)
  }

  function formatObject(context, value, depth) {
    const classOf = constructorName(context, value, depth)
    const kind = kindOf(value)
    let tag = read(value, Symbol.toStringTag)
    if (typeof tag !== 'string' || getOwnPropertyDescriptor(value, Symbol.toStringTag)?.enumerable) tag = ''
    const shape = shapeOf(context, value, kind, classOf, tag, depth)
    const { keys, braces, entries, isList = false } = shape
    let { base } = shape
    if (keys.length === 0 && base !== '') return base
    if (keys.length === 0 && shape.isEmpty) return `${braces[0]}${braces[1]}`
    if (depth > context.depth) {
      if (base !== '' && kind === 'RegExp') return base
      const name = prefix(classOf, tag, kind === 'TypedArray' ? 'Array' : 'Object').slice(0, -1)
      return classOf === null ? name : `[${name}]`
    }
    context.seen.push(value)
    context.currentDepth = depth + 1
    const output = entries()
    for (const key of keys) output.push(formatProperty(context, value, depth + 1, key, false))
    context.seen.pop()
    const index = context.circular.get(value)
    if (index !== undefined) base = base === '' ? `<ref *${index}>` : `<ref *${index}> ${base}`
    return reduced(context, output, base, braces, isList, depth + 1, value)
  }

  function formatProperty(context, value, depth, key, isElement) {
    let property
    try {
      property = getOwnPropertyDescriptor(value, key)
    } catch {
      return `${String(key)}: <uninitialized>`
    }
    let text = 'undefined'
    if (property?.get) text = property.set ? '[Getter/Setter]' : '[Getter]'
    else if (property?.set) text = '[Setter]'
    else if (property?.value !== undefined) {
      context.indentation += 2
      text = formatValue(context, property.value, depth)
      context.indentation -= 2
    }
    if (isElement) return text
    return `${shownKey(key, property?.enumerable)}: ${text}`
  }

  function inspect(value, options) {
    const context = {
      depth: 2,
      breakLength: 80,
      maxArrayLength: 100,
      showHidden: false,
      ...options,
      indentation: 0,
      currentDepth: 0,
      seen: [],
      circular: new Map(),
    }
    return formatValue(context, value, 0)
  }

  return inspect
}
