// What codecell looks at in a Standard Schema: https://standardschema.dev

export interface Issue {
  message: string
  path?: ReadonlyArray<PropertyKey | { key: PropertyKey }>
}

export interface StandardSchema {
  vendor: string
  validate(value: unknown): Result | Promise<Result>
  jsonSchema?: Record<'input' | 'output', (options: { target: string }) => Record<string, unknown>>
}

type Result = { value: unknown; issues?: undefined } | { issues: readonly Issue[] }
