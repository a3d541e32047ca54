/**
 * Throws unless a call is approved.
 *
 * @template {{ toolName: string }} Request
 * @param {((request: Request) => boolean | Promise<boolean>) | undefined} approve
 * @param {Request} request
 */
export async function approved(approve, request) {
  if (approve === undefined) throw new Error(`\`${request.toolName}\` needs approval, and nobody can give it`)
  if (!(await approve(request))) throw new Error(`the call of \`${request.toolName}\` was not approved`)
}
