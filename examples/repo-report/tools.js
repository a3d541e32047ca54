import { readdir, readFile, realpath, stat } from 'node:fs/promises'
import { extname, join, relative, resolve, sep } from 'node:path'
import { Session } from 'codecell'

/** Not the repository's own text: what is built, installed, vendored or hidden. */
const SKIPPED_FOLDERS = new Set(['node_modules', 'target', 'vendor'])
const MAX_FILE_BYTES = 1024 * 1024
const MAX_MATCHES = 200

const path = { type: 'string', description: 'Relative to the repository, with / as separator.' }

/**
 * Four tools over the files below a folder.
 *
 * What a script asks for is what a model wrote, so each tool checks its input: the schemas only tell the model what to
 * write, nobody validates against them.
 *
 * @param {string} root
 * @returns {Record<string, import('codecell').Tool>}
 */
export function fileTools(root) {
  const searcher = new Session({ limits: { cpuMs: 1_000 } })
  return {
    list_files: {
      description: 'Lists the text files of the repository, sorted by path.',
      inputSchema: {
        type: 'object',
        properties: {
          extensions: {
            type: 'array',
            items: { type: 'string' },
            description: "Only these, like '.js'. Absent: all.",
          },
        },
      },
      outputSchema: {
        type: 'object',
        properties: { paths: { type: 'array', items: { type: 'string' } } },
        required: ['paths'],
      },
      async execute({ extensions }, { signal }) {
        const wanted = extensions === undefined ? undefined : strings('extensions', extensions)
        const paths = []
        for await (const file of walk(root, signal)) {
          if (!wanted || wanted.includes(extname(file))) paths.push(slashed(relative(root, file)))
        }
        return { paths: paths.sort() }
      },
    },

    read_file: {
      description: 'Reads a text file, or some of its lines.',
      inputSchema: {
        type: 'object',
        properties: {
          path,
          first_line: { type: 'integer', description: 'From 1. Absent: the first.' },
          line_count: { type: 'integer', description: 'Absent: up to the end.' },
        },
        required: ['path'],
      },
      outputSchema: {
        type: 'object',
        properties: { text: { type: 'string' } },
        required: ['text'],
      },
      async execute({ path, first_line = 1, line_count = Number.MAX_SAFE_INTEGER }, { signal }) {
        const text = await readText(root, path, signal)
        const start = wholeNumber('first_line', first_line) - 1
        const end = start + wholeNumber('line_count', line_count)
        return { text: text.split('\n').slice(start, end).join('\n') }
      },
    },

    count_words: {
      description: 'Counts the lines, words and bytes of a text file.',
      inputSchema: { type: 'object', properties: { path }, required: ['path'] },
      outputSchema: {
        type: 'object',
        properties: {
          lines: { type: 'integer' },
          words: { type: 'integer' },
          bytes: { type: 'integer' },
        },
        required: ['lines', 'words', 'bytes'],
      },
      async execute({ path }, { signal }) {
        const text = await readText(root, path, signal)
        return {
          lines: text.split('\n').length - (text.endsWith('\n') ? 1 : 0),
          words: text.match(/\S+/g)?.length ?? 0,
          bytes: Buffer.byteLength(text),
        }
      },
    },

    search: {
      description: `Finds the lines that match a regular expression, ${MAX_MATCHES} at the most.`,
      inputSchema: {
        type: 'object',
        properties: {
          pattern: { type: 'string', description: 'A JavaScript regular expression, without slashes.' },
          paths: { type: 'array', items: path },
        },
        required: ['pattern', 'paths'],
      },
      outputSchema: {
        type: 'object',
        properties: {
          matches: {
            type: 'array',
            items: {
              type: 'object',
              properties: {
                path: { type: 'string' },
                line: { type: 'integer' },
                text: { type: 'string' },
              },
              required: ['path', 'line', 'text'],
            },
          },
        },
        required: ['matches'],
      },
      async execute({ pattern, paths }, { signal }) {
        const files = await Promise.all(
          strings('paths', paths).map(async (path) => ({ path, text: await readText(root, path, signal) })),
        )
        return { matches: await findMatches(searcher, { pattern, files, most: MAX_MATCHES }, signal) }
      },
    },
  }
}

/**
 * Some patterns take for ever (`^(a+)+$`). On the host's own thread such a pattern would stop the host, so it runs in a
 * cell, where a limit ends it and the signal reaches it.
 *
 * @param {Session} session
 * @param {{ pattern: unknown, files: { path: string, text: string }[], most: number }} input
 * @param {AbortSignal} signal
 */
async function findMatches(session, input, signal) {
  const result = await session.exec(
    `const { pattern, files, most } = await tools.input()
    const regex = new RegExp(pattern)
    const matches = []
    for (const { path, text } of files) {
      for (const [index, line] of text.split('\\n').entries()) {
        if (regex.test(line) && matches.length < most) matches.push({ path, line: index + 1, text: line.trim() })
      }
    }
    text(matches)`,
    { tools: { input: { execute: () => input } }, signal, yieldTimeMs: Infinity },
  )
  if (result.status === 'failed') throw new Error(result.error.message)
  if (result.status !== 'completed') throw new Error(`the search was ${result.status}`)
  const [matches] = result.content
  return JSON.parse(matches.text)
}

/**
 * @param {string} folder
 * @param {AbortSignal} signal
 * @returns {AsyncGenerator<string>}
 */
async function* walk(folder, signal) {
  signal.throwIfAborted()
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.name.startsWith('.')) continue
    const full = join(folder, entry.name)
    if (entry.isDirectory()) {
      if (!SKIPPED_FOLDERS.has(entry.name)) yield* walk(full, signal)
    } else if (entry.isFile() && extname(entry.name) !== '.node') {
      yield full
    }
  }
}

/**
 * @param {string} root
 * @param {unknown} path
 * @param {AbortSignal} signal
 */
async function readText(root, path, signal) {
  const file = await inside(root, path)
  const { size } = await stat(file)
  if (size > MAX_FILE_BYTES) throw new Error(`${path} has ${size} bytes; files may have ${MAX_FILE_BYTES}`)
  return readFile(file, { encoding: 'utf8', signal })
}

/**
 * The real path of a file, which must be below the root, symbolic links followed. The messages name the path as the
 * script gave it: where the repository lies is none of its business.
 *
 * @param {string} root
 * @param {unknown} path
 */
async function inside(root, path) {
  if (typeof path !== 'string') throw new TypeError('path must be a string')
  const realRoot = await realpath(root)
  const real = await realpath(resolve(realRoot, path)).catch(() => {
    throw new Error(`there is no file ${path}`)
  })
  if (!real.startsWith(realRoot + sep)) throw new Error(`${path} is outside the repository`)
  return real
}

/** @param {string} path */
function slashed(path) {
  return path.split(sep).join('/')
}

/**
 * @param {string} name
 * @param {unknown} value
 * @returns {string[]}
 */
function strings(name, value) {
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value
  throw new TypeError(`${name} must be an array of strings`)
}

/**
 * @param {string} name
 * @param {unknown} value
 */
function wholeNumber(name, value) {
  if (Number.isSafeInteger(value) && value >= 1) return value
  throw new TypeError(`${name} must be an integer, 1 or more`)
}
