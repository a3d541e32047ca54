import { defineConfig } from 'vitest/config'

// CODECELL_TEST_ISOLATION=process npx vitest run: the same tests, with the cells in child processes. Programs that tests
// start learn of it, too.
const isolated = process.env.CODECELL_TEST_ISOLATION !== undefined
const alias = isolated
  ? [{ find: /^(codecell|(\.\.\/)+js\/index\.js)$/, replacement: support('isolation.js').pathname }]
  : []
// These say themselves where their cells run.
const exclude = isolated
  ? ['__test__/escape*.test.js', '__test__/probes*.test.js', '__test__/process-mode*.test.js']
  : []
// Files that look at child processes of their own process, of which `threads` runs several files at a time where there
// are more than two processors; and what one pool says as well as both.
const once = ['web-page', 'recording', 'process-mode', 'process-mode-loop'].map(file)
// Their cells run in programs that they start, whose threads are the same in both pools.
const inPrograms = [
  'command*',
  'docs',
  'electron',
  'examples',
  'process',
  'process-mode-hostile',
  'process-mode-stress',
  'readme',
].map(file)
const env = isolated ? { NODE_OPTIONS: `--import=${support('isolation-register.mjs')}` } : {}

/** @param {string} name */
function file(name) {
  return `__test__/${name}.test.js`
}

/** @param {string} name */
function support(name) {
  return new URL(`./__test__/support/${name}`, import.meta.url)
}

/**
 * The same tests in child processes, and in worker threads: there one process has the addon many times, and takes it
 * down many times.
 *
 * @param {'forks' | 'threads'} pool
 */
function project(pool) {
  return {
    resolve: { alias },
    test: {
      name: pool,
      env,
      pool,
      include: ['__test__/*.test.{js,ts}'],
      exclude: [
        ...exclude,
        ...(pool === 'threads' || isolated ? once : []),
        ...(pool === 'threads' ? inPrograms : []),
      ],
      testTimeout: 60_000,
      hookTimeout: 60_000,
      // A second, which it is otherwise, is short where a browser or a server starts.
      expect: { poll: { timeout: 20_000 } },
    },
  }
}

export default defineConfig({ test: { projects: [project('forks'), project('threads')] } })
