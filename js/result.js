/** @import { CellResult, ContentItem } from '../index.d.ts' */

/**
 * A result from its JSON and the big strings that travel beside it.
 *
 * @param {string} headJson
 * @param {string[]} strings
 * @param {ContentItem[][]} before content that has come already
 * @returns {CellResult}
 */
export function cellResult(headJson, strings, before) {
  const head = JSON.parse(headJson)
  if (head.content !== undefined) {
    const last = contentItems(head.content, strings)
    head.content = before.length === 0 ? last : [...before, last].flat()
  }
  return head
}

/**
 * @param {any[]} items
 * @param {string[]} strings
 * @returns {ContentItem[]}
 */
export function contentItems(items, strings) {
  return items.map(contentItem, strings)
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
