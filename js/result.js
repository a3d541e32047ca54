/** @import { CellResult, ContentItem } from '../index.d.ts' */

/**
 * A result from its JSON and the big strings that travel beside it.
 *
 * @param {string} headJson
 * @param {string[]} strings
 * @returns {CellResult}
 */
export function cellResult(headJson, strings) {
  const head = JSON.parse(headJson)
  if (head.content !== undefined) head.content = head.content.map(contentItem, strings)
  return head
}

/**
 * @this {string[]} the text or URL of each item
 * @param {{ type: 'text' } | { type: 'image', detail: any } | { type: 'audio' }} item
 * @param {number} index
 * @returns {ContentItem}
 */
function contentItem(item, index) {
  const value = this[index] ?? ''
  switch (item.type) {
    case 'text':
      return { type: 'text', text: value }
    case 'image':
      return { type: 'image', imageUrl: value, detail: item.detail }
    case 'audio':
      return { type: 'audio', audioUrl: value }
  }
}
