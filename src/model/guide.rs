//! The fixed texts of the two tools. A model pays for each word on each turn.

/// The text of `exec` before its tools.
///
/// `default_yield_ms` is what the session uses where the pragma says nothing. `console_output` tells that
/// `console.log` appends to the output; without it the model is told that there is no console.
#[must_use]
pub fn exec_guide(default_yield_ms: u64, console_output: bool) -> String {
    let default_yield = default_yield_text(default_yield_ms);
    let environment = if console_output {
        "no Node.js, no file system, no network. `console.log` and its kin emit text."
    } else {
        "no Node.js, no file system, no network, no console."
    };
    format!(
        r#"Runs JavaScript in a fresh V8 isolate, as an async ES module: top-level `await` works. Call tools from code, work on their results, and emit only what you need to see.
- Send raw JavaScript source: no JSON, no quotes around it, no Markdown fence.
- Standard JavaScript only: {environment}
- Tools are async functions on the global `tools`: `await tools.name(input)`. Each takes one object or one string and resolves to its result. In their names, every character but letters, digits, `_` and `$` is `_`. Start independent calls together, with `Promise.all`.
- A failed tool call rejects with an `Error` named `ToolError`; its `message` says why. Misuse of a helper throws a `TypeError`.
- The first line may set options: `// @exec: {{"yield_time_ms": 10000, "max_output_tokens": 1000}}`.
  - `yield_time_ms`: a script that takes longer goes on, and this call answers with its cell ID and the output so far; resume it with `wait`. {default_yield}
  - `max_output_tokens`: token budget of this call's output. Defaults to 10000.
- The cell ends when its code and top-level awaits are done. Promises and timeouts left over are dropped, and unfinished tool calls aborted. Only stored values outlive the cell.
- Imports: `tools.js` (the tools) and `@openai/code_mode` (the helpers), nothing else.

Global helpers:
- `text(value: unknown): void` emits text; an object as JSON.
- `image(source: string | {{ image_url: string; detail?: string }} | ImageContent, detail?: "auto" | "low" | "high" | "original"): void` emits an image, given as a base64 `data:` URL (never http) or an MCP image block. `detail` defaults to "high".
- `audio(source: string | {{ audio_url: string }} | AudioContent): void` emits audio, given likewise.
- `generatedImage(result: {{ image_url: string; output_hint?: string }}): void` emits the image of an image generation, then its hint.
- `store(key: string, value: unknown): void` keeps a JSON value for this cell and later ones of the session.
- `load(key: string): unknown` returns a copy of a stored value, or `undefined`.
- `notify(value: unknown): void` sends non-empty text at once, while the cell runs.
- `setTimeout(callback: () => void, ms?: number): number` and `clearTimeout(id?: number): void`. A timeout does not keep the cell alive; await a promise that it resolves.
- `as_settled(promises: Iterable<unknown> | Map<unknown, unknown>)` is an async generator of `{{ index, status: "fulfilled", value }}` or `{{ index, status: "rejected", reason }}`, in the order in which they settle. `index` is the position or Map key.
- `stream_settled(promises, callback): Promise<void>` awaits `callback(result)` for each of these results in turn.
- `ALL_TOOLS: {{ name: string; description: string }}[]` lists every tool with its TypeScript declaration.
- `yield_control(): void` answers this call now with the output so far; the script goes on.
- `exit(): never` ends the cell at once, as a success. It cannot be caught."#
    )
}

/// The text of `exec` about tools that it does not describe.
pub(super) const HIDDEN_TOOLS: &str = "Some tools may not be described here. They are on `tools` and in `ALL_TOOLS` all the same: find them by filtering on `name` and `description`.";

/// The types that declarations of MCP tools refer to, after the Model Context Protocol.
pub(super) const MCP_TYPES: &str = r#"Shared MCP Types:
```ts
type Role = "user" | "assistant";
type MetaObject = { [key: string]: unknown };
type Annotations = { audience?: Role[]; priority?: number; lastModified?: string };
type Annotated = { annotations?: Annotations; _meta?: MetaObject };
type Icon = { src: string; mimeType?: string; sizes?: string[]; theme?: "light" | "dark" };
type TextResourceContents = { uri: string; mimeType?: string; text: string; _meta?: MetaObject };
type BlobResourceContents = { uri: string; mimeType?: string; blob: string; _meta?: MetaObject };
type TextContent = Annotated & { type: "text"; text: string };
type ImageContent = Annotated & { type: "image"; data: string; mimeType: string };
type AudioContent = Annotated & { type: "audio"; data: string; mimeType: string };
type ResourceLink = Annotated & { type: "resource_link"; uri: string; name: string; title?: string; description?: string; mimeType?: string; size?: number; icons?: Icon[] };
type EmbeddedResource = Annotated & { type: "resource"; resource: TextResourceContents | BlobResourceContents };
type ContentBlock = TextContent | ImageContent | AudioContent | ResourceLink | EmbeddedResource;
type CallToolResult<TStructured = { [key: string]: unknown }> = { content: ContentBlock[]; structuredContent?: TStructured; isError?: boolean; _meta?: MetaObject };
```"#;

/// The largest whole number that JavaScript holds exactly: it stands for "never".
const NEVER_MS: u64 = (1 << 53) - 1;

fn default_yield_text(default_yield_ms: u64) -> String {
    if default_yield_ms >= NEVER_MS {
        "Without it, there is no such time.".to_owned()
    } else {
        format!("Defaults to {default_yield_ms} ms.")
    }
}

/// The text of `wait`. `default_yield_ms` is what the session uses where the call says nothing.
#[must_use]
pub fn wait_description(default_yield_ms: u64) -> String {
    let default_yield = default_yield_text(default_yield_ms);
    format!(
        "Resumes watching a yielded `exec` cell: answers with its new output, or with its result.
- Use it only after an answer that begins with `Script running with cell ID`; `cell_id` is that ID.
- `yield_time_ms`: how long to wait before it yields again. {default_yield} It answers as soon as the cell ends, so one long wait is better than many short ones.
- `max_tokens`: token budget of this call's output. Defaults to 10000.
- `terminate`: true stops the cell instead, and answers once it has stopped.
- Only output since the last answer is returned. A cell that is still running yields again, with the same ID. Once the final result was returned, the cell is closed."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exec_guide_names_every_helper_and_its_default() {
        let guide = exec_guide(30_000, false);
        for helper in [
            "text(",
            "image(",
            "audio(",
            "generatedImage(",
            "store(",
            "load(",
            "notify(",
            "setTimeout(",
            "clearTimeout(",
            "as_settled(",
            "stream_settled(",
            "ALL_TOOLS",
            "yield_control(",
            "exit(",
        ] {
            assert!(guide.contains(&format!("`{helper}")), "{helper}");
        }
        assert!(guide.contains("Defaults to 30000 ms."));
        assert!(guide.contains(r#"`// @exec: {"yield_time_ms": 10000, "max_output_tokens": 1000}`"#));
        assert!(guide.contains("no console"));
        assert!(!exec_guide(1, true).contains("no console"));
        assert!(exec_guide(1, true).contains("`console.log`"));
    }

    #[test]
    fn wait_names_its_arguments_and_default() {
        let text = wait_description(1_234);
        for argument in ["`cell_id`", "`yield_time_ms`", "`max_tokens`", "`terminate`"] {
            assert!(text.contains(argument));
        }
        assert!(text.contains("Defaults to 1234 ms."));
        assert!(text.contains("`Script running with cell ID`"));
    }
}
