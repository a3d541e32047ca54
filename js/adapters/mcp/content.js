// Content of a cell and content of MCP.

import { mediaOf } from '../data-url.js'

/** @import { ContentItem } from '../../../index.d.ts' */
/** @import { McpCallToolResult, McpContentBlock } from '../../../types/mcp.d.ts' */

/**
 * @param {ContentItem} item
 * @returns {McpContentBlock}
 */
export function toMcpContent(item) {
  if (item.type === 'text') return { type: 'text', text: item.text }
  const { mediaType, base64 } = mediaOf(item)
  return { type: item.type, data: base64, mimeType: mediaType }
}

/**
 * What a result says in words, for errors.
 *
 * @param {McpCallToolResult} result
 */
export function textOfResult({ content, structuredContent }) {
  const text = content.map(textOfBlock).join('\n').trim()
  if (text !== '') return text
  return structuredContent === undefined ? '' : JSON.stringify(structuredContent)
}

/** @param {McpContentBlock} block */
function textOfBlock(block) {
  switch (block.type) {
    case 'text':
      return block.text
    case 'resource':
      return 'text' in block.resource ? block.resource.text : `[resource ${block.resource.uri}]`
    case 'resource_link':
      return `[resource ${block.uri}]`
    default:
      return `[${block.type}, ${block.mimeType}]`
  }
}
