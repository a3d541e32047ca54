// What is read of objects without running any code of the script: data properties and prototypes, never through a proxy.
;({ unwrap }) => {
  const { getOwnPropertyDescriptor, getPrototypeOf } = Object
  const { toString: sourceOf } = Function.prototype
  const MOST_PROTOTYPES = 1000
  const call = (method, receiver) => Reflect.apply(method, receiver, [])

  /** A data property, own or inherited. */
  function read(object, key) {
    let holder = object
    for (let count = 0; holder !== null && count < MOST_PROTOTYPES; count++) {
      const property = getOwnPropertyDescriptor(holder, key)
      if (property !== undefined) return property.value
      holder = unwrap(getPrototypeOf(holder))
    }
    return undefined
  }

  const own = (object, key) => getOwnPropertyDescriptor(object, key)?.value

  /** A text property: of anything else, only the script could make text. */
  const ownText = (object, key) => {
    const value = own(object, key)
    return typeof value === 'string' ? value : ''
  }
  function inherits(object, prototype) {
    let holder = unwrap(getPrototypeOf(object))
    for (let count = 0; holder !== null && count < MOST_PROTOTYPES; count++) {
      if (holder === prototype) return true
      holder = unwrap(getPrototypeOf(holder))
    }
    return false
  }

  function prefix(classOf, tag, fallback, size = '') {
    if (classOf === null) {
      return `[${fallback}${size}: null prototype] ${tag !== '' && fallback !== tag ? `[${tag}] ` : ''}`
    }
    return tag !== '' && classOf !== tag ? `${classOf}${size} [${tag}] ` : `${classOf}${size} `
  }

  function keysOf(object, showHidden) {
    const keys = Reflect.ownKeys(object)
    if (showHidden) return keys
    return keys.filter((key) => getOwnPropertyDescriptor(object, key)?.enumerable)
  }

  function functionBase(value, kind, classOf, tag) {
    const source = call(sourceOf, value)
    if (/^class[\s{/]/.test(source) && source.endsWith('}')) {
      const parent = unwrap(getPrototypeOf(value))
      const superName = parent === null ? '' : ownText(parent, 'name')
      const ofClass = classOf !== 'Function' && classOf !== null ? ` [${classOf}]` : ''
      const parents =
        classOf === null ? ' extends [null prototype]' : superName ? ` extends ${superName}` : ''
      const shownTag = tag !== '' && classOf !== tag ? ` [${tag}]` : ''
      return `[class ${ownText(value, 'name') || '(anonymous)'}${ofClass}${shownTag}${parents}]`
    }
    const name = read(value, 'name')
    let base = `[${kind}${classOf === null ? ' (null prototype)' : ''}`
    base += typeof name === 'string' && name !== '' ? `: ${name}]` : ' (anonymous)]'
    if (classOf !== kind && classOf !== null) base += ` ${classOf}`
    return tag !== '' && classOf !== tag ? `${base} [${tag}]` : base
  }

  return { MOST_PROTOTYPES, functionBase, inherits, keysOf, own, prefix, read }
}
