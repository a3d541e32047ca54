// How texts are quoted, and parts of a value laid out on lines: as Node's util.inspect does it.
;(() => {
  const MOST_CHARACTERS = 10_000
  const KEY = /^[a-zA-Z_][a-zA-Z_0-9]*$/

  const plural = (count, word) => `${count} ${word}${count > 1 ? 's' : ''}`
  const more = (count) => `... ${plural(count, 'more item')}`

  const isWide = (point) =>
    point >= 0x1100 &&
    (point <= 0x115f ||
      (point >= 0x2e80 && point <= 0xa4cf && point !== 0x303f) ||
      (point >= 0xac00 && point <= 0xd7a3) ||
      (point >= 0xf900 && point <= 0xfaff) ||
      (point >= 0xfe30 && point <= 0xfe6f) ||
      (point >= 0xff01 && point <= 0xff60) ||
      (point >= 0xffe0 && point <= 0xffe6) ||
      (point >= 0x1f300 && point <= 0x1f64f) ||
      (point >= 0x1f900 && point <= 0x1f9ff) ||
      (point >= 0x20000 && point <= 0x3fffd))

  /** Columns that a text takes. */
  function widthOf(text) {
    let width = 0
    for (const character of text.normalize('NFC')) {
      const point = character.codePointAt(0)
      if (point >= 0x20 && !(point >= 0x7f && point < 0xa0) && !/\p{Mn}|\p{Cf}/u.test(character)) {
        width += isWide(point) ? 2 : 1
      }
    }
    return width
  }

  const ESCAPES = {
    '\b': '\\b',
    '\t': '\\t',
    '\n': '\\n',
    '\f': '\\f',
    '\r': '\\r',
    '\\': '\\\\',
    "'": "\\'",
  }
  function escaped(character) {
    const code = character.charCodeAt(0)
    if (code >= 0xd800) return `\\u${code.toString(16)}`
    return ESCAPES[character] ?? `\\x${code.toString(16).toUpperCase().padStart(2, '0')}`
  }

  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is escaped
  const SPECIAL = /[\x00-\x1f\x27\x5c\x7f-\x9f]|\p{Cs}/gu
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is escaped
  const SPECIAL_BUT_QUOTE = /[\x00-\x1f\x5c\x7f-\x9f]|\p{Cs}/gu
  function quoted(text) {
    if (!text.includes("'")) return `'${text.replace(SPECIAL, escaped)}'`
    if (!text.includes('"')) return `"${text.replace(SPECIAL_BUT_QUOTE, escaped)}"`
    if (!text.includes('`') && !text.includes('${')) return `\`${text.replace(SPECIAL_BUT_QUOTE, escaped)}\``
    return `'${text.replace(SPECIAL, escaped)}'`
  }

  const formatNumber = (number) => (Object.is(number, -0) ? '-0' : `${number}`)

  function formatPrimitive(context, value) {
    if (typeof value === 'number') return formatNumber(value)
    if (typeof value === 'bigint') return `${value}n`
    if (typeof value !== 'string') return String(value)
    const rest = value.length - MOST_CHARACTERS
    const text = rest > 0 ? value.slice(0, MOST_CHARACTERS) : value
    const trailer = rest > 0 ? `... ${plural(rest, 'more character')}` : ''
    if (text.length > 16 && text.length > context.breakLength - context.indentation - 4) {
      const lines = text.split(/(?<=\n)/).map(quoted)
      return lines.join(` +\n${' '.repeat(context.indentation + 2)}`) + trailer
    }
    return quoted(text) + trailer
  }

  /** A property as it is named in an object. */
  function shownKey(key, isEnumerable) {
    if (typeof key === 'symbol') return `[${String(key).replace(SPECIAL, escaped)}]`
    if (key === '__proto__') return "['__proto__']"
    if (!isEnumerable) return `[${key.replace(SPECIAL, escaped)}]`
    return KEY.test(key) ? key : quoted(key)
  }

  /** The parts of a value on one line if they are short, otherwise on a line each. */
  function reduced(context, output, base, braces, isList, depth, value) {
    const count = output.length
    const parts = isList && count > 6 ? grouped(context, output, value) : output
    const start = base === '' ? '' : `${base} `
    if (context.currentDepth - depth < 3 && count === parts.length) {
      const room = parts.length + context.indentation + braces[0].length + base.length + 10
      const length = parts.reduce((sum, part) => sum + part.length, parts.length + room)
      if (length <= context.breakLength && !base.includes('\n')) {
        const joined = parts.join(', ')
        if (!joined.includes('\n')) return `${start}${braces[0]} ${joined} ${braces[1]}`
      }
    }
    const line = `\n${' '.repeat(context.indentation)}`
    return `${start}${braces[0]}${line}  ${parts.join(`,${line}  `)}${line}${braces[1]}`
  }

  /** A long list in columns. */
  function grouped(context, output, value) {
    const hasRest = output.length > context.maxArrayLength
    const count = hasRest ? output.length - 1 : output.length
    const widths = output.slice(0, count).map(widthOf)
    const total = widths.reduce((sum, width) => sum + width + 2, 0)
    const widest = Math.max(...widths)
    const column = widest + 2
    if (column * 3 + context.indentation >= context.breakLength || !(total / column > 5 || widest <= 6)) {
      return output
    }
    const bias = Math.max(column - 3 - Math.sqrt(column - total / output.length), 1)
    const columns = Math.min(
      Math.round(Math.sqrt(2.5 * bias * count) / bias),
      Math.floor((context.breakLength - context.indentation) / column),
      12,
      15,
    )
    if (columns <= 1) return output
    const columnWidths = Array.from({ length: columns }, (_, first) => {
      return Math.max(...widths.filter((_width, index) => index % columns === first)) + 2
    })
    const isNumber = (_, index) => {
      const type =
        value === undefined ? 'number' : typeof Object.getOwnPropertyDescriptor(value, index)?.value
      return type === 'number' || type === 'bigint'
    }
    const padStart = output.every(isNumber)
    const lines = []
    for (let first = 0; first < count; first += columns) {
      const cells = output.slice(first, Math.min(first + columns, count)).map((text, index, row) => {
        const isLast = index === row.length - 1
        const cell = isLast ? text : `${text}, `
        const room = columnWidths[index] - (isLast ? 2 : 0) + text.length - widths[first + index]
        if (padStart) return cell.padStart(room)
        return isLast ? cell : cell.padEnd(room)
      })
      lines.push(cells.join(''))
    }
    if (hasRest) lines.push(output[count])
    return lines
  }

  return { formatNumber, formatPrimitive, more, plural, reduced, shownKey, widthOf }
})()
