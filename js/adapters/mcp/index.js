export { serveCodeMode } from './code-mode-server.js'
export { toolsFromMcp } from './tools-from-mcp.js'
