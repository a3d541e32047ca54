/**
 * The isolation modes that are tested: each probe, escape and soak runs in all of them.
 *
 * @type {readonly ('thread' | 'process')[]}
 */
export const ISOLATIONS = ['thread', 'process']
