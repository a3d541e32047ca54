// examples/web-page, in a headless Chromium, and its server, asked as pages of other origins would ask it.

import { request } from 'node:http'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { launchBrowser, startWebPage, withoutBrowser } from './support/browser.js'

/** @type {Awaited<ReturnType<typeof startWebPage>>} */
let example
beforeAll(async () => {
  example = await startWebPage()
  return async () => expect(await example.stop()).toBe(0)
})

describe.skipIf(withoutBrowser)('the page', () => {
  /** @type {import('playwright-core').Browser} */
  let browser
  /** @type {import('playwright-core').Page} */
  let page
  /** @type {string[]} */
  let faults

  beforeAll(async () => {
    browser = await launchBrowser()
  })
  afterAll(() => browser?.close())
  beforeEach(async () => {
    faults = []
    const context = await browser.newContext()
    page = await context.newPage()
    page.setDefaultTimeout(20_000)
    page.on('pageerror', (error) => faults.push(error.message))
    page.on('console', (message) => message.type() === 'error' && faults.push(message.text()))
    await page.goto(example.url)
    return async () => {
      await context.close()
      expect(faults).toEqual([])
    }
  })

  /**
   * Types a script, and runs it with the keyboard.
   *
   * @param {string} source
   * @param {{ yieldSeconds?: number }} [options]
   */
  async function run(source, { yieldSeconds = 60 } = {}) {
    await page.getByLabel('Answer after').fill(String(yieldSeconds))
    await page.getByRole('textbox', { name: 'Script' }).fill(source)
    await page.keyboard.press('Control+Enter')
    const cell = page.getByRole('article').first()
    const state = (/** @type {string} */ label) =>
      cell.getByRole('status').getByText(label, { exact: true }).waitFor()
    const output = (/** @type {string} */ text) =>
      cell.getByRole('log').getByText(text, { exact: true }).waitFor()
    return { cell, state, output }
  }

  test('shows output, pictures and tool calls before the cell has ended', async () => {
    const { cell, state, output } = await run(`
      text('first')
      const all = tools.measurements({ station: 'Kyoto' })
      await Promise.all([all, tools.measurements({ station: 'Atlantis' }).catch((error) => text(error.message))])
      notify('drawing')
      image(await tools.chart({ title: 'a <b> & "c"', bars: [{ label: 'a', value: 2 }, { label: 'b', value: -1 }] }))
      await tools.publish({ title: 'Report', text: 'published' })
      await new Promise((resolve) => setTimeout(resolve, 60_000))
      text('last')`)
    await state('running')
    await output('first')
    await output('no station is called Atlantis')
    await output('drawing')
    const picture = cell.getByRole('img')
    await picture.waitFor()
    await expect.poll(() => picture.evaluate((image) => /** @type {any} */ (image).naturalWidth)).toBe(580)
    await cell.getByText('Report published', { exact: true }).waitFor()

    const rows = cell.getByRole('row')
    await expect
      .poll(() => rows.getByRole('rowheader').allTextContents())
      .toEqual(['measurements', 'measurements', 'chart', 'publish'])
    await expect
      .poll(() => rows.evaluateAll((all) => all.map((row) => row.dataset.state).filter(Boolean)))
      .toEqual(['done', 'failed', 'done', 'done'])
    expect(await rows.filter({ hasText: 'Kyoto' }).textContent()).toMatch(/"celsius":\[.*\d\.\d\d s$/)

    // All that came while the script was running.
    await state('running')
    expect(await cell.getByText('last').count()).toBe(0)
    await cell.getByRole('button', { name: 'Terminate' }).click()
    await state('terminated')
  })

  test('a script that takes long is still running, waiting goes on, and loses nothing', async () => {
    const { cell, state, output } = await run(
      `text('before')
      for (let round = 0; ; round++) {
        await tools.measurements({ station: 'Kyoto' })
        text('round ' + round)
        if (round === 2) break
      }`,
      { yieldSeconds: 0.5 },
    )
    await output('before')
    await state('still running')
    const texts = () => cell.getByRole('log').locator('p').allTextContents()
    const before = await texts()
    const wait = cell.getByRole('button', { name: 'Wait' })
    // The server goes on without the page.
    await page.reload()
    await page.getByLabel('Answer after').fill('60')
    await state('still running')
    await wait.focus()
    await page.keyboard.press('Enter')
    await state('completed')
    expect([...before, ...(await texts())]).toEqual(['before', 'round 0', 'round 1', 'round 2'])
    expect(await wait.isVisible()).toBe(false)
    expect(await cell.textContent()).toMatch(/3 tool calls · /)
  })

  test('an endless loop is terminated with the keyboard, and others go on', async () => {
    const { cell, state } = await run('text("loops"); for (;;) {}')
    await state('running')
    const { state: otherState, output } = await run('text("beside it")')
    await output('beside it')
    await otherState('completed')
    const first = page.getByRole('article').last()
    await first.getByRole('button', { name: 'Terminate' }).focus()
    await page.keyboard.press('Enter')
    await first.getByRole('status').getByText('terminated').waitFor()
    await first.getByText('loops', { exact: true }).waitFor()
    expect(await cell.count()).toBe(1)
  })

  test('an error is shown with its code and its lines, and leads to its place in the script', async () => {
    const { cell, state, output } = await run(`text('emitted before')\nconst name = 'x'\nname.missing()`)
    await state('failed')
    await output('emitted before')
    const text = await cell.textContent()
    expect(text).toContain('SCRIPT_ERROR TypeError: name.missing is not a function')
    expect(text).toContain('name.missing()\n')
    await cell.getByRole('button', { name: 'Go to line 3, column 6' }).click()
    const script = page.getByRole('textbox', { name: 'Script' })
    expect(await script.evaluate((field) => document.activeElement === field)).toBe(true)
    const selected = await script.evaluate((field) => {
      const { value, selectionStart, selectionEnd } = /** @type {any} */ (field)
      return value.slice(selectionStart, selectionEnd)
    })
    expect(selected).toBe('m')
  })

  test('what a script emits is text, whatever it looks like', async () => {
    const html = `<img src=x onerror="document.title='caught'"><script>document.title='caught'</script>`
    const { cell, state } = await run(
      `const html = ${JSON.stringify(html)}
      text(html)
      notify(html)
      await tools.publish({ title: html, text: html })
      image('data:image/svg+xml;base64,' + ${JSON.stringify(
        Buffer.from(
          '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9" onload="parent.document.title=1">' +
            '<script>parent.document.title = "caught"</script></svg>',
        ).toString('base64'),
      )})
      await tools.measurements({ station: html }).catch(() => {})
      throw new Error(html)`,
    )
    await state('failed')
    expect(await cell.locator('.text').textContent()).toBe(html)
    await cell.getByRole('img').waitFor()
    expect(await cell.locator('img').count()).toBe(1)
    expect(await cell.locator('script').count()).toBe(0)
    expect(await page.title()).toBe('codecell: run a script')
  })

  test('what the caller did wrong is an alert', async () => {
    await page.getByRole('textbox', { name: 'Script' }).fill('')
    await page.getByRole('button', { name: 'Run' }).click()
    await expect.poll(() => page.getByRole('alert').textContent()).toMatch(/empty|source/i)
    faults = faults.filter((fault) => !fault.includes('400 (Bad Request)'))
  })

  test('all samples end as they say', async () => {
    const options = page.getByLabel('Start from')
    const ends = []
    for (const title of await options.locator('option').allTextContents()) {
      await options.selectOption(title)
      await page.getByRole('button', { name: 'Run', exact: true }).click()
      ends.push(title)
    }
    expect(ends).toHaveLength(6)
    const states = () =>
      page
        .getByRole('article')
        .evaluateAll((cells) =>
          Object.fromEntries(
            cells.map((cell) => [
              cell.querySelector('h3')?.textContent?.replace('Cell ', ''),
              cell.dataset.status,
            ]),
          ),
        )
    await page
      .getByRole('article')
      .filter({ hasText: 'It computes' })
      .getByRole('button', { name: 'Terminate' })
      .click()
    await expect.poll(states, { timeout: 20_000 }).toEqual({
      1: 'completed',
      2: 'running',
      3: 'terminated',
      4: 'failed',
      5: 'completed',
      6: 'completed',
    })
  })
})

describe('the server', () => {
  /**
   * @param {string} path
   * @param {{ method?: string, headers?: Record<string, string>, body?: string }} [options]
   * @returns {Promise<{ status: number | undefined, headers: import('node:http').IncomingHttpHeaders, text: string }>}
   */
  function ask(path, { method = 'GET', headers = {}, body = '' } = {}) {
    return new Promise((resolve, reject) => {
      const asked = request(new URL(path, example.url), { method, headers }, async (response) => {
        const chunks = await response.toArray()
        resolve({
          status: response.statusCode,
          headers: response.headers,
          text: Buffer.concat(chunks).toString(),
        })
      })
      asked.on('error', reject)
      asked.end(body)
    })
  }

  /** What the page would send. */
  async function ownHeaders() {
    const cookie = (await ask('/')).headers['set-cookie']?.[0] ?? ''
    return {
      origin: new URL(example.url).origin,
      cookie: cookie.split(';')[0] ?? '',
      'content-type': 'application/json',
    }
  }

  const body = JSON.stringify({ source: 'text(1)', yieldTimeMs: 10_000 })

  test('runs a script for its own page, with a line for each event', async () => {
    const { status, text } = await ask('/api/cells', { method: 'POST', headers: await ownHeaders(), body })
    expect(status).toBe(200)
    const events = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(events.map(({ type }) => type)).toEqual(['cell', 'output', 'result'])
    expect(events[1].item).toEqual({ type: 'text', text: '1' })
    expect(events[2].status).toBe('completed')
  })

  test.for([
    ['a page of another origin', { origin: 'https://evil.example' }, 403],
    ['a page without an origin, as in a sandboxed frame', { origin: 'null' }, 403],
    ['the page of another port', { origin: 'http://127.0.0.1:1' }, 403],
    ['a name that someone points here', { host: 'evil.example', origin: 'http://evil.example' }, 421],
    ['a form, which can send no JSON', { 'content-type': 'text/plain' }, 415],
    ['a browser without a session', { cookie: '' }, 401],
    ['a session that was guessed', { cookie: 'codecell-1=1' }, 401],
  ])('refuses %s', async ([, headers, expected]) => {
    const all = { ...(await ownHeaders()), .../** @type {Record<string, string>} */ (headers) }
    const { status, text } = await ask('/api/cells', { method: 'POST', headers: all, body })
    expect([status, JSON.parse(text).message.length > 10]).toEqual([expected, true])
  })

  test('refuses to be asked without an origin, and to tell other sites anything', async () => {
    const { origin: _, ...headers } = await ownHeaders()
    expect((await ask('/api/cells', { method: 'POST', headers, body })).status).toBe(403)
    const fromElsewhere = { ...headers, 'sec-fetch-site': 'cross-site' }
    expect((await ask('/api/session', { headers: fromElsewhere })).status).toBe(403)
    expect((await ask('/api/session', { headers })).status).toBe(200)
  })

  test('refuses what is too large, no JSON, or not there', async () => {
    const headers = await ownHeaders()
    const post = (/** @type {string} */ path, /** @type {string} */ body) =>
      ask(path, { method: 'POST', headers, body }).then(({ status }) => status)
    expect(await post('/api/cells', 'x'.repeat(3 * 2 ** 20))).toBe(413)
    expect(await post('/api/cells', '{')).toBe(400)
    expect(await post('/api/cells', '{"source":"1","yieldTimeMs":-1}')).toBe(400)
    expect(await post('/api/cells', '{"source":1,"yieldTimeMs":1}')).toBe(400)
    expect(await post('/api/nothing', '{}')).toBe(404)
    expect((await ask('/../package.json', { headers })).status).toBe(404)
  })

  test('keeps of a flood what a person can read, and says that there was more', async () => {
    const source = `for (let i = 0; i < 3_000; i++) notify('x'.repeat(10_000))`
    const { text } = await ask('/api/cells', {
      method: 'POST',
      headers: await ownHeaders(),
      body: JSON.stringify({ source, yieldTimeMs: 0 }),
    })
    expect(text.length).toBeLessThan(4 * 2 ** 20)
  })

  test('where there are too many, one session goes, not all', async () => {
    const first = await ownHeaders()
    const second = await ownHeaders()
    // Asked last, it is not the idlest.
    for (let more = 0; more < 19; more++) {
      await ownHeaders()
      await ask('/api/session', { headers: second })
    }
    expect((await ask('/api/session', { headers: first })).status).toBe(401)
    expect((await ask('/api/session', { headers: second })).status).toBe(200)
  })

  test('one browser does not see the cells of another', async () => {
    const source = `await new Promise((resolve) => setTimeout(resolve, 60_000))`
    const first = await ownHeaders()
    await ask('/api/cells', {
      method: 'POST',
      headers: first,
      body: JSON.stringify({ source, yieldTimeMs: 0 }),
    })
    const cells = async (/** @type {Record<string, string>} */ headers) =>
      JSON.parse((await ask('/api/session', { headers })).text).cells
    const second = await ownHeaders()
    expect(await cells(first)).toEqual(['1'])
    expect(await cells(second)).toEqual([])
    const stop = { method: 'POST', body: '{}' }
    expect((await ask('/api/cells/1/terminate', { ...stop, headers: second })).text).toContain('"missing"')
    expect((await ask('/api/cells/1/terminate', { ...stop, headers: first })).text).toContain('"terminated"')
    expect(await cells(first)).toEqual([])
  })

  test('its policy lets the page run its own scripts only', async () => {
    const { headers } = await ask('/')
    expect(headers['content-security-policy']).toContain("default-src 'none'; script-src 'self'")
    expect(headers['set-cookie']?.[0]).toMatch(
      /^codecell-\d+=[0-9a-f-]{36}; HttpOnly; SameSite=Strict; Path=\/$/,
    )
  })
})
