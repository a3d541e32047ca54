/** How the card calls a state, and whether it is one in which the cell lives. */
const STATES = {
  watched: { label: 'running', alive: true },
  running: { label: 'still running', alive: true },
  completed: { label: 'completed' },
  failed: { label: 'failed' },
  terminated: { label: 'terminated' },
  missing: { label: 'gone' },
}

/** What is known of one cell. All text of a script is set as text, never as HTML. */
export class CellCard {
  /** @type {HTMLElement} */
  element
  #parts
  #actions
  /** @type {Map<string, { row: HTMLElement, start: number, end?: number }>} */
  #calls = new Map()

  /**
   * @param {string} cellId
   * @param {{ wait(): void, terminate(): void, showLine(line: number, column: number): void }} actions
   */
  constructor(cellId, actions) {
    const template = /** @type {HTMLTemplateElement} */ (document.getElementById('cell-template'))
    this.element = template.content.cloneNode(true).firstElementChild
    this.#parts = new Proxy({}, { get: (_, name) => this.element.querySelector(`.${name}`) })
    this.#actions = actions
    const heading = this.element.querySelector('h3')
    heading.textContent = `Cell ${cellId}`
    heading.id = `cell-${cellId}`
    this.element.setAttribute('aria-labelledby', heading.id)
    const { wait, terminate } = this.#parts
    wait.addEventListener('click', () => {
      // The button goes away; who works with the keyboard stays with the cell.
      this.element.focus()
      actions.wait()
    })
    terminate.addEventListener('click', () => {
      this.element.focus()
      terminate.disabled = true
      actions.terminate()
    })
    this.watched()
  }

  /** The page watches the cell. */
  watched() {
    this.#state('watched')
  }

  /** The cell goes on, as far as is known, but the page does not watch it. */
  unwatched() {
    this.#state('running')
  }

  /** @param {{ type: string, [key: string]: any }} event */
  show(event) {
    switch (event.type) {
      case 'output':
        return this.#append(contentElement(event.item))
      case 'notification':
        return this.#append(element('p', 'notification', event.text))
      case 'report':
        return this.#append(reportElement(event))
      case 'tool-start':
        return this.#startCall(event)
      case 'tool-end':
        return this.#endCall(event)
      case 'result':
        return this.#result(event)
    }
  }

  #state(status) {
    const { label, alive = false } = STATES[status]
    this.element.dataset.status = status
    // Told to screen readers when it changes, and not when it stays.
    if (this.#parts.status.textContent !== label) this.#parts.status.textContent = label
    this.#parts.wait.hidden = status !== 'running'
    this.#parts.terminate.hidden = !alive
    this.#parts.terminate.disabled = false
  }

  #append(child) {
    this.#parts.output.append(child)
  }

  #startCall({ id, name, input, at }) {
    const row = document.createElement('tr')
    row.dataset.state = 'running'
    const what = element('td', 'what', '')
    what.append(element('code', 'input', input), element('span', 'call-result', 'running'))
    const time = element('td', 'time', '')
    time.append(element('span', 'bar', ''), element('span', 'seconds', '…'))
    const header = element('th', 'name', name)
    header.scope = 'row'
    row.append(header, what, time)
    this.#calls.set(id, { row, start: at })
    this.#parts.calls.tBodies[0].append(row)
    this.#parts.calls.hidden = false
    this.#drawBars(at)
  }

  #endCall({ id, state, output = 'undefined', at }) {
    const call = this.#calls.get(id)
    if (call === undefined) return
    call.end = at
    call.row.dataset.state = state
    const result = call.row.querySelector('.call-result')
    result.textContent = state === 'done' ? output || 'done' : `${state}: ${output}`
    result.title = output
    call.row.querySelector('.seconds').textContent = `${((at - call.start) / 1_000).toFixed(2)} s`
    this.#drawBars(at)
  }

  /** Each bar shows when a call began and ended, on one scale, so that calls at one time are seen to be that. */
  #drawBars(now) {
    const last = Math.max(now, 1)
    for (const { row, start, end = now } of this.#calls.values()) {
      const { style } = row.querySelector('.bar')
      style.setProperty('--start', `${(start / last) * 100}%`)
      style.setProperty('--length', `${((end - start) / last) * 100}%`)
    }
  }

  #result({ status, error, unhandledRejections = [], usage, at }) {
    this.#state(status)
    if (status !== 'running') this.#drawBars(at)
    if (error) this.#error(error)
    for (const { name, message } of unhandledRejections) {
      this.#append(element('p', 'notification', `A promise rejected, and nobody looked: ${name}: ${message}`))
    }
    if (usage) {
      const { cpuMs, wallMs, toolCalls, toolErrors, peakHeapBytes } = usage
      const failed = toolErrors > 0 ? `, ${toolErrors} of them failed` : ''
      this.#parts.usage.textContent =
        `${(wallMs / 1_000).toFixed(1)} s, computing for ${Math.ceil(cpuMs)} ms · ` +
        `${toolCalls} tool ${toolCalls === 1 ? 'call' : 'calls'}${failed} · ${(peakHeapBytes / 2 ** 20).toFixed(1)} MiB of heap`
    }
  }

  #error({ code, name, message, frame, line, column }) {
    const parts = this.#parts
    parts.error.hidden = false
    parts.message.replaceChildren(element('code', 'code', code), ` ${name}: ${message}`)
    parts.frame.hidden = frame === undefined
    parts.frame.textContent = frame ?? ''
    const button = parts['show-line']
    if (line === undefined) return
    button.hidden = false
    button.textContent = `Go to line ${line}, column ${column}`
    button.addEventListener('click', () => this.#actions.showLine(line, column))
  }
}

function contentElement(item) {
  if (item.type === 'text') return element('p', 'text', item.text)
  const tag = item.type === 'image' ? 'img' : 'audio'
  const media = element(tag, 'media', '')
  // In an img, no script of an SVG runs.
  media.src = item.imageUrl ?? item.audioUrl
  if (tag === 'img') media.alt = 'A picture that the script emitted'
  else media.controls = true
  return media
}

function reportElement({ title, text }) {
  const report = element('p', 'report', '')
  report.append(element('strong', 'title', title), ` ${text}`)
  return report
}

function element(tag, className, text) {
  const made = document.createElement(tag)
  made.className = className
  made.textContent = text
  return made
}
