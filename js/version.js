// Of this package. A bundler may move the code away from its package.json, so the version stands here, too: the tests
// compare them.
export const VERSION = '0.1.0'
