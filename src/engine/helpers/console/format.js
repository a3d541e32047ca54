// The methods of a console: what each of them writes, as text. See inspect.js.
;(inspect, { formatNumber, widthOf }) => {
  const INDENTATION = 2
  const counts = new Map()
  const timers = new Map()
  let indentation = 0

  /** `%s` of an object does not call its toString. */
  function asString(value) {
    if (typeof value === 'number') return formatNumber(value)
    if (typeof value === 'bigint') return `${value}n`
    if (typeof value === 'function') return Reflect.apply(Function.prototype.toString, value, [])
    return typeof value === 'object' && value !== null ? inspect(value, { depth: 0 }) : String(value)
  }

  function asNumber(value, convert) {
    if (typeof value === 'bigint') return `${value}n`
    const isPrimitive = value === null || (typeof value !== 'object' && typeof value !== 'function')
    return formatNumber(isPrimitive && typeof value !== 'symbol' ? convert(value) : Number.NaN)
  }

  /** `%j` calls what JSON calls. */
  function asJson(value) {
    try {
      return JSON.stringify(value)
    } catch (error) {
      const isCircular = error instanceof TypeError && error.message.includes('circular')
      return isCircular ? '[Circular]' : inspect(value, { depth: 0 })
    }
  }

  const SPECIFIERS = {
    s: asString,
    d: (value) => asNumber(value, Number),
    i: (value) => asNumber(value, Number.parseInt),
    f: (value) => asNumber(value, Number.parseFloat),
    j: asJson,
    o: (value) => inspect(value, { showHidden: true, depth: 4 }),
    O: (value) => inspect(value),
    c: () => '',
  }

  function format(values) {
    const [first] = values
    if (typeof first !== 'string' || values.length === 1) return joined(values)
    let used = 0
    const text = first.replace(/%([sdifjoOc%])/g, (specifier, letter) => {
      if (letter === '%') return '%'
      if (used + 1 === values.length) return specifier
      used++
      return SPECIFIERS[letter](values[used])
    })
    return joined([text, ...values.slice(used + 1)])
  }

  function joined(values) {
    return values.map((value) => (typeof value === 'string' ? value : inspect(value))).join(' ')
  }

  /** What names a counter or a timer. */
  function labelOf(value) {
    return value === undefined ? 'default' : asString(value)
  }

  function elapsed(label) {
    const started = timers.get(label)
    if (started === undefined) return undefined
    const milliseconds = Date.now() - started
    return milliseconds < 1000 ? `${milliseconds}ms` : `${(milliseconds / 1000).toFixed(3)}s`
  }

  const ownKeys = (value) =>
    Reflect.ownKeys(value).filter(
      (key) => typeof key === 'string' && Object.getOwnPropertyDescriptor(value, key)?.enumerable,
    )

  /** The names that an array holds. */
  const namesIn = (array) =>
    ownKeys(array)
      .map((key) => Object.getOwnPropertyDescriptor(array, key).value)
      .filter((name) => typeof name === 'string' || typeof name === 'number')
      .map(String)

  function table(data, properties, native) {
    const value = typeof data === 'object' && data !== null ? native.unwrap(data) : null
    if (value === null) return format([data])
    const shown = (it) => inspect(it, { depth: 0, maxArrayLength: 3, breakLength: Number.POSITIVE_INFINITY })
    const kind = native.kindOf(value)
    if (kind === 'Map') {
      const entries = [...Reflect.apply(Map.prototype.entries, value, [])]
      const columns = [
        entries.map((_, index) => `${index}`),
        ...[0, 1].map((side) => entries.map((it) => shown(it[side]))),
      ]
      return drawn(['(iteration index)', 'Key', 'Values'], columns)
    }
    if (kind === 'Set') {
      const values = [...Reflect.apply(Set.prototype.values, value, [])]
      return drawn(['(iteration index)', 'Values'], [values.map((_, index) => `${index}`), values.map(shown)])
    }
    const rows = ownKeys(value)
    const columns = new Map()
    const primitives = []
    const wanted = native.kindOf(properties) === 'Array' ? namesIn(properties) : undefined
    rows.forEach((row, index) => {
      const given = Object.getOwnPropertyDescriptor(value, row).value
      const isObject = (typeof given === 'object' && given !== null) || typeof given === 'function'
      const item = isObject ? native.unwrap(given) : null
      if (item === null && wanted === undefined) {
        primitives[index] = shown(given)
        return
      }
      for (const key of wanted ?? ownKeys(item)) {
        const property = item === null ? undefined : Object.getOwnPropertyDescriptor(item, key)
        if (!columns.has(key)) columns.set(key, [])
        columns.get(key)[index] = property === undefined ? '' : shown(property.value)
      }
    })
    const heads = ['(index)', ...columns.keys()]
    const cells = [rows, ...columns.values()]
    if (primitives.length > 0) {
      heads.push('Values')
      cells.push(primitives)
    }
    return drawn(heads, cells)
  }

  function drawn(heads, columns) {
    const count = Math.max(...columns.map((column) => column.length))
    const widths = heads.map((head, index) => {
      return columns[index].reduce((width, cell = '') => Math.max(width, widthOf(cell)), widthOf(head))
    })
    const row = (cells) =>
      `│ ${cells.map((cell = '', index) => cell + ' '.repeat(widths[index] - widthOf(cell))).join(' │ ')} │`
    const line = (left, middle, right) =>
      left + widths.map((width) => '─'.repeat(width + 2)).join(middle) + right
    const body = Array.from({ length: count }, (_, index) => row(columns.map((column) => column[index])))
    return [line('┌', '┬', '┐'), row(heads), line('├', '┼', '┤'), ...body, line('└', '┴', '┘')].join('\n')
  }

  /** What a method writes. Undefined: nothing. */
  function written(method, values, native) {
    switch (method) {
      case 'dir': {
        const depth = native.optionOf(values[1], 'depth')
        const showHidden = native.optionOf(values[1], 'showHidden') === true
        const depths = depth === null ? Number.POSITIVE_INFINITY : depth
        return inspect(values[0], { depth: typeof depths === 'number' ? depths : 2, showHidden })
      }
      case 'table':
        return table(values[0], values[1], native)
      case 'assert': {
        if (values[0]) return undefined
        const rest = values.slice(1)
        if (rest.length === 0) return 'Assertion failed'
        if (typeof rest[0] === 'string') return format([`Assertion failed: ${rest[0]}`, ...rest.slice(1)])
        return format(['Assertion failed:', ...rest])
      }
      case 'trace': {
        const text = format(values)
        return [text === '' ? 'Trace' : `Trace: ${text}`, ...native.callers()].join('\n    at ')
      }
      case 'count': {
        const label = labelOf(values[0])
        counts.set(label, (counts.get(label) ?? 0) + 1)
        return `${label}: ${counts.get(label)}`
      }
      case 'countReset':
        counts.delete(labelOf(values[0]))
        return undefined
      case 'time': {
        const label = labelOf(values[0])
        if (!timers.has(label)) timers.set(label, Date.now())
        return undefined
      }
      case 'timeLog':
      case 'timeEnd': {
        const label = labelOf(values[0])
        const time = elapsed(label)
        if (method === 'timeEnd') timers.delete(label)
        if (time === undefined) return undefined
        return joined([`${label}: ${time}`, ...(method === 'timeLog' ? values.slice(1) : [])])
      }
      case 'groupEnd':
        indentation = Math.max(0, indentation - INDENTATION)
        return undefined
      case 'clear':
        return undefined
      default:
        return format(values)
    }
  }

  return (method, values, native) => {
    const isGroup = method === 'group' || method === 'groupCollapsed'
    let text = isGroup && values.length === 0 ? undefined : written(method, values, native)
    if (text !== undefined && indentation > 0) {
      const margin = ' '.repeat(indentation)
      text = margin + text.replaceAll('\n', `\n${margin}`)
    }
    if (isGroup) indentation += INDENTATION
    return text
  }
}
