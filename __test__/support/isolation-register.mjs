// Puts isolation.js in the place of the package in programs that the tests start: `node --import` this file.

import { register } from 'node:module'

register('./isolation-hooks.mjs', import.meta.url)
