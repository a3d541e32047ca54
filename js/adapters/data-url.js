// `data:` URLs, in which a cell emits images and audio.

/** @import { ContentItem } from '../../index.d.ts' */

const PARTS = /^data:([^,]*),(.*)$/is
const BASE64 = /;\s*base64\s*$/i

/**
 * The media type of an image or audio, and its bytes as base64.
 *
 * @param {Exclude<ContentItem, { type: 'text' }>} item
 */
export function mediaOf(item) {
  const url = item.type === 'image' ? item.imageUrl : item.audioUrl
  const [, head = '', body = ''] = PARTS.exec(url) ?? []
  const mediaType = (head.split(';')[0] ?? '').trim() || 'text/plain'
  if (BASE64.test(head)) return { mediaType, base64: body }
  return { mediaType, base64: Buffer.from(percentDecoded(body)).toString('base64') }
}

/**
 * As browsers do it: what is no escape stays as it is.
 *
 * @param {string} text
 */
function percentDecoded(text) {
  const bytes = Buffer.from(text, 'utf8')
  const decoded = []
  for (let index = 0; index < bytes.length; index += 1) {
    const digits = bytes.subarray(index + 1, index + 3).toString('latin1')
    if (bytes[index] === 0x25 && /^[0-9a-f]{2}$/i.test(digits)) {
      decoded.push(Number.parseInt(digits, 16))
      index += 2
    } else {
      decoded.push(bytes[index] ?? 0)
    }
  }
  return Buffer.from(decoded)
}
