// Which test holds which rule: writes __test__/README.md from the titles of the tests and the list of rules below.
//
//   node scripts/rule-table.mjs           writes it
//   node scripts/rule-table.mjs --check   fails if it is stale
//
// Either fails if a rule names a test that is not there, so a renamed or deleted test shows. Titles begin with the number
// of the section they hold (`2.3 image: …`), and the list names them by the beginning of what follows.

import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..')
const TESTS = join(ROOT, '__test__')
const OUTPUT = join(TESTS, 'README.md')

// --- the rules ------------------------------------------------------------------------------------------------------

/** A rule that tests hold: the beginnings of their titles. */
function held(rule, ...titles) {
  return { rule, titles }
}

/** A rule that a Rust test holds, as `file: function`. */
function inRust(rule, file, ...functions) {
  return { rule, titles: [], rust: { file, functions } }
}

/** A rule that codecell does not follow, or follows in its own way: why, and the tests of what it does instead. */
function differs(rule, reason, ...titles) {
  return { rule, titles, reason }
}

/** A rule without a test, and why. */
function untested(rule, reason) {
  return { rule, titles: [], reason }
}

const SECTIONS = [
  [
    '1.1',
    'exec: input',
    [
      held('Plain text; a pragma line and the source, or the source alone', 'exec: the grammar is Lark'),
      held('Other input is refused', 'exec: what is neither text'),
      differs(
        'Only a freeform call is taken',
        '`{ source }` is taken too, for models without freeform tools.',
        'exec: the source text and { source }',
        'exec: the input schema',
      ),
      held('Empty text is refused', 'pragma: text that is empty'),
      held(
        'Without the exact mark on line 1 all is code',
        'pragma: text whose first line',
        'pragma: a bad pragma on',
      ),
      held('The first line is trimmed on its left only', 'pragma: the first line is trimmed'),
      held('A pragma needs source below it', 'pragma: without source'),
      held('The directive is trimmed, `\\r` too', 'pragma: a carriage return'),
      held('An empty directive, and JSON that is no object', 'pragma: an empty directive'),
      held('Invalid JSON', 'pragma: invalid JSON'),
      held('The first unknown field is named', 'pragma: the first unknown key'),
      held('Wrong types', 'pragma: a string, a negative number'),
      held('At most 2^53 − 1', 'pragma: more than 2^53'),
      held('`null`, `{}` and 0 are valid', 'pragma: one field alone'),
      held('What the pragma says is done', 'pragma: it makes the cell yield'),
      differs(
        'Lines of stacks do not count the pragma',
        'They do: places are those of the text that the model wrote.',
        'positions: codecell counts',
      ),
      held('Fences and quoting are not stripped', 'exec: a Markdown fence'),
      differs(
        'Source of any size',
        '`limits.sourceBytes`, 1 MiB by default.',
        '4.8 sourceBytes: larger source',
        '4.8 sourceBytes: the default',
      ),
      held('A refused input makes no cell', '4.2 ids: bad source'),
    ],
  ],
  [
    '1.2',
    'exec: defaults',
    [
      held('exec and wait yield after 10 s', 'defaults: exec and wait yield'),
      held('The host can set the default; descriptions tell it', 'defaults: defaultYieldTimeMs'),
      held('Output budget of 10 000 tokens', 'defaults: the output budget'),
      held(
        'A second of grace from 10 s on, then the maximum',
        'grace, then bound: with',
        'grace, then bound: the largest',
      ),
      held('The maximum holds for every yield time', 'bound: maxYieldTimeMs', 'default: maxYieldTimeMs'),
    ],
  ],
  [
    '1.3',
    'wait: input',
    [
      held('A JSON tool with four arguments', 'wait: a tool with JSON input'),
      held('An object, or its JSON text', 'wait: the input is an object'),
      held('Unknown members are tolerated', 'wait: null for an argument'),
      held('Bad JSON and wrong types', 'wait: bad JSON'),
      held('What is no JSON object', 'wait: what is no JSON object'),
      held('terminate ignores the yield time, and waits for the real end', 'wait: terminate: true'),
      held('terminate is false by default', 'wait: terminate: false'),
      held('Tiny yield times are not refused', 'wait: a tiny yield time'),
      untested('No hooks before and after wait', 'codecell has no hooks.'),
    ],
  ],
  [
    '1.4',
    'Shape of answers',
    [
      held('The header: completed', 'header: a completed script'),
      held('The header: running, with the id', 'header: a cell that yielded'),
      held('The header: failed', 'header: a script that threw'),
      held('The header: terminated', 'header: a terminated cell'),
      held('No output is just the header', 'header: no output'),
      held('Wall time is that of this call', 'wall time: that of this call'),
      held('Items follow in order, unmerged', 'items: they follow'),
      held('The error is the last item; output before it is kept', 'error: it is one last text item'),
      held(
        'The error text is the stack, else the string form',
        'error: of an Error',
        'error: of a thrown object',
      ),
      differs(
        'The stack is read as a property of what was thrown',
        'Read without running code of the script: getters could hang or lie.',
        'error: codecell reads what was thrown',
      ),
      held(
        'Kinds of items; no detail where there is none',
        '2.2 text: each call',
        '2.3 image: a string',
        '2.4 audio: a string',
      ),
      untested('Images are resized for the model', 'What a model can take is up to the host.'),
      untested('Answers wait for approvals', 'Approvals are up to the host; a tool may wait for them.'),
      untested('The overhead of a host process in the header', 'There is no host process in this version.'),
    ],
  ],
  [
    '1.5',
    'Unknown, finished and busy cells',
    [
      held('An unknown cell is an answer, no error of the tool', 'an unknown cell'),
      held('A cell is gone after its last answer', 'a cell is gone'),
      held('A second observer is refused', 'a second observer'),
      held('A second termination is refused', 'a second termination'),
      untested('Cells of an earlier host process', 'There is no host process in this version.'),
    ],
  ],
  [
    '1.6',
    'Truncation',
    [
      held('Texts within the budget stay as they are', 'only texts within'),
      held(
        'Texts over it become one, with warning, head, mark and tail',
        'only texts over the budget: one item',
      ),
      held('They are joined with newlines, which count', 'only texts over the budget: they are joined'),
      held('The head gets the smaller half', 'an odd budget'),
      held('Cuts fall between characters', 'cuts: they fall'),
      held('Budget 0', 'a budget of 0'),
      held('Mixed: order is kept, images are free', 'mixed media: items keep'),
      held('Mixed: a text is cut in its middle, later ones are counted', 'mixed media: a text over'),
      held('Mixed: audio costs by its duration', 'mixed media: audio costs', 'mixed media: a longer clip'),
      held(
        'The pragma’s budget is that of one answer; wait has its own',
        'exec: max_output_tokens',
        'wait: it has a budget',
      ),
      held('The header is never cut', 'exec: max_output_tokens'),
      held('The error counts as output', '1.4 error: it counts as output'),
      held('The runtime itself cuts nothing', 'the session itself returns everything'),
    ],
  ],
  [
    '1.7',
    'Modes and exposure',
    [
      held('With or without declarations in the description', 'declareTools: false'),
      held('exec and wait are no tools of a cell', 'exec and wait never stand', '3.1 names: exec and wait'),
      differs(
        'An interrupted turn terminates the cells, if so configured',
        'The host aborts the signal that it gave.',
        'abort: signal terminates',
      ),
      held('Preemption answers at once and stops nothing', 'preempt: yieldSignal'),
      untested(
        'Tool modes by model; fallback without a host binary',
        'Both are decisions of a client. If the addon does not load, the import throws `ENGINE_UNAVAILABLE`.',
      ),
    ],
  ],
  [
    '2.1',
    'Environment',
    [
      held(
        'A new isolate and context for each cell',
        'neither declarations',
        'cells that live at the same time',
      ),
      held(
        'A strict module with top-level await',
        'the script is a module',
        'the script is strict',
        'top-level await',
      ),
      held('Declarations do not become global', 'declarations do not'),
      held('console, Atomics, SharedArrayBuffer, WebAssembly are removed', 'what V8 ships but'),
      held('What else V8 ships stays', 'what V8 ships and is harmless', 'Temporal works'),
      held('What Node and browsers add is absent', 'what V8 itself does not have'),
      held(
        'A list of all that is allowed',
        'the global object has',
        'what a script can reach',
        'nothing that a script can reach',
      ),
      held(
        'Helpers are writable, and may be deleted',
        'helpers are writable',
        'a script may overwrite',
        'a helper is overwritten',
      ),
      held('Date and Intl, with all locales', 'Date works', 'Intl has'),
      differs(
        'Errors of helpers and tools are primitive strings',
        'They are errors with class, message and stack.',
        '2.14 positions: an error of a helper',
        '3.2 failure: what the host throws',
      ),
      held('Microtasks run before timers', 'microtasks run'),
    ],
  ],
  [
    '2.2',
    'text',
    [
      held('Primitives as JavaScript converts them', 'text: a primitive'),
      held('Everything else as compact JSON; toJSON counts', 'text: everything else', 'text: toJSON'),
      held(
        'What JSON has no word for is `undefined`',
        'text: what JSON has no word',
        'text: an object whose toJSON',
      ),
      differs(
        'What toJSON throws becomes a string',
        'It reaches the script as the same object.',
        'text: what toJSON or a getter',
        'text: a circular object',
      ),
      held('Uncaught, it fails the cell', 'text: an uncaught failure'),
      held(
        'No argument; further arguments; the return value',
        'text: without an argument',
        'text: further arguments',
        'text: it returns',
      ),
      held('An empty string is an item', 'text: an empty string'),
      held('Lone surrogates are replaced', 'text: lone surrogates'),
    ],
  ],
  [
    '2.3',
    'image',
    [
      held('A string URL', 'image: a string'),
      held('An object with image_url', 'image: an object may have it', 'image: image_url goes before'),
      held('A raw MCP block, as its JSON', 'image: a raw MCP block'),
      held('MCP data that is a data URL is kept', 'image: data of an MCP block'),
      held('The second argument goes before the embedded detail', 'image: the second argument'),
      held('null and undefined are absent', 'image: a second argument of', 'image: a detail of'),
      held('A detail that is no string', 'image: a second argument that', 'image: a detail in the object'),
      held(
        'A detail of MCP is in _meta, exact words only',
        'image: the detail of an MCP',
        'image: any other word',
        'image: `detail` of',
      ),
      held(
        'Any case; unknown words are refused; high by default',
        'image: the case',
        'image: an unknown detail',
        'image: without a detail',
      ),
      held('Only the scheme is checked: data', 'image: a data URL', 'image: neither size'),
      held('Remote URLs, other schemes', 'image: a remote URL', 'image: a URL without'),
      held('What it expects', 'image: %s is refused'),
      held(
        'MCP blocks of another type, without data',
        'image: an MCP block of',
        'image: an MCP block without',
      ),
      differs(
        'A getter that throws is run twice',
        'Once; its error is the script’s own.',
        'image: a getter that throws',
      ),
      held('It returns undefined', 'image: it returns'),
    ],
  ],
  [
    '2.4',
    'audio',
    [
      held(
        'Three shapes, as for images',
        'audio: a string',
        'audio: an object may',
        'audio: a raw MCP',
        'audio: data of an MCP',
      ),
      held('No detail', 'audio: there is no detail'),
      held('Only data URLs', 'audio: any URL but'),
      held(
        'What it expects; blocks of another type, without data',
        'audio: %s is refused',
        'audio: an MCP block',
      ),
      held(
        'WAV clips under 25 ms are left out with a text',
        'audio: a %s WAV clip shorter',
        'audio: a %s WAV clip of',
      ),
      held('Data that cannot be read passes', 'audio: data %s passes'),
    ],
  ],
  [
    '2.5',
    'generatedImage',
    [
      held('Needs an object', 'generatedImage: what is no object'),
      held('The hint: a text after the image, none, or refused', 'generatedImage: a hint'),
      held('The hint is read first', 'generatedImage: the hint is read'),
      held(
        'The image is checked as by image, without second argument',
        'generatedImage: the image',
        'generatedImage: a second',
      ),
    ],
  ],
  [
    '2.6',
    'store, load',
    [
      held('Keys are converted to strings, or refused', 'store: a key', 'load: a key', 'store, load: a key'),
      held('Values as JSON', 'store: a value is kept'),
      held(
        'undefined, functions and symbols are refused; the old value stays',
        'store: what JSON has',
        'store: without a value',
        'store: the key is shown',
      ),
      differs(
        'Keys with which serde marks values are refused',
        'No value is parsed in Rust, so no key is special.',
        'store: no key within',
      ),
      differs('At most 127 levels', 'No such limit, for the same reason.', 'store: nesting'),
      held('Visible at once in the cell, later in others', 'store: a value is visible', 'store: later cells'),
      held('load gives a fresh copy; undefined if missing', 'load: each time', 'load: what was not'),
      held('No delete, no list', 'store: there is no way'),
      differs('No limit', '`limits.storedBytes`.', 'store: values over', 'store: keys count'),
      held('store returns undefined', 'store: it returns'),
    ],
  ],
  [
    '2.7',
    'notify',
    [
      held('The value becomes a text as in text', 'notify: a value'),
      held('Blank text is refused', 'notify: blank text'),
      held('The host hears it at once, with the id of the call', 'notify: the host hears it'),
      held('Nobody listens: the script never learns', 'notify: without onNotify'),
      differs(
        'A failing listener is only logged',
        'Told on a diagnostics channel.',
        'notify: an onNotify that',
        'notify: after a failing',
      ),
      differs(
        'Not ordered against tool calls',
        'Ordered: one queue for both.',
        'notify: the host hears notifications in order',
      ),
      held(
        'The natural end waits for them; termination does not',
        'notify: the natural end',
        '3.6 completion: it waits for notifications',
      ),
    ],
  ],
  [
    '2.8',
    'yield_control',
    [
      held('Returns undefined at once', 'yield_control: it returns'),
      held(
        'Answers the observer with what was emitted',
        'yield_control: it answers',
        'yield_control: whoever',
        'yield_control: a wait',
        'yield_control: each wait',
      ),
      held(
        'Without an observer it is not remembered',
        'yield_control: while nobody',
        'yield_control: without an observer',
      ),
      held(
        'It does not end a pending observation',
        'yield_control: it never ends',
        '4.5 yield_control does not',
      ),
    ],
  ],
  [
    '2.9',
    'exit',
    [
      held('Cannot be caught; success with what was before', 'exit: the cell completes', 'exit: %s'),
      held('Loops, catch, finally, disposal, microtasks', 'exit: %s'),
      held('In promises, timers, and code that helpers call', 'exit: %s'),
      held('No effect after it, of no helper', 'exit: %s', '2.8 yield_control: after exit'),
      differs(
        'In a stack getter of what was thrown',
        'Such getters are not run.',
        'exit: code of a thrown value',
      ),
    ],
  ],
  [
    '2.10',
    'setTimeout, clearTimeout',
    [
      held('A function, and nothing else', 'setTimeout: a first argument', 'setTimeout: a string'),
      held('Delays: conversion, odd ones are 0', 'setTimeout: a delay'),
      held('No arguments, no `this`, ids from 1', 'setTimeout: the callback gets', 'setTimeout: it returns'),
      held('A throwing callback fails the cell', 'setTimeout: a throwing callback'),
      held('Timeouts do not keep the cell alive', 'setTimeout: pending timeouts'),
      held(
        'They expire while frozen, and run on resume',
        'setTimeout: in pending mode',
        '4.5 frozen: a timeout',
      ),
      held('clearTimeout: odd and unknown ids, conversion', 'clearTimeout: an absent', 'clearTimeout: an id'),
      held('No setInterval, no setImmediate', 'setTimeout: there is no'),
      inRust(
        'A cleared one leaves nothing behind',
        'src/engine/timers.rs',
        'a_cleared_timeout_does_not_fire_and_leaves_nothing_behind',
      ),
    ],
  ],
  [
    '2.11',
    'tools, ALL_TOOLS',
    [
      held('One function per tool', 'tools: an object', 'tools: each function'),
      held('A missing one is an ordinary TypeError', 'tools: a tool that does not exist'),
      held('An ordinary, extensible object', 'tools: it is an ordinary'),
      held('ALL_TOOLS: name and description, sorted', 'ALL_TOOLS: an array', 'ALL_TOOLS: a description'),
      held('Deferred tools are in it; plain objects', 'ALL_TOOLS: deferred', 'ALL_TOOLS: plain'),
      differs(
        'Overwriting ALL_TOOLS frees its text',
        'It is made when a script first looks at it, and belongs to the script.',
        'ALL_TOOLS: plain',
      ),
    ],
  ],
  [
    '2.12',
    'as_settled, stream_settled',
    [
      held('Iterated once, at once', 'as_settled: the input is iterated'),
      held(
        'In order of settlement, queued while the consumer is busy',
        'as_settled: results come',
        'as_settled: what settles',
      ),
      held('Index, or key of a Map', 'as_settled: any iterable', 'as_settled: the index of a Map'),
      held(
        'No promises, thenables, duplicates, rejections',
        'as_settled: inputs that',
        'as_settled: thenables',
        'as_settled: an input that comes',
        'as_settled: a rejected',
      ),
      held('break drops the queue', 'as_settled: a break', 'as_settled: after a break'),
      held('An iterable that throws', 'as_settled: an iterable that throws'),
      held(
        'stream_settled: one after the other; what throws rejects',
        'stream_settled: the callback',
        'stream_settled: it waits',
        'stream_settled: what the callback',
      ),
      held('stream_settled: a callback is required', 'stream_settled: a callback that'),
    ],
  ],
  [
    '2.13',
    'Imports',
    [
      differs(
        'No module can be imported',
        'Two can: `tools.js` and `@openai/code_mode`, which models know; everything else is refused.',
        'imports: a static import',
        'imports: every form',
        'tools.js:',
        '@openai/code_mode:',
      ),
      held('A refused static import fails the cell', 'imports: a static import', 'imports: a refused static'),
      held('A refused import() rejects', 'imports: import() is refused', 'imports: an uncaught'),
      held('import.meta is empty', 'import.meta: exists'),
    ],
  ],
  [
    '2.14',
    'Uncaught errors',
    [
      held('Syntax errors fail the cell without output', 'syntax: a script', 'syntax: nothing'),
      held(
        'Rejections and throws fail the cell with their text',
        'errors: a thrown Error',
        'errors: a thrown non-error',
      ),
      held('What was emitted before is kept', 'errors: what was emitted'),
      differs(
        'Other unhandled rejections are ignored',
        'They do not fail the cell, and are told on its result.',
        'unhandledRejections: what nobody',
        'unhandledRejections: absent',
      ),
      untested(
        'An answer to a call that was never made',
        'Cannot happen: calls are told by a number that only the engine gives.',
      ),
    ],
  ],
  [
    '3.1',
    'Names of tools',
    [
      held('What an identifier cannot hold becomes `_`', 'identifier: ASCII', 'names: what an identifier'),
      differs(
        'Namespaces become prefixes',
        'They only group tools; a host that wants a prefix writes it into the name.',
        'names: tools are under',
      ),
      differs('Of names that collide the first wins', '`TOOL_NAME_COLLISION`.', 'names: two names'),
      differs(
        'The runtime gets no schemas',
        'Only text goes to a cell; schemas do not.',
        '3.2 input: schemas are',
      ),
      held('Fixed when exec is called', 'tools: it is frozen', 'tools: those given to exec are'),
      untested('Which specifications become nested tools', 'The host gives tools, of two kinds.'),
    ],
  ],
  [
    '3.2',
    'The call',
    [
      held(
        'No argument is absent; further ones are ignored',
        'input: a function tool gets',
        'input: further',
      ),
      held('What cannot be serialised throws at once', 'input: what cannot be'),
      held('A promise; ids in call order', 'call: it returns', 'call: ids count'),
      held('Made at once, awaited or not', 'call: it is made at once'),
      held('What the host hears of it', 'call: the name', '3.6 signal: each call', '4.2 ids: decimal'),
      held('function: an object, or rejected', 'input: a function tool rejects'),
      held('freeform: a string, or rejected', 'input: a freeform'),
      held('Results are fresh objects', 'result: JSON', 'result: each'),
      differs(
        'Failures are strings',
        'Errors named ToolError.',
        'failure: what the host',
        'failure: anything that',
      ),
      differs(
        'A result that is no JSON fails the cell',
        'It rejects that call only.',
        'failure: a result that',
        'failure: a circular',
      ),
      untested(
        'A delegate that panics',
        'Tools are JavaScript: what they throw is a failure like any other.',
      ),
    ],
  ],
  [
    '3.3',
    'What results look like',
    [
      held('A JSON result, or text', 'result: a value is', '3.2 result: JSON'),
      differs(
        'MCP results lose _meta',
        'Results are passed on as they are; isError resolves.',
        'result: one with',
      ),
      untested('Results of exec_command, apply_patch and others', 'codecell brings no tools.'),
    ],
  ],
  [
    '3.4',
    'Concurrency',
    [
      held(
        'Calls are in flight at once, and settle in any order',
        'concurrency: any number',
        '3.2 result: calls may',
      ),
      held('1024 in flight', 'limits.pendingToolCalls:'),
    ],
  ],
  [
    '3.5',
    'Dispatch',
    [
      differs(
        'Calls wait until the client knows the cell',
        'No gate: `call.cellId` is there from the first call on, which is made in the context of its exec.',
        '3.2 call: the host function runs in',
        '3.2 call: that context holds',
      ),
      differs(
        'Calls of a yielded cell wait for the next turn',
        'They are made at once, whoever waits.',
        '4.4 output: a cell goes on',
      ),
      held('A cancelled tool is awaited to its end', '4.6 terminate: it resolves only after'),
    ],
  ],
  [
    '3.6',
    'Calls at the end of a cell',
    [
      held(
        'Natural end: notifications, then tools are aborted and awaited',
        'completion: it waits',
        'completion: calls that',
        'signal: the end',
      ),
      inRust(
        'The same, in every order',
        'src/cell/phase_tests.rs',
        'completion_waits_for_notifications_then_aborts_tools_and_waits_for_them',
      ),
      held('Their results are lost', 'results after'),
      held('Termination aborts all at once', 'signal: terminate', 'signal: closing'),
      differs(
        'No limit on their clean-up',
        '`limits.toolGraceMs`.',
        'completion: a call that nobody',
        'signal: a tool that never',
      ),
      untested(
        'A session without a delegate',
        'Without tools there is nothing to call; without onNotify see 2.7.',
      ),
    ],
  ],
  [
    '4.1',
    'The session',
    [
      held(
        'exec, wait, terminate, close',
        'exec never rejects',
        'results: a completed',
        'a session without options',
      ),
      differs(
        'exec answers twice: admission, then observation',
        'One promise. `activeCells`, and each call of a tool, tell the id before it settles.',
        '4.2 activeCells: the ids',
      ),
      held('A missing cell is told apart from errors', '4.2 wait and terminate'),
      held(
        'Tools and signals may be given per exec',
        'tools: those of an exec',
        'callId:',
        'exec signal: already',
      ),
      held('Preemption', 'yieldSignal of exec', 'yieldSignal of wait'),
      differs(
        'cell_closed is called once',
        'Not offered: the last result says so.',
        '4.6 the cell is out of activeCells',
      ),
      differs('max_heap_size_bytes has no effect', '`limits.heapBytes` has.', '4.8 heapBytes: a script'),
      held('maxYieldTimeMs', '4.3 yield: maxYieldTimeMs'),
    ],
  ],
  [
    '4.2',
    'Ids and errors',
    [
      held('Decimal, from 1, never used again', 'ids: decimal'),
      held('A failed admission gives no id a second time', 'ids: bad source'),
      untested('Ids are used up', 'After 2^64 cells.'),
      held(
        'Closing, missing, busy, terminating',
        '4.6 close: afterwards',
        '4.4 observation: a second',
        '4.6 terminate: a second',
      ),
    ],
  ],
  [
    '4.3',
    'The actor',
    [
      held(
        'Neither yield nor termination is starved',
        'priority: a script that floods its',
        'priority: a script that floods tool',
      ),
      held('When the yield time begins', 'the yield time counts'),
      held('Yield time 0', 'yield time 0: a cell', 'yield time 0: it yields'),
    ],
  ],
  [
    '4.4',
    'Observation',
    [
      held('At most one observer', 'observation: a second', 'observation: exec', 'observation: of many'),
      held('An abandoned observation loses nothing', 'an aborted wait'),
      held('Only what is new', 'output: none is lost', 'output: that of cells'),
      held('A completion waits to be claimed', 'completion: one that nobody', 'yield time 0 on wait'),
      held('Delivered exactly once', 'completion: it is delivered', 'completion: of two'),
      inRust(
        'A yield that could not be delivered',
        'src/cell/phase_tests.rs',
        'output_that_could_not_be_delivered_comes_before_newer_output',
        'a_completion_that_could_not_be_delivered_waits_for_the_next_observer',
      ),
      untested('A first yield held before a completion', 'exec always observes from the start.'),
    ],
  ],
  [
    '4.5',
    'Pending mode',
    [
      held('Invisible to others', 'mixing: a frontier that nobody'),
      held('Output and the calls made since the last', 'pending: it answers', 'ids: only those'),
      held('Frozen until the next observation', 'frozen:'),
      held('Mixed with timed observation', 'mixing:'),
      held('A cell that is not frozen is nudged', 'mixing: waitToPending', 'waitToPending: without'),
      held('A script that does not wait completes', 'pending: a script that ends'),
      held('A promise that never settles', 'pending: a promise'),
      held('Calls of timers appear once those have run', 'ids: a call that a timeout'),
    ],
  ],
  [
    '4.6',
    'Completion, termination, shutdown',
    [
      inRust(
        'Phases; every race is decided there',
        'src/cell/phase_tests.rs',
        'every_order_of_the_main_inputs_up_to_length_six_keeps_the_rules',
        'every_order_of_all_inputs_up_to_length_four_keeps_the_rules',
      ),
      inRust(
        'The same, with real engines',
        'tests/races.rs',
        'random_races_lose_nothing_and_settle_everything',
      ),
      held('Termination of a running cell', 'terminate: the result is', 'terminate: every tool call'),
      held('Of one that is terminating', 'terminate: a second'),
      held('Of one that has completed: its completion', 'terminate: a completion that nobody'),
      held('It wins before the commit', 'terminate: it wins over', '4.7 commit: not on'),
      held(
        'JavaScript has stopped and callbacks have ended before it answers',
        'terminate: it resolves only',
        'terminate: no catch',
      ),
      held('Observer and terminator get the same', 'terminate: whoever watches', 'terminate: the exec'),
      held('The cell is unregistered when its end is told', 'the cell is out of'),
      differs(
        'No limit on callbacks',
        '`limits.toolGraceMs`.',
        'terminate: a tool that never',
        'terminate: with toolGraceMs',
      ),
      inRust(
        'A lost thread is an error',
        'src/cell/phase_tests.rs',
        'a_lost_engine_ends_the_cell_and_merges_nothing',
      ),
      held('Loops yield and are stopped', 'terminate: it stops a loop'),
      held('close: idempotent, refuses, terminates, waits', 'close:'),
      differs(
        'Dropping the session ends its cells',
        'A program or worker that does not close it ends all the same.',
        'a program that never closes',
        'a worker that does not close',
      ),
    ],
  ],
  [
    '4.7',
    'Stored values',
    [
      held('A snapshot at the start', 'snapshot:'),
      held('Written keys are merged; the last wins', 'merge:'),
      held('Committed on completion, exit and failure', 'commit: on completion'),
      held('Not on termination and shutdown', 'commit: not on'),
      held('Isolated by session', 'sessions:'),
      differs(
        'Lost with the host',
        '`storedValues()` and the option of that name keep them.',
        'round trip: a new session',
      ),
      untested('A mode without store and load', 'An experiment that was given up.'),
    ],
  ],
  [
    '4.8',
    'Limits and memory',
    [
      differs(
        'No heap limit; out of memory ends the process',
        'The cell fails with `MEMORY_LIMIT`.',
        'heapBytes:',
        'arrayBufferBytes:',
      ),
      differs(
        'No limits on output, calls, timers, stores, cells',
        'Each has one.',
        'outputBytes:',
        'timers:',
        'storedBytes:',
        'pendingToolCalls:',
        'messageBytes:',
        'activeCells:',
      ),
      differs('No limits on time', 'Optional ones.', 'cpuMs:', 'wallMs:'),
      held('Deep recursion', 'deep recursion'),
      untested('JIT modes and V8 flags', 'One set of flags for all; see `src/engine/platform.rs`.'),
      held('Nothing of a cell is left', '2 000 cells'),
      differs(
        'What V8 does not survive ends the process',
        'It costs an engine, which is told and counted.',
        'engines:',
      ),
      differs('ArrayBuffer is that of V8', 'A proxy of it, which counts resizable buffers.', 'ArrayBuffer:'),
    ],
  ],
  [
    '5.1',
    'Declaration of a tool',
    [
      held(
        'args for functions, input for freeform',
        'declaration: a function tool',
        '5.5 declaration: a freeform',
      ),
      held('Missing schemas are unknown', 'declaration: a function tool'),
      held('Under its identifier', 'declaration: the name'),
      held('Described properties span lines', 'declaration: an object'),
      held('Description, blank line, declaration in a fence', '5.2 tool reference: a heading'),
      held(
        'The same text in ALL_TOOLS and in the description of exec',
        '5.2 ALL_TOOLS: name',
        '2.11 ALL_TOOLS: a description',
      ),
      held('In ALL_TOOLS the namespace goes first', '5.2 namespaces: in ALL_TOOLS'),
    ],
  ],
  [
    '5.2',
    'Descriptions of exec and wait',
    [
      held('Sections in order', 'order:'),
      held('The template names what there is', 'exec: the template'),
      held('The hint at deferred tools', 'deferred tools:'),
      held('MCP types once', 'MCP types:'),
      held('Reference: sorted, grouped, with given names', 'tool reference:', 'namespaces: each'),
      held('The default yield time is the configured one', '1.2 defaults: defaultYieldTimeMs'),
      held('wait', 'wait: its description'),
      untested('Templates of the host, ranked search', 'Not offered: a host can write its own description.'),
    ],
  ],
  [
    '5.3',
    'MCP tools',
    [
      held('Told by the shape of the output schema', 'MCP: it is told'),
      held('CallToolResult of structuredContent, or plain', 'MCP: without', '5.5 declaration: an MCP tool'),
      held('References resolve against structuredContent', '5.5 MCP: references'),
    ],
  ],
  [
    '5.4',
    'JSON schema to TypeScript',
    [
      held('true, false, anything else', 'true is unknown'),
      held('Precedence; empty lists fall through', 'precedence:', 'an empty enum'),
      held('Literals, unions, intersections', 'const and enum', 'anyOf and oneOf', 'allOf is'),
      held('Types and lists of types', 'types:', 'a list of types'),
      held('Arrays and tuples', 'arrays:'),
      held('Objects: sorted, optional, quoted, additional properties', 'objects:'),
      held('Described properties', '5.5 a described property'),
      held('$ref: local only; with siblings', '$ref: one that', '5.5 $ref: a local', '5.5 $ref with'),
      held('$id starts another resource', '5.5 a nested $id'),
      held('Budgets', 'budget:', '5.5 budget: 34', '5.5 a recursive type'),
    ],
  ],
  ['5.5', 'Examples of 5.4', [held('Every row of the table', '')]],
  [
    '5.6',
    'Which tools are shown where',
    [
      untested('Excluded and direct-only namespaces, MCP exposure', 'The host decides which tools it gives.'),
      held(
        'Deferred tools can be called and are in ALL_TOOLS',
        '2.11 ALL_TOOLS: deferred',
        '5.2 deferred tools:',
      ),
    ],
  ],
]

// --- reading --------------------------------------------------------------------------------------------------------

/** Every test: its section, if its title has one, the title, and the file. */
function readTests() {
  const files = readdirSync(TESTS).filter((name) => name.endsWith('.test.js'))
  return files
    .sort()
    .flatMap((file) => titlesOf(readFileSync(join(TESTS, file), 'utf8')).map((title) => ({ file, title })))
}

const PLAIN_TITLE = /\btest\(\s*(['"`])((?:\\.|(?!\1)[^\\\n])*)\1/g
const NUMBERED_TITLE = /(?<!describe\(\s*)(['"`])(\d\.\d+ (?:\\.|(?!\1)[^\\\n])*)\1/g

/** Titles stand right after `test(`; those of tables of cases stand anywhere, and are known by their number. */
function titlesOf(source) {
  const found = [PLAIN_TITLE, NUMBERED_TITLE].flatMap((pattern) => [...source.matchAll(pattern)])
  return [...new Set(found.map((match) => match[2].replaceAll(/\\(['"`])/g, '$1')))]
}

// --- matching -------------------------------------------------------------------------------------------------------

const faults = []

/** The tests whose title begins so, within the section or, with a number or without any, as it stands. */
function testsOf(tests, section, { rule, titles }) {
  return titles.flatMap((beginning) => {
    const matching = tests.filter(
      ({ title }) =>
        title.startsWith(`${section} ${beginning}`) || (beginning !== '' && title.startsWith(beginning)),
    )
    if (matching.length === 0)
      faults.push(`${section} ${rule}: no test has a title that begins with "${beginning}"`)
    return matching
  })
}

function checkRustTests(section, { rule, rust }) {
  if (rust === undefined) return
  const source = readFileSync(join(ROOT, rust.file), 'utf8')
  for (const name of rust.functions) {
    if (!source.includes(`fn ${name}(`)) faults.push(`${section} ${rule}: ${rust.file} has no ${name}`)
  }
}

// --- writing --------------------------------------------------------------------------------------------------------

const HEAD = `# Tests

\`npm test\` runs them all; CONTRIBUTING.md says what they may assert. Each file runs in child processes and in worker
threads.

codecell follows the code mode of OpenAI's Codex. The tables below list how that behaves, in our own words, and name the
tests that hold codecell to it. Where codecell goes another way, they say why. The titles of tests begin with the number
of the section. Titles with \`c.1\` are about [scripts that kill their host](../THREAT_MODEL.md), those with \`c.2\` about
[isolation from it](../THREAT_MODEL.md); those without a number, about
what only codecell has: signals, programs and workers, examples.

\`scripts/rule-table.mjs\` writes this file. Do not edit it.
`

function render(tests) {
  return [HEAD, ...SECTIONS.map((section) => renderSection(tests, section))].join('\n')
}

function renderSection(tests, [section, name, rules]) {
  const rows = rules.map((rule) => renderRule(tests, section, rule))
  return `## ${section} ${name}\n\n| rule | held by |\n|---|---|\n${rows.join('\n')}\n${renderTitles(tests, section)}`
}

function renderRule(tests, section, rule) {
  checkRustTests(section, rule)
  const holding = testsOf(tests, section, rule)
  const parts = [
    ...(rule.reason === undefined
      ? []
      : [rule.titles.length > 0 ? `Differs: ${rule.reason}` : `No test: ${rule.reason}`]),
    ...filesOf(holding).map((file) => `\`${file}\`: ${quoted(rule, section, file, holding)}`),
    ...(rule.rust === undefined
      ? []
      : [`\`${rule.rust.file}\`: ${rule.rust.functions.map(code).join(', ')}`]),
  ]
  return `| ${cell(rule.rule)} | ${parts.map(cell).join('<br>')} |`
}

/** The beginnings that stand for tests of this file. */
function quoted({ titles }, section, file, holding) {
  const own = holding.filter((test) => test.file === file)
  const beginnings = titles.filter((beginning) =>
    own.some(({ title }) => title.startsWith(`${section} ${beginning}`) || title.startsWith(beginning)),
  )
  return beginnings
    .map((beginning) => (beginning === '' ? 'all' : `“${beginning.replaceAll('`', '')} …”`))
    .join(', ')
}

function code(text) {
  return `\`${text}\``
}

function cell(text) {
  return text.replaceAll('|', '\\|')
}

function filesOf(tests) {
  return [...new Set(tests.map(({ file }) => file))].sort()
}

/** All titles of the section, by file. */
function renderTitles(tests, section) {
  const own = tests.filter(({ title }) => title.startsWith(`${section} `))
  if (own.length === 0) return ''
  const lists = filesOf(own).map((file) => {
    const titles = own.filter((test) => test.file === file).map(({ title }) => `- ${shown(title, section)}`)
    return `\`${file}\`\n\n${titles.join('\n')}\n`
  })
  return `\n<details><summary>${own.length} titles</summary>\n\n${lists.join('\n')}\n</details>\n`
}

/** Without the number; what differs from case to case is an ellipsis. */
function shown(title, section) {
  const text = title.slice(section.length + 1).replaceAll(/%[sjo]|\$\{[^}]*\}/g, '…')
  // Markdown leaves what stands in backticks alone, and escapes in there would show.
  return text
    .split(/(`[^`]*`)/)
    .map((part, index) => (index % 2 === 1 ? part : part.replaceAll(/[<_*[\]]/g, '\\$&')))
    .join('')
}

/** As `npm run format` would leave it, which aligns tables. */
function formatted(markdown) {
  const biome = join(ROOT, 'node_modules', '@biomejs', 'biome', 'bin', 'biome')
  const args = [biome, 'format', '--stdin-file-path=__test__/README.md']
  return execFileSync(process.execPath, args, { cwd: ROOT, input: markdown, encoding: 'utf8' })
}

// -------------------------------------------------------------------------------------------------------------------

const text = formatted(render(readTests()))
const check = process.argv.includes('--check')
if (check && (!existsSync(OUTPUT) || readFileSync(OUTPUT, 'utf8') !== text))
  faults.push('__test__/README.md is stale: node scripts/rule-table.mjs')
for (const fault of faults) console.error(`rule-table: ${fault}`)
if (faults.length > 0) process.exitCode = 1
else if (!check) writeFileSync(OUTPUT, text)
