export { configureEngines } from './engines.js'
export { CodecellError } from './errors.js'
export {
  parseExecSource,
  renderToolDeclaration,
  schemaToTypeScript,
  toolIdentifier,
  truncateContent,
  versions,
} from './functions.js'
export { Session } from './session.js'
