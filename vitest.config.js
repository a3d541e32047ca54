import { defineConfig } from 'vitest/config'

/**
 * The same tests in child processes, and in worker threads: there one process has the addon many times, and takes it
 * down many times.
 *
 * @param {'forks' | 'threads'} pool
 */
function project(pool) {
  return {
    test: {
      name: pool,
      pool,
      include: ['__test__/*.test.{js,ts}'],
      testTimeout: 60_000,
      hookTimeout: 60_000,
    },
  }
}

export default defineConfig({ test: { projects: [project('forks'), project('threads')] } })
