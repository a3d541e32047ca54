//! What a model is told when it reaches for something that a cell does not have.

/// Globals of other runtimes that models expect, and what stands here instead.
const ABSENT: &[(&str, &str)] = &[
    ("console", "Print with text(value)."),
    ("print", "Print with text(value)."),
    ("process", "This is no Node program; what the host offers is on tools."),
    ("require", "Modules can't be loaded; what the host offers is on tools."),
    ("module", "The script is an ES module; print its result with text(value)."),
    ("exports", "The script is an ES module; print its result with text(value)."),
    ("fetch", "There is no network; what the host offers is on tools."),
    ("XMLHttpRequest", "There is no network; what the host offers is on tools."),
    ("WebSocket", "There is no network; what the host offers is on tools."),
    ("fs", "There are no files; what the host offers is on tools."),
    ("Deno", "There is no Deno; what the host offers is on tools."),
    ("Bun", "There is no Bun; what the host offers is on tools."),
    ("Buffer", "Use Uint8Array, or strings."),
    ("window", "There is no browser; globalThis is the global object."),
    ("document", "There is no browser."),
    ("localStorage", "Keep values with store(key, value) and load(key)."),
    ("sessionStorage", "Keep values with store(key, value) and load(key)."),
    ("setInterval", "Use setTimeout again in its callback."),
    ("clearInterval", "Use setTimeout and clearTimeout."),
    ("setImmediate", "Use setTimeout(callback, 0)."),
    ("queueMicrotask", "Use Promise.resolve().then(callback)."),
    ("structuredClone", "Use JSON.parse(JSON.stringify(value))."),
    ("performance", "Use Date.now()."),
    ("URL", "Take URLs apart as strings, or with a tool."),
    ("URLSearchParams", "Build query strings with encodeURIComponent."),
    ("TextEncoder", "Use encodeURIComponent, or charCodeAt."),
    ("TextDecoder", "Use decodeURIComponent, or String.fromCharCode."),
    ("atob", "Use Uint8Array.fromBase64(text)."),
    ("btoa", "Use bytes.toBase64() of a Uint8Array."),
    ("crypto", "Use Math.random() where it need not be secret."),
    ("AbortController", "Tool calls can't be aborted one by one; exit() ends the script with all of them."),
    ("WebAssembly", "It is switched off."),
    ("SharedArrayBuffer", "It is switched off; use ArrayBuffer."),
    ("Atomics", "It is switched off."),
    ("Worker", "There are no threads; tools run in parallel with Promise.all."),
];

/// A hint for an error, if its message names a global that other runtimes have.
pub(super) fn for_error(name: &str, message: &str) -> Option<&'static str> {
    if name != "ReferenceError" {
        return None;
    }
    let global = message.strip_suffix(" is not defined")?;
    ABSENT.iter().find(|(absent, _)| *absent == global).map(|(_, hint)| *hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_unknown_globals_get_a_hint() {
        assert_eq!(for_error("ReferenceError", "console is not defined"), Some("Print with text(value)."));
        assert_eq!(for_error("ReferenceError", "mine is not defined"), None);
        assert_eq!(for_error("Error", "console is not defined"), None);
    }
}
