const NO_SANDBOX = 'is only the baseline of the tool round trip'

/** The `cannot` of a contender that runs no scripts: it only goes the way of a tool call, there and back. */
export const cannot = new Proxy(
  {},
  { get: (_, ability) => (ability === 'roundTrip' ? undefined : NO_SANDBOX) },
)
